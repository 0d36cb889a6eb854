import { SERVER_METRICS as M, type Meter } from '@bartizan/contracts/telemetry/index.ts';
import type { JobMeter, QueueCounts } from '../jobs/index.ts';

/** Counts attempts at jobs and how long they took. */
export function createJobMeasures(meter: Meter): JobMeter {
  const attempts = meter.counter(M.jobAttempts);
  const durations = meter.histogram(M.jobDuration);
  return Object.freeze({
    ended(queue: string, result: 'done' | 'failed' | 'cancelled', durationMs: number) {
      attempts.add([queue, result]);
      durations.observe([queue], durationMs / 1000);
    },
  });
}

/** One look at the queues serves all metrics of a scrape. */
const FRESH_MS = 1_000;

/** The queues that all servers share, as they are now. */
export function watchJobs(
  meter: Meter,
  jobs: { readonly counts: () => Promise<readonly QueueCounts[]> },
): void {
  let seen: { readonly at: number; readonly counts: Promise<readonly QueueCounts[]> } | null = null;
  const look = (): Promise<readonly QueueCounts[]> => {
    const nowMs = performance.now();
    if (seen === null || nowMs - seen.at > FRESH_MS) seen = { at: nowMs, counts: jobs.counts() };
    return seen.counts;
  };
  const of = (member: 'waiting' | 'oldestSeconds' | 'running' | 'failed') => async () =>
    (await look()).map((counts) => ({ labels: [counts.queue], value: counts[member] }));
  meter.watch(M.jobsWaiting, of('waiting'));
  meter.watch(M.jobsOldest, of('oldestSeconds'));
  meter.watch(M.jobsRunning, of('running'));
  meter.watch(M.jobsFailed, of('failed'));
}
