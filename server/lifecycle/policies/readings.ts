import type { ModelDetector } from '@bartizan/checks/text/injection/model/judge.ts';
import { judgeReading } from '@bartizan/checks/text/injection/score.ts';
import { readSegment } from '@bartizan/checks/text/normalise/index.ts';
import type { Segment } from '@bartizan/checks/text/types.ts';
import type { DetectorReading } from '@bartizan/contracts';
import type { JudgingJob } from './judging.ts';

const CHECK = 'text/injection';

/**
 * How the injection detector read what users and third parties wrote; empty where the policy does not ask it. A text that
 * the encoder could not judge is left out: the check's own error says so.
 */
export async function readingsOf(
  { request, document }: Extract<JudgingJob, { kind: 'try' }>,
  detector: ModelDetector | null,
): Promise<DetectorReading[]> {
  const rule = document.rules.find(({ check }) => check === CHECK);
  if (detector === null || rule === undefined || request.direction !== 'input') return [];
  const readings: DetectorReading[] = [];
  for (const [index, given] of request.segments.entries()) {
    if (given.author !== 'user' && given.author !== 'third_party') continue;
    const segment: Segment = { index, ...given };
    const reading = readSegment(segment);
    const rules = judgeReading(reading, { author: segment.author, strictness: 1 });
    try {
      const { origin, probability, threshold, settled, count, windows } = await detector.trace(
        { segment, reading, rules },
        'balanced',
      );
      const shown = windows.map((window) => ({ ...window, how: [...window.how] }));
      readings.push({ segment: index, origin, probability, threshold, settled, count, windows: shown });
    } catch {
      continue;
    }
  }
  return readings;
}
