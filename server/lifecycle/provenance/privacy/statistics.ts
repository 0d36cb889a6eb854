import type { Release, StatisticInput } from '@bartizan/checks/privacy/index.ts';
import type { PrivateQuery } from '@bartizan/contracts';
import { decimalOf } from './books.ts';
import type { Answer } from './store.ts';

/** What people ask for, as the mechanisms take it. */
export function statisticOf(query: PrivateQuery): StatisticInput {
  const { epsilon } = query;
  switch (query.kind) {
    case 'count':
      return { kind: 'count', epsilon, ...(query.column === undefined ? {} : { column: query.column }) };
    case 'histogram':
      return {
        kind: 'histogram',
        column: query.column,
        epsilon,
        ...(query.categories === undefined ? {} : { categories: query.categories }),
        ...(query.delta === 0 ? {} : { delta: decimalOf(query.delta) }),
      };
    case 'sum':
    case 'mean':
      return { kind: query.kind, column: query.column, bounds: [query.low, query.high], epsilon };
    case 'quantile':
      return {
        kind: 'quantile',
        column: query.column,
        bounds: [query.low, query.high],
        quantile: query.q,
        epsilon,
      };
  }
}

const MECHANISMS: Readonly<Record<PrivateQuery['kind'], string>> = {
  count: 'discrete Laplace',
  histogram: 'discrete Laplace for each category',
  sum: 'discrete Laplace',
  mean: 'discrete Laplace of sum and count',
  quantile: 'exponential',
};

/** A release as it is given out and kept. */
export function answerOf(released: Release): Answer {
  const { epsilon, delta } = released.spent;
  const spent = { epsilon, delta: Number(delta) };
  const mechanism = MECHANISMS[released.kind];
  if (released.kind !== 'histogram')
    return { value: released.value, standardError: released.standardError, mechanism, spent };
  return {
    value: Object.fromEntries(released.bins.map(({ category, value }) => [category, value])),
    standardError: released.bins[0]?.standardError ?? null,
    mechanism,
    spent,
  };
}
