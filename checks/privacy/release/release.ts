import { COUNT_SENSITIVITY, noisy } from '../mechanisms/count.ts';
import { type Grid, gridOf, sumSensitivity } from '../mechanisms/grid.ts';
import { binNoise, knownHistogram, unknownHistogram } from '../mechanisms/histogram.ts';
import { gaussianNoise, laplaceNoise, type Noise } from '../mechanisms/noise.ts';
import { noisyQuantile } from '../mechanisms/quantile.ts';
import { noisyMean, sumUnits } from '../mechanisms/sum.ts';
import { pooled } from '../sampling/pool.ts';
import { type Neighbours, type PrivacyCost, PrivacyInputError } from '../types.ts';
import { type StatisticInput, type StatisticRequest, statisticRequest } from './request.ts';
import type { NoiseUncertainty, Release, ReleasedValue, ReleaseOptions, ReleaseValues } from './types.ts';

/** A request from outside, read. PrivacyInputError that names the field and what it must be. */
export function readStatisticRequest(input: unknown): StatisticRequest {
  const read = statisticRequest.safeParse(input);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  const where = issue?.path.join('.') ?? '';
  throw new PrivacyInputError(`${where === '' ? 'The request' : where}: ${issue?.message ?? 'not valid'}`);
}

/**
 * What a release will cost, before any data is read or noise drawn: reserve it, draw, release. The cost of a request
 * does not depend on the data.
 */
export function releaseCost(request: StatisticRequest, neighbours: Neighbours): PrivacyCost {
  if (request.kind === 'count' || request.kind === 'sum') return noiseOf(request, neighbours).cost;
  const delta = request.kind === 'histogram' ? (request.delta ?? '0') : '0';
  return Object.freeze({ epsilon: request.epsilon, delta });
}

/**
 * A statistic of one column with differential privacy: its value, what the noise does to it, and what was spent. One
 * record of the dataset is one value of the column (missing values as NaN or null, so that records keep their place);
 * where a person has several records, the guarantee is for a record, not the person. O(values), a quantile sorts them.
 * PrivacyInputError for a request that is not valid or a column of the wrong kind, before any noise is drawn.
 */
export function releaseStatistic(
  input: StatisticInput,
  data: ReleaseValues,
  options: ReleaseOptions,
): Release {
  const request = readStatisticRequest(input);
  const { neighbours } = options;
  if (neighbours !== 'add-remove' && neighbours !== 'replace')
    throw new PrivacyInputError("Neighbours are 'add-remove' or 'replace'");
  return Object.freeze({
    ...released(request, data, { random: pooled(options.random), neighbours }),
    column: request.column ?? null,
    neighbours,
    spent: releaseCost(request, neighbours),
  });
}

type Part = ReleasedValue & Pick<Release, 'notes'>;

function released(request: StatisticRequest, data: ReleaseValues, options: ReleaseOptions): Part {
  if (request.kind === 'count') return count(request, data, options);
  if (request.kind === 'histogram') return histogram(request, categories(data), options);
  if (request.kind === 'sum') return sum(request, numbers(data), options);
  if (request.kind === 'mean') return mean(request, numbers(data), options);
  return quantile(request, numbers(data), options);
}

type Of<Kind extends StatisticRequest['kind']> = Extract<StatisticRequest, { kind: Kind }>;

function noiseOf(request: Of<'count'> | Of<'sum'>, neighbours: Neighbours): Noise {
  const sensitivity =
    request.kind === 'count'
      ? COUNT_SENSITIVITY
      : sumSensitivity(gridOf(request.bounds, request.granularity), neighbours);
  return request.delta === undefined
    ? laplaceNoise(sensitivity, request.epsilon)
    : gaussianNoise(sensitivity, request.epsilon, request.delta);
}

function uncertainty(value: number, noise: Noise, step = 1): NoiseUncertainty {
  const off = noise.within95 * step;
  return { standardError: noise.deviation * step, interval: [value - off, value + off] };
}

