import { invalid, type LoggedMetric, type Pair } from './model.ts';

/** MLflow's limits (`mlflow/utils/validation.py`), which its clients keep to. Lengths in characters. */
export const LIMITS = Object.freeze({
  metricsPerBatch: 1_000,
  paramsPerBatch: 100,
  tagsPerBatch: 100,
  entitiesPerBatch: 1_000,
  key: 250,
  paramValue: 6_000,
  tagValue: 8_000,
  experimentName: 500,
  experimentTagValue: 20_000,
  runName: 250,
  datasetName: 500,
  datasetDigest: 36,
  datasetSource: 65_535,
  datasetSchema: 1_048_575,
  datasetProfile: 16_777_215,
  modelName: 500,
});

const NAME = /^[\p{L}\p{N}_/.\-: ]+$/u;
const CONTROL = /\p{Cc}/u;

/** Names of metrics and params: may be taken for file names by clients, so they resolve to nothing else. */
function demandName(what: string, name: string): void {
  if (name === '') throw invalid(`${what} name cannot be empty`);
  if (name.length > LIMITS.key) throw invalid(`${what} name is longer than ${LIMITS.key} characters`);
  if (!NAME.test(name)) {
    throw invalid(
      `Invalid ${what.toLowerCase()} name: it may only contain letters, digits, underscores (_), dashes (-), periods (.), spaces, colons (:) and slashes (/)`,
    );
  }
  if (name.split('/').some((part) => part === '' || part === '.' || part === '..')) {
    throw invalid(`Invalid ${what.toLowerCase()} name: as a path it would resolve to another name`);
  }
}

function demandTagKey(key: string): void {
  if (key === '') throw invalid('Tag name cannot be empty');
  if (key.length > LIMITS.key) throw invalid(`Tag name is longer than ${LIMITS.key} characters`);
  if (CONTROL.test(key)) throw invalid('Tag names have no control characters');
}

/** Throws `invalid_input` unless the tag may be kept. */
export function demandTag({ key, value }: Pair, longest: number = LIMITS.tagValue): void {
  demandTagKey(key);
  if (value.length > longest) {
    throw invalid(`the value of the tag "${key}" exceeds the maximum length of ${longest} characters`);
  }
}

/** Throws `invalid_input` unless the param may be kept. */
export function demandParam({ key, value }: Pair): void {
  demandName('Param', key);
  if (value.length > LIMITS.paramValue) {
    throw invalid(`Param value of "${key}" exceeds the maximum length of ${LIMITS.paramValue} characters`);
  }
}

/** Throws `invalid_input` unless the metric may be kept; any double may be its value. */
export function demandMetric({ key, at }: LoggedMetric): void {
  demandName('Metric', key);
  if (at < 0) throw invalid(`the timestamp of metric "${key}" must not be negative`);
}

/** Something that a person named, kept as it is but for blanks around it. */
export function demandTitle(what: string, name: string, longest: number): string {
  const title = name.trim();
  if (title === '') throw invalid(`${what} name cannot be empty`);
  if (title.length > longest)
    throw invalid(`${what} name exceeds the maximum length of ${longest} characters`);
  if (CONTROL.test(title)) throw invalid(`${what} name has control characters`);
  return title;
}

export interface Batch {
  readonly metrics: readonly LoggedMetric[];
  readonly params: readonly Pair[];
  readonly tags: readonly Pair[];
}

/** Throws `invalid_input` unless all of the batch may be kept. */
export function demandBatch({ metrics, params, tags }: Batch): void {
  const tooMany = (what: string, limit: number, count: number) => {
    if (count > limit) {
      throw invalid(`A batch logging request can contain at most ${limit} ${what}. Got ${count} ${what}`);
    }
  };
  tooMany('metrics', LIMITS.metricsPerBatch, metrics.length);
  tooMany('params', LIMITS.paramsPerBatch, params.length);
  tooMany('tags', LIMITS.tagsPerBatch, tags.length);
  tooMany('entities', LIMITS.entitiesPerBatch, metrics.length + params.length + tags.length);
  for (const metric of metrics) demandMetric(metric);
  for (const param of params) demandParam(param);
  for (const tag of tags) demandTag(tag);
}
