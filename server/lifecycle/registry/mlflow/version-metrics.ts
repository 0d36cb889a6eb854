import type { Metric } from '../runs/model.ts';

/** What was logged about a model: latest values, several of one key where they are of several runs or datasets. */
export interface KnownMetrics {
  /** Latest values of the run that made the model. */
  readonly ofRun: readonly Metric[];
  readonly ofModel: readonly Metric[];
  /** Of other models that the run logged and that are no checkpoints. */
  readonly ofOthers: readonly Metric[];
  /** Logged at a step of the run: what the run came to later is not about this model. */
  readonly checkpoint: boolean;
}

const weight = (value: number): number => (Number.isNaN(value) ? 0 : value);

/** Of the higher step, then of the later instant, then the larger; NaN counts as 0 there, as MLflow's store has it. */
const later = (a: Metric, b: Metric): boolean =>
  a.step !== b.step ? a.step > b.step : a.at !== b.at ? a.at > b.at : weight(a.value) > weight(b.value);

const nameOf = ({ key, step, at, value }: Metric): string => JSON.stringify([key, step, at, String(value)]);

/**
 * Metrics of a version, one for each key: the latest that is about its model. Clients copy to a model what its run
 * logged at one step, which is the first where they name none; so values of the run count as well, but not those that
 * were logged about another model.
 */
export function versionMetrics({ ofRun, ofModel, ofOthers, checkpoint }: KnownMetrics): readonly Metric[] {
  const own = new Set(ofModel.map(({ key }) => key));
  const foreign = new Set(ofOthers.map(nameOf));
  const shared = ofRun.filter((one) => !foreign.has(nameOf(one)) && !(checkpoint && own.has(one.key)));
  const latest = new Map<string, Metric>();
  for (const one of [...shared, ...ofModel]) {
    const known = latest.get(one.key);
    if (known === undefined || later(one, known)) latest.set(one.key, one);
  }
  return [...latest.values()];
}
