import { SERVER_METRICS as M, type Meter, type Reading } from '@bartizan/contracts/telemetry/index.ts';

interface Lag {
  readonly records: number;
  readonly seconds: number;
}

/** What the delivery of events tells of itself. */
export interface SinkMeasures {
  readonly delivered: (sink: string, events: number) => void;
  readonly failed: (sink: string) => void;
  readonly lag: (sink: string, lag: Lag) => void;
}

/** A sink of which nothing was said for this long is gone, or another server has it now. */
const FORGET_MS = 120_000;
const MOST = 500;

/** Counts deliveries, and shows how far behind those sinks are that this server watches. */
export function createSinkMeasures(meter: Meter, now: () => number): SinkMeasures {
  const delivered = meter.counter(M.sinkDelivered);
  const failed = meter.counter(M.sinkFailed);
  const lags = new Map<string, Lag & { readonly at: number }>();

  function read(member: keyof Lag): readonly Reading[] {
    const since = now() - FORGET_MS;
    for (const [sink, { at }] of lags) if (at < since) lags.delete(sink);
    return [...lags].map(([sink, lag]) => ({ labels: [sink], value: lag[member] }));
  }

  meter.watch(M.sinkPending, () => read('records'));
  meter.watch(M.sinkLag, () => read('seconds'));
  return Object.freeze({
    delivered(sink: string, events: number) {
      delivered.add([sink], events);
      failed.add([sink], 0);
    },
    failed(sink: string) {
      failed.add([sink]);
      delivered.add([sink], 0);
    },
    lag(sink: string, { records, seconds }: Lag) {
      if (lags.size < MOST || lags.has(sink)) lags.set(sink, { records, seconds, at: now() });
    },
  });
}
