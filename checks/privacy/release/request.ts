import { z } from 'zod';
import { compare, parseRational, rational } from '../rational.ts';

const LIMIT = rational(100n);
const ZERO = rational(0n);

const decimal = z
  .string()
  .max(40)
  .regex(/^\d{1,20}(\.\d{1,20})?([eE][+-]?\d{1,2})?$/, 'Give a decimal such as "0.5" or "1e-6"');

/** ε above 0 and at most 100, as a decimal string: a double could not say 0.1. */
const epsilon = decimal.refine((text) => {
  const value = parseRational(text);
  return compare(value, ZERO) > 0 && compare(value, LIMIT) <= 0;
}, 'ε is above 0 and at most 100');

/** δ above 0 and below 0.01. */
const delta = decimal.refine((text) => {
  const value = parseRational(text);
  return compare(value, ZERO) > 0 && compare(value, rational(1n, 100n)) < 0;
}, 'δ is above 0 and below 0.01; far below 1 / number of records is usual');

/** Bounds chosen without looking at the data; values outside are clamped to them. */
const bounds = z
  .tuple([z.number(), z.number()])
  .refine(([low, high]) => low < high, 'The lower bound is below the upper bound');

/** Values are rounded to whole multiples of it. By default (upper − lower) / 2²⁰, to a power of two. */
const granularity = z.number().positive().optional();

const column = z.string().min(1).max(512);
const noise = z.enum(['laplace', 'gaussian']).default('laplace');
const gaussianNeedsDelta = (request: { noise: string; delta?: string | undefined }) =>
  (request.noise === 'gaussian') === (request.delta !== undefined);
const NEEDS_DELTA = 'Gaussian noise needs a δ, Laplace noise takes none';

/** A statistic to release with differential privacy. Numbers are those of the data's unit; ε and δ decimal strings. */
export const statisticRequest = z.discriminatedUnion('kind', [
  z
    .strictObject({
      kind: z.literal('count'),
      column: column.optional(),
      noise,
      epsilon,
      delta: delta.optional(),
    })
    .refine(gaussianNeedsDelta, NEEDS_DELTA),
  z
    .strictObject({
      kind: z.literal('histogram'),
      column,
      /** Left out: categories are taken from the data and rare ones are left out, which needs a δ. */
      categories: z.array(z.string().max(512)).min(1).max(10_000).optional(),
      epsilon,
      delta: delta.optional(),
    })
    .refine(
      (request) => (request.categories === undefined) === (request.delta !== undefined),
      'Give the categories, or a δ where they are to be taken from the data, not both',
    )
    .refine(
      ({ categories }) => categories === undefined || new Set(categories).size === categories.length,
      'Each category is given once',
    ),
  z
    .strictObject({
      kind: z.literal('sum'),
      column,
      bounds,
      granularity,
      noise,
      epsilon,
      delta: delta.optional(),
    })
    .refine(gaussianNeedsDelta, NEEDS_DELTA),
  z.strictObject({ kind: z.literal('mean'), column, bounds, granularity, epsilon }),
  z.strictObject({
    kind: z.literal('quantile'),
    column,
    bounds,
    granularity,
    /** 0.5 for the median. */
    quantile: z.number().gt(0).lt(1),
    epsilon,
  }),
]);

/** A request that was read: defaults filled in. */
export type StatisticRequest = z.infer<typeof statisticRequest>;
/** A request as it comes in. */
export type StatisticInput = z.input<typeof statisticRequest>;
