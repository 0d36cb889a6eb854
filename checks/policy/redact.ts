import type { Segment } from '../text/types.ts';
import { kindLabel } from './inspect.ts';
import type { PolicyFinding } from './types.ts';
import type { Vault } from './vault.ts';

/** Text to put in place of `[start, end)`. */
interface Cut {
  readonly start: number;
  readonly end: number;
  readonly finding: PolicyFinding;
}

/** True for findings whose span must not stay in the text. */
export function redacts(finding: PolicyFinding): boolean {
  return finding.action === 'redact' && finding.enforced;
}

function longerFirst(a: PolicyFinding, b: PolicyFinding): number {
  return b.end - b.start - (a.end - a.start) || a.start - b.start || (a.rule < b.rule ? -1 : 1);
}

/**
 * Overlapping spans become one, which covers them all and is named after the longest of them (then the
 * earliest, then by rule id). Empty spans are left out. Ordered by start.
 */
function merged(findings: readonly PolicyFinding[]): Cut[] {
  const ordered = findings
    .filter((finding) => finding.end > finding.start)
    .sort((a, b) => a.start - b.start || longerFirst(a, b));
  const cuts: Cut[] = [];
  for (const finding of ordered) {
    const last = cuts.at(-1);
    if (last === undefined || finding.start >= last.end) {
      cuts.push({ start: finding.start, end: finding.end, finding });
      continue;
    }
    cuts[cuts.length - 1] = {
      start: last.start,
      end: Math.max(last.end, finding.end),
      finding: longerFirst(finding, last.finding) < 0 ? finding : last.finding,
    };
  }
  return cuts;
}

function replace(text: string, findings: readonly PolicyFinding[], by: (cut: Cut) => string): string {
  const cuts = merged(findings);
  if (cuts.length === 0) return text;
  let out = '';
  let from = 0;
  for (const cut of cuts) {
    out += text.slice(from, cut.start) + by(cut);
    from = cut.end;
  }
  return out + text.slice(from);
}

/** What stands for a span of an answer, or of any text that no answer will restore. */
export function irreversible(finding: PolicyFinding): string {
  return finding.replacement ?? `[${kindLabel(finding.kind)}]`;
}

/**
 * The text of one segment with the spans of its redacting findings replaced. Input spans become placeholders
 * that `vault` can restore; spans of checks with a fixed replacement, and all spans of answers, are gone for
 * good. `findings` are those of this segment only, with offsets into `segmentText`.
 */
export function applyRedactions(
  segmentText: string,
  findings: readonly PolicyFinding[],
  vault: Pick<Vault, 'reserve' | 'placeholder'>,
): string {
  const own = findings.filter(redacts);
  if (own.length === 0) return segmentText;
  vault.reserve(segmentText);
  return replace(segmentText, own, ({ start, end, finding }) =>
    finding.direction === 'output' || finding.replacement !== undefined
      ? irreversible(finding)
      : vault.placeholder(finding.kind, segmentText.slice(start, end)),
  );
}

/** A piece of an answer with the spans of its redacting findings replaced for good. */
export function redactAnswer(text: string, findings: readonly PolicyFinding[]): string {
  return replace(text, findings.filter(redacts), ({ finding }) => irreversible(finding));
}

/**
 * The texts of `segments`, in their order, as they may be forwarded. Placeholders that occur anywhere in the
 * segments are reserved first; a caller that holds more text of the same request reserves that itself.
 */
export function redactSegments(
  segments: readonly Segment[],
  findings: readonly PolicyFinding[],
  vault: Pick<Vault, 'reserve' | 'placeholder'>,
): string[] {
  if (!findings.some(redacts)) return segments.map((segment) => segment.text);
  for (const segment of segments) vault.reserve(segment.text);
  const bySegment = new Map<number, PolicyFinding[]>();
  for (const finding of findings) {
    const own = bySegment.get(finding.segment);
    if (own === undefined) bySegment.set(finding.segment, [finding]);
    else own.push(finding);
  }
  return segments.map((segment) => {
    const own = bySegment.get(segment.index);
    return own === undefined ? segment.text : applyRedactions(segment.text, own, vault);
  });
}

/**
 * The text with the span of every finding masked for good, whatever its action: for records that keep no
 * sensitive text. `findings` are those of this segment only.
 */
export function maskFindings(segmentText: string, findings: readonly PolicyFinding[]): string {
  return replace(segmentText, findings, ({ finding }) => `[${kindLabel(finding.kind)}]`);
}