function count(request: Of<'count'>, data: ReleaseValues, { random, neighbours }: ReleaseOptions): Part {
  const noise = noiseOf(request, neighbours);
  let present = 0n;
  for (const value of data.values) if (value !== null && !Number.isNaN(value)) present++;
  const value = Number(noisy(random, noise, present));
  return {
    kind: 'count',
    value,
    ...uncertainty(value, noise),
    notes: ['Missing values are not counted. The count may come out below 0.'],
  };
}

function histogram(
  request: Of<'histogram'>,
  values: Iterable<string | null>,
  { random, neighbours }: ReleaseOptions,
): Part {
  const { epsilon, delta } = request;
  const noise = binNoise(neighbours, epsilon);
  const named = (bins: readonly { category: string; count: bigint }[]) =>
    bins.map(({ category, count }) => {
      const value = Number(count);
      return { category, value, ...uncertainty(value, noise) };
    });
  if (request.categories !== undefined) {
    const { bins } = knownHistogram(random, values, { categories: request.categories, neighbours, epsilon });
    const notes = ['Values outside the given categories, and missing ones, are not counted.'];
    return { kind: 'histogram', bins: named(bins), threshold: null, notes };
  }
  if (delta === undefined) throw new PrivacyInputError('Categories from the data need a δ');
  const { bins, threshold } = unknownHistogram(random, values, { neighbours, epsilon, delta });
  return {
    kind: 'histogram',
    bins: named(bins),
    threshold: Number(threshold),
    notes: [
      `Categories whose noisy count is below ${threshold} are left out; those that are shown are biased upwards near it.`,
      `With probability up to ${delta} a category of a single record is shown.`,
    ],
  };
}

function roundingNote({ step, low, high }: Grid): string {
  return `Values are clamped to ${Number(low) * step}..${Number(high) * step} and rounded to multiples of ${step}; the interval is for the statistic of those.`;
}

function sum(request: Of<'sum'>, values: Iterable<number>, { random, neighbours }: ReleaseOptions): Part {
  const grid = gridOf(request.bounds, request.granularity);
  const noise = noiseOf(request, neighbours);
  const value = grid.valueOf(noisy(random, noise, sumUnits(values, grid).units));
  return {
    kind: 'sum',
    value,
    ...uncertainty(value, noise, grid.step),
    notes: [roundingNote(grid), 'Missing values are left out.'],
  };
}

function mean(request: Of<'mean'>, values: Iterable<number>, { random, neighbours }: ReleaseOptions): Part {
  const grid = gridOf(request.bounds, request.granularity);
  const { mean, interval, standardError } = noisyMean(random, values, {
    grid,
    neighbours,
    epsilon: request.epsilon,
  });
  const few = standardError === null ? ['There are too few values for ε to say anything of the mean.'] : [];
  return {
    kind: 'mean',
    value: mean,
    standardError,
    interval,
    notes: [
      roundingNote(grid),
      'Missing values are left out. Half of ε is for the number of values.',
      ...few,
    ],
  };
}

function quantile(request: Of<'quantile'>, values: Iterable<number>, { random }: ReleaseOptions): Part {
  const grid = gridOf(request.bounds, request.granularity);
  const { value, rankError } = noisyQuantile(random, values, {
    grid,
    quantile: request.quantile,
    epsilon: request.epsilon,
  });
  return {
    kind: 'quantile',
    value,
    rankError,
    standardError: null,
    interval: null,
    notes: [
      roundingNote(grid),
      `With 95% probability the value is off by at most ${rankError} ranks; how far that is depends on the data and is not said.`,
    ],
  };
}

function numbers(data: ReleaseValues): Iterable<number> {
  if (data.kind === 'number') return data.values;
  throw new PrivacyInputError('This statistic needs a column of numbers; ask for a count or a histogram');
}

function categories(data: ReleaseValues): Iterable<string | null> {
  if (data.kind === 'category') return data.values;
  throw new PrivacyInputError('A histogram needs a column of categories; put numbers into bins first');
}
