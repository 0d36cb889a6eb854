import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { segmentName } from './segment.ts';

/** Records written within this long count as one age. */
const STEP_MS = 1_000;

interface Step {
  readonly atMs: number;
  records: number;
}

/** Keeps how old the records in the journal are, in steps of a second: a day without a server is 86,400 steps. */
export function createAges(records: number, atMs: number) {
  const steps: Step[] = records > 0 ? [{ atMs, records }] : [];
  let first = 0;

  return Object.freeze({
    written(count: number) {
      const nowMs = Date.now();
      const last = steps.at(-1);
      const open = steps.length > first && last !== undefined && nowMs - last.atMs < STEP_MS;
      if (open) last.records += count;
      else steps.push({ atMs: nowMs, records: count });
    },
    /** The oldest are with the server. */
    taken(count: number) {
      let left = count;
      while (left > 0 && first < steps.length) {
        const step = steps[first] as Step;
        const gone = Math.min(left, step.records);
        step.records -= gone;
        left -= gone;
        if (step.records === 0) first += 1;
      }
      if (first < 1_024 && first < steps.length) return;
      steps.splice(0, first);
      first = 0;
    },
    /** Epoch ms, or null when nothing waits. */
    oldest: (): number | null => steps[first]?.atMs ?? null,
  });
}

/**
 * When the oldest of some segments was last written, as the age of what an earlier process left: at least that
 * old. Now, when there is none.
 */
export async function lastWritten(directory: string, segments: ReadonlyMap<number, number>): Promise<number> {
  const oldest = Math.min(...segments.keys());
  if (!Number.isFinite(oldest)) return Date.now();
  return stat(join(directory, segmentName(oldest))).then(
    ({ mtimeMs }) => mtimeMs,
    () => Date.now(),
  );
}
