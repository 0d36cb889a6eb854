import type { CheckResult } from '../../define.ts';
import type { Unread } from '../normalise/index.ts';
import { MAX_DECODED_TEXT, MAX_DEPTH, readSegment } from '../normalise/index.ts';
import type { Segment, TextFinding } from '../types.ts';

const WHY: Readonly<Record<Unread['why'], string>> = {
  'too long': `stands beyond the ${MAX_DECODED_TEXT} characters that are decoded`,
  'too deep': `is encoded more than ${MAX_DEPTH} times`,
  'too much': 'is more encoded text than is decoded for its length',
};
/** Whoever encodes more than is read hides something, or sends what no guard should let through unread. */
const SCORE = 0.9;

/**
 * A result that does not pass for clean what the limits of the reading left out. Beside findings the unread places are
 * findings too, so that a guard that lets errors through is not led to let those through; alone they are an error.
 */
export function withUnread(
  result: CheckResult<TextFinding>,
  segments: readonly Segment[],
): CheckResult<TextFinding> {
  if (result.outcome !== 'pass' && result.outcome !== 'findings') return result;
  const unread = segments.flatMap((segment) =>
    readSegment(segment).unread.map(({ start, end, why }): TextFinding => {
      const message = `This part was not read: it ${WHY[why]}.`;
      return { segment: segment.index, start, end, score: SCORE, kind: 'obfuscated', message };
    }),
  );
  const [first] = unread;
  if (first === undefined) return result;
  if (result.outcome === 'findings')
    return { outcome: 'findings', findings: [...result.findings, ...unread] };
  return { outcome: 'error', message: `Text ${first.segment} was not read to its end. ${first.message}` };
}
