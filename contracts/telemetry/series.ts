import type { Counter, Gauge, Histogram, LabelValues, MetricContract } from './meter.ts';

/** What a metric looks like to prom-client's registry, as JSON and across processes. */
export interface MetricSnapshot {
  readonly name: string;
  readonly help: string;
  readonly type: MetricContract['type'];
  readonly aggregator: 'sum' | 'max' | 'min';
  readonly values: {
    readonly labels: Readonly<Record<string, string | number>>;
    readonly value: number;
    readonly metricName?: string;
  }[];
}

interface Cell {
  readonly labels: LabelValues;
  /** The value of a counter or gauge; the sum of a histogram. */
  value: number;
  /** Of a histogram: observations by bucket, the last above all bounds. */
  readonly counts: number[];
}

const DEFAULT_MOST = 500;
/** Labels longer than this are cut: a name, not a text. */
const LONGEST_VALUE = 128;
const SEPARATOR = '\u0000';
export const OTHER = 'other';

/**
 * The label sets of one metric. Measuring costs one look-up in a map: about a quarter of prom-client's own
 * instruments, which hash the labels each time (see bench/telemetry). At most `most` sets are kept; what
 * comes later is counted with `other` in every label, and `onOverflow` is told.
 */
export function createSeries(contract: MetricContract, onOverflow: () => void) {
  const { labels: names, buckets = [], most = DEFAULT_MOST } = contract;
  const cells = new Map<string, Cell>();

  function create(key: string, labels: LabelValues): Cell {
    const cell: Cell = {
      labels,
      value: 0,
      counts: buckets.length > 0 ? Array.from({ length: buckets.length + 1 }, () => 0) : [],
    };
    cells.set(key, cell);
    return cell;
  }

  function overflow(): Cell {
    onOverflow();
    const labels = names.map(() => OTHER);
    const key = labels.join(SEPARATOR);
    return cells.get(key) ?? create(key, labels);
  }

  function cellOf(labels: LabelValues): Cell {
    const key = labels.length === 1 ? (labels[0] as string) : labels.join(SEPARATOR);
    const known = cells.get(key);
    if (known !== undefined) return known;
    if (labels.length !== names.length) return overflow();
    // Cut first: what differs only behind the cut is one series, and a series may stand there only once.
    const cut = labels.map((value) => value.slice(0, LONGEST_VALUE));
    const cutKey = cut.join(SEPARATOR);
    return cells.get(cutKey) ?? (cells.size < most ? create(cutKey, cut) : overflow());
  }

  const named = ({ labels }: Cell): Record<string, string> => {
    const all: Record<string, string> = {};
    for (const [index, name] of names.entries()) all[name] = labels[index] as string;
    return all;
  };

  /** As Prometheus wants a histogram: cumulative counts, sum and count. */
  function histogramValues(cell: Cell): MetricSnapshot['values'] {
    const labels = named(cell);
    let total = 0;
    const values: MetricSnapshot['values'] = buckets.map((le, index) => {
      total += cell.counts[index] as number;
      return { labels: { ...labels, le }, value: total, metricName: `${contract.name}_bucket` };
    });
    total += cell.counts.at(-1) as number;
    values.push({ labels: { ...labels, le: '+Inf' }, value: total, metricName: `${contract.name}_bucket` });
    values.push({ labels, value: cell.value, metricName: `${contract.name}_sum` });
    values.push({ labels, value: total, metricName: `${contract.name}_count` });
    return values;
  }

  const counter: Counter = Object.freeze({
    add(labels: LabelValues, by = 1) {
      if (by >= 0) cellOf(labels).value += by;
    },
  });
  const gauge: Gauge = Object.freeze({
    set(labels: LabelValues, value: number) {
      cellOf(labels).value = value;
    },
  });
  const histogram: Histogram = Object.freeze({
    observe(labels: LabelValues, value: number) {
      if (!Number.isFinite(value)) return;
      const cell = cellOf(labels);
      cell.value += value;
      let index = 0;
      while (index < buckets.length && value > (buckets[index] as number)) index += 1;
      (cell.counts[index] as number) += 1;
    },
  });

  return Object.freeze({
    counter,
    gauge,
    histogram,
    /** Forgets all label sets, for readings that are made anew. */
    clear: () => cells.clear(),
    size: () => cells.size,
    snapshot: (): MetricSnapshot => ({
      name: contract.name,
      help: contract.help,
      type: contract.type,
      aggregator: contract.over ?? 'sum',
      values: [...cells.values()].flatMap((cell) =>
        buckets.length > 0 ? histogramValues(cell) : [{ labels: named(cell), value: cell.value }],
      ),
    }),
  });
}
export type Series = ReturnType<typeof createSeries>;
