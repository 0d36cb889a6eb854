import type { CheckResult } from '../../define.ts';
import type { TextCheck, TextFinding } from '../types.ts';
import { EMPTY_CONTEXT, textInput } from '../types.ts';

const findingsOf = (
  result: CheckResult<TextFinding> | Promise<CheckResult<TextFinding>>,
): readonly TextFinding[] => {
  if (result instanceof Promise) throw new TypeError('the simulation is for checks that answer at once');
  return result.outcome === 'findings' ? result.findings : [];
};

/**
 * Lets `text` arrive as an answer, cut at every offset in turn, and says where a part of a find of the
 * finished text could be released before the check had reported it; null when nowhere. Each cut is judged
 * by itself, so the outcome holds for every way of splitting the text into chunks.
 */
export function leakOf<Config>(
  check: TextCheck<Config>,
  config: Config,
  text: string,
): { cut: number; at: number; finding: TextFinding } | null {
  if (check.streaming.mode !== 'hold') return null;
  const finished = findingsOf(check.run(textInput(text, { direction: 'output' }), config));
  if (finished.length === 0) return null;
  const context = { ...EMPTY_CONTEXT, partial: true };
  for (let cut = 1; cut <= text.length; cut++) {
    const arrived = text.slice(0, cut);
    const held = check.streaming.holdFrom(arrived, config, context);
    if (finished.every((finding) => finding.start >= held)) continue;
    const reported = findingsOf(check.run(textInput(arrived, { direction: 'output', context }), config));
    for (const finding of finished) {
      for (let at = finding.start; at < Math.min(held, finding.end); at++) {
        if (!reported.some(({ start, end }) => start <= at && at < end)) return { cut, at, finding };
      }
    }
  }
  return null;
}
