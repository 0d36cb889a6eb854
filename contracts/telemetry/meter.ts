/**
 * Metrics as data: what a scraper, a dashboard and an alert rule may count on. Names follow Prometheus
 * (base units, `_total`, `_seconds`, `_bytes`); `gen_ai_…` are the OpenTelemetry GenAI conventions as
 * Prometheus spells them. Everything of our own starts with `bartizan_`.
 */
export interface MetricContract {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** One sentence for people. */
  readonly help: string;
  readonly labels: readonly string[];
  /** Upper bounds of a histogram, ascending, without +Inf. */
  readonly buckets?: readonly number[];
  /** Label sets at most, default 500; what comes later is counted under `other` in every label. */
  readonly most?: number;
  /** How the processes of one gateway are put together; `sum` where absent. */
  readonly over?: 'sum' | 'max' | 'min';
}

/** Values for the labels of a contract, in its order. Never content, users, keys or free text. */
export type LabelValues = readonly string[];

export interface Counter {
  /** Adds 1, or `by`, which is not negative. */
  readonly add: (labels: LabelValues, by?: number) => void;
}

export interface Gauge {
  readonly set: (labels: LabelValues, value: number) => void;
}

export interface Histogram {
  readonly observe: (labels: LabelValues, value: number) => void;
}

/** A value read when somebody looks. */
export interface Reading {
  readonly labels: LabelValues;
  readonly value: number;
}

/**
 * What a part of the house is given to be measured by. It never throws and never waits: a metric must not
 * be able to break what it measures.
 */
export interface Meter {
  readonly counter: (contract: MetricContract) => Counter;
  readonly gauge: (contract: MetricContract) => Gauge;
  readonly histogram: (contract: MetricContract) => Histogram;
  /**
   * A gauge, or a counter that somebody else keeps, read at each scrape. A reading that fails, or takes longer
   * than 2 s, is left out of that scrape and counted in `bartizan_metrics_failed_readings_total`.
   */
  readonly watch: (
    contract: MetricContract,
    read: () => Iterable<Reading> | Promise<Iterable<Reading>>,
  ) => void;
}

const NAME = /^(?:bartizan|gen_ai)_[a-z][a-z0-9_]*$/;
const LABEL = /^[a-z][a-z0-9_]*$/;

/** Declares a metric. Throws a TypeError when its name or labels break the conventions. */
export function defineMetric<Contract extends MetricContract>(contract: Contract): Readonly<Contract> {
  const { name, type, labels, buckets = [] } = contract;
  const wrong = (why: string) => new TypeError(`the metric ${name} ${why}`);
  if (!NAME.test(name)) throw wrong('has no conventional name');
  if ((type === 'counter') !== name.endsWith('_total')) throw wrong('ends in _total only as a counter');
  if (labels.some((label) => !LABEL.test(label) || label === 'le')) throw wrong('has a label of a bad name');
  if ((type === 'histogram') !== buckets.length > 0) throw wrong('has buckets only as a histogram');
  if (buckets.some((bound, index) => index > 0 && bound <= (buckets[index - 1] as number)))
    throw wrong('has buckets that do not ascend');
  return Object.freeze(contract);
}
