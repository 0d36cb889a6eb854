import type { Detection, DetectorText } from '../detector.ts';
import { percent } from './explain.ts';
import type { OperatingPoint } from './manifest.ts';

/**
 * From which score on the rules are sure whatever the model says: in languages that it was taught little of, and of
 * texts that it has not met. On the texts that thresholds were set on this adds at most 0.1 percentage points of false
 * alarms (0.02 at `quiet`).
 */
export const SURE: Readonly<Record<OperatingPoint, number>> = { strict: 0.8, balanced: 0.8, quiet: 0.97 };

/** What the rules are sure of, as a finding; null where they are not. */
export function ruled(
  { rules, segment }: DetectorText,
  point: OperatingPoint,
  probability: number,
): Detection | null {
  if (rules === null || rules.score < SURE[point]) return null;
  const { start, end, score, kind } = rules;
  const message = `${rules.message} The trained detector alone would not report it: probability ${percent(probability)}%.`;
  return { segment: segment.index, start, end, score, kind, message, probability };
}
