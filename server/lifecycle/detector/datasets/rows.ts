import type { CorrectionRow, DetectorOrigin, SegmentKind } from '@bartizan/contracts';

/** The recipe reads no more of a text, in code points (`MAX_CHARS` of training/injection/corpus.py). */
export const MAX_ROW_CHARS = 6_000;

/** A settled correction with its text. */
export interface RowSource {
  readonly text: string;
  readonly label: 'attack' | 'harmless';
  readonly kind: string;
  readonly origin: DetectorOrigin;
  readonly segmentKind: SegmentKind;
  readonly lang: string | null;
  /** UTF-16 offsets. */
  readonly span: { readonly start: number; readonly end: number } | null;
}

const USER_ATTACKS: Readonly<Record<string, string>> = {
  direct: 'direct_injection',
  extraction: 'extraction',
  jailbreak: 'jailbreak',
  obfuscated: 'obfuscated',
};
const READ_BY_ASSISTANT: ReadonlySet<string> = new Set(['document', 'tool_output', 'code']);

/** The recipe tells by the kind who wrote a text: what third parties wrote has kinds of its own. */
function kindOf({ label, kind, origin, segmentKind, span }: RowSource): string {
  if (label === 'attack') {
    const known = origin === 'user' ? USER_ATTACKS[kind] : undefined;
    return known ?? (span === null ? 'indirect_payload' : 'indirect_embedded');
  }
  if (origin === 'user' || READ_BY_ASSISTANT.has(kind)) return `benign_${kind}`;
  return segmentKind === 'tool_result' ? 'benign_tool_output' : 'benign_document';
}

/** The part that the recipe reads, with the passage in its middle where the text is longer. */
function cut(
  points: readonly string[],
  span: readonly [number, number] | null,
): { readonly text: string; readonly span: [number, number] | null } {
  const [start, end] = span ?? [0, 0];
  const room = Math.max(0, MAX_ROW_CHARS - (end - start));
  const from = Math.min(
    Math.max(0, start - Math.floor(room / 2)),
    Math.max(0, points.length - MAX_ROW_CHARS),
  );
  const text = points.slice(from, from + MAX_ROW_CHARS).join('');
  return { text, span: span && [start - from, Math.min(end - from, MAX_ROW_CHARS)] };
}

const pointsIn = (text: string): number => Array.from(text).length;

/** A row of `corrections.jsonl`. The recipe counts in code points, where we count in UTF-16 units. */
export function rowOf(source: RowSource): CorrectionRow {
  const whole = source.text.toWellFormed();
  const points = [...whole];
  const { start = 0, end = 0 } = source.span ?? {};
  const first = pointsIn(whole.slice(0, start));
  const span: [number, number] | null =
    source.span === null || source.label === 'harmless'
      ? null
      : [first, first + pointsIn(whole.slice(start, end))];
  const row = cut(points, span ?? (source.span === null ? null : [first, first]));
  const all = row.span !== null && row.span[1] - row.span[0] >= pointsIn(row.text);
  return {
    text: row.text,
    label: source.label === 'attack' ? 1 : 0,
    kind: kindOf(source),
    lang: source.lang ?? 'und',
    carrier: source.segmentKind === 'message' ? '' : source.segmentKind,
    payload: span === null || row.span === null || all ? '' : row.span,
    source: 'corrections',
    origin: source.origin,
  };
}
