import type {
  GuardFinding,
  InteractionDetail,
  InteractionRecord,
  RecordedSegment,
} from '@bartizan/contracts';

/** A record without what is sealed apart. */
export type RecordBody = Omit<InteractionRecord, 'rawRequest' | 'rawResponse'>;
export interface RawContent {
  readonly request: string | null;
  readonly response: string | null;
}
/** The excerpt as lists show it: with findings masked, and as kept. */
export interface Excerpt {
  readonly masked: string;
  readonly full: string;
}

const EXCERPT_CHARS = 200;
/** Stands for one masked UTF-16 unit, as in gateways' records: offsets of findings keep pointing at their span. */
const MASK = '█';

/** The text with the given spans hidden; its length stays the same. */
function mask(text: string, spans: readonly Pick<GuardFinding, 'start' | 'end'>[]): string {
  let out = '';
  let from = 0;
  for (const { start, end } of spans.toSorted((a, b) => a.start - b.start)) {
    const begin = Math.min(Math.max(start, from), text.length);
    const stop = Math.min(Math.max(end, begin), text.length);
    out += text.slice(from, begin) + MASK.repeat(stop - begin);
    from = stop;
  }
  return out + text.slice(from);
}

/** Segments for those who did not say why they read content: every span that a guard found is hidden, whatever is kept. */
export function maskedSegments(record: Pick<RecordBody, 'segments' | 'findings'>): RecordedSegment[] {
  if (record.findings.length === 0) return record.segments;
  return record.segments.map((segment) => {
    if (segment.text === null) return segment;
    const spans = record.findings.filter(
      (finding) => finding.segment === segment.index && finding.direction === segment.direction,
    );
    return spans.length === 0 ? segment : { ...segment, text: mask(segment.text, spans) };
  });
}

/** First words of what the user last wrote, else of the last thing that went in. */
function firstWords(segments: readonly RecordedSegment[]): string {
  const said = segments.filter(({ direction, text }) => direction === 'input' && (text ?? '') !== '');
  const last = said.findLast(({ author, kind }) => author === 'user' && kind === 'message') ?? said.at(-1);
  return (last?.text ?? '').slice(0, EXCERPT_CHARS).toWellFormed().replaceAll(/\s+/g, ' ').trim();
}

/** Null where no text is kept. */
export function excerptOf(record: RecordBody): Excerpt | null {
  const full = firstWords(record.segments);
  if (full === '') return null;
  const segments = maskedSegments(record);
  return { full, masked: segments === record.segments ? full : firstWords(segments) };
}

/** The texts that a record keeps. */
export function keptTexts(segments: readonly RecordedSegment[]): string[] {
  return segments.flatMap(({ text }) => (text === null ? [] : [text]));
}

export function toDetail(body: RecordBody, hasRaw: boolean, unmasked: boolean): InteractionDetail {
  return { ...body, hasRaw, segments: unmasked ? body.segments : maskedSegments(body) };
}

/** Checks that found something, each once. */
export function checksOf(record: Pick<RecordBody, 'findings'>): string[] {
  return [...new Set(record.findings.map(({ check }) => check))].sort();
}

/** Input and output tokens together; null where the upstream reported none. */
export function tokensOf({ usage }: Pick<RecordBody, 'usage'>): number | null {
  if (usage === null) return null;
  return Math.min(Math.max(usage.inputTokens + usage.outputTokens, 0), Number.MAX_SAFE_INTEGER);
}
