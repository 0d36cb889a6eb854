import { AggregatorRegistry, collectDefaultMetrics, type Metric, Registry } from 'prom-client';
import type { Meter, MetricContract, Reading } from './meter.ts';
import { createSeries, type MetricSnapshot, type Series } from './series.ts';
import { COMMON_METRICS } from './server-metrics.ts';
import type { SpanCounts } from './tracing.ts';

/** Everything that one process measures. */
export interface Telemetry extends Meter {
  /** In Prometheus's text format, version 0.0.4. */
  readonly expose: () => Promise<string>;
  /** The same as data, for the process that puts several together. */
  readonly snapshots: () => Promise<readonly MetricSnapshot[]>;
}

export interface TelemetryOptions {
  readonly version: string;
  readonly role: string;
  /** Process, heap and event-loop metrics as prom-client names them; on where absent. */
  readonly process?: boolean;
}

const READING_MS = 2_000;
/** Gauges of prom-client that call themselves totals; each stands without its ending too. */
const MISNAMED = ['handles', 'requests', 'resources'].map((what) => `nodejs_active_${what}_total`);

type Watched = { readonly contract: MetricContract; readonly read: Parameters<Meter['watch']>[1] };

/** What `read` gives, or null when it fails or takes too long. */
async function readInTime(read: Watched['read']): Promise<readonly Reading[] | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), READING_MS);
  });
  try {
    const readings = await Promise.race([Promise.resolve(read()), late]);
    return readings === null ? null : [...readings];
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}

/** Makes the meter of a process. Each contract is measured once: asking again gives the same instrument. */
export function createTelemetry(options: TelemetryOptions): Telemetry {
  const registry = new Registry();
  if (options.process !== false) {
    collectDefaultMetrics({ register: registry });
    for (const name of MISNAMED) registry.removeSingleMetric(name);
  }
  const known = new Map<string, { contract: MetricContract; series: Series }>();
  const watched = new Map<string, Watched>();

  function seriesOf(contract: MetricContract): Series {
    const before = known.get(contract.name);
    if (before !== undefined) {
      if (before.contract !== contract) throw new TypeError(`two metrics are called ${contract.name}`);
      return before.series;
    }
    const series = createSeries(contract, () => overflow?.add([contract.name]));
    known.set(contract.name, { contract, series });
    const shown = { name: contract.name, help: contract.help, type: contract.type, get: series.snapshot };
    // The registry asks a metric for nothing but its `get`; prom-client's types name its own classes only.
    registry.registerMetric(shown as unknown as Metric);
    return series;
  }

  const overflow = seriesOf(COMMON_METRICS.overflow).counter;
  const failedReadings = seriesOf(COMMON_METRICS.failedReadings).counter;
  seriesOf(COMMON_METRICS.build).gauge.set([options.version, options.role], 1);

  async function refresh({ contract, read }: Watched): Promise<void> {
    const readings = await readInTime(read);
    const series = seriesOf(contract);
    series.clear();
    if (readings === null) failedReadings.add([contract.name]);
    else for (const { labels, value } of readings) series.gauge.set(labels, value);
  }

  const readAll = async (): Promise<void> => void (await Promise.all([...watched.values()].map(refresh)));

  return Object.freeze({
    counter: (contract: MetricContract) => seriesOf(contract).counter,
    gauge: (contract: MetricContract) => seriesOf(contract).gauge,
    histogram: (contract: MetricContract) => seriesOf(contract).histogram,
    watch(contract: MetricContract, read: Watched['read']) {
      seriesOf(contract);
      watched.set(contract.name, { contract, read });
    },
    async expose() {
      await readAll();
      return registry.metrics();
    },
    async snapshots() {
      await readAll();
      return (await registry.getMetricsAsJSON()) as unknown as readonly MetricSnapshot[];
    },
  });
}

/** Several processes as one, each metric by its own rule (sum, max, min, mean). */
export function exposeTogether(processes: readonly (readonly MetricSnapshot[])[]): Promise<string> {
  return aggregated(processes).metrics();
}

/**
 * Adds what a process that ended had counted to what others before it had, so that totals never go back.
 * Gauges end with their process.
 */
export async function withDeparted(
  before: readonly MetricSnapshot[],
  ended: readonly MetricSnapshot[],
): Promise<readonly MetricSnapshot[]> {
  const counted = ended.filter(({ type }) => type !== 'gauge');
  return (await aggregated([before, counted]).getMetricsAsJSON()) as unknown as readonly MetricSnapshot[];
}

const aggregated = (processes: readonly (readonly MetricSnapshot[])[]): Registry =>
  AggregatorRegistry.aggregate(processes as unknown as object[]) as Registry;

/** Lets a scrape see what becomes of spans. */
export function watchSpans(meter: Meter, tracing: { readonly counts: () => SpanCounts }): void {
  meter.watch(COMMON_METRICS.spans, () =>
    Object.entries(tracing.counts()).map(([result, value]) => ({ labels: [result], value })),
  );
}

/** For parts that run without anybody looking: measures nothing. */
export const NO_METER: Meter = Object.freeze({
  counter: () => ({ add: () => undefined }),
  gauge: () => ({ set: () => undefined }),
  histogram: () => ({ observe: () => undefined }),
  watch: () => undefined,
});
