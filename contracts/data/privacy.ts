import { z } from 'zod';
import { CursorQuery, Id, Instant, pageOf } from '../common.ts';
import { defineRoute } from '../route.ts';

/** A decimal, exactly as written: 0 < ε ≤ 1000. */
export const Epsilon = z
  .string()
  .regex(/^\d{1,4}(?:\.\d{1,12})?$/, 'write a decimal such as 0.5')
  .refine((text) => Number(text) > 0 && Number(text) <= 1_000, 'must be above 0 and at most 1000');
const Column = z.string().min(1).max(1_000);

export const PrivacyBudget = z.object({
  epsilon: Epsilon,
  delta: z.number().min(0).max(0.01),
  /** What makes two datasets neighbours. */
  relation: z.enum(['add-or-remove-one', 'replace-one']),
  /** What one record stands for, in words: a person, a loan, a visit. */
  unit: z.string().trim().min(1).max(200),
});
export type PrivacyBudget = z.infer<typeof PrivacyBudget>;

export const PrivacyBudgetView = z.object({
  /** Null: nothing is released until somebody sets a budget. */
  budget: PrivacyBudget.nullable(),
  /** What releases have used, rounded up. */
  spent: z.object({ epsilon: z.string(), delta: z.number() }),
  /** What those under way have reserved. */
  reserved: z.object({ epsilon: z.string(), delta: z.number() }),
  releases: z.number().int().nonnegative(),
});
export type PrivacyBudgetView = z.infer<typeof PrivacyBudgetView>;

const Of = { version: z.string().min(1).max(20).default('latest'), epsilon: Epsilon };
const Bounds = { column: Column, low: z.number(), high: z.number() };

/** A question to the data. Numbers are clamped to the bounds, which must not be read off the data. */
export const PrivateQuery = z.discriminatedUnion('kind', [
  z.object({
    ...Of,
    kind: z.literal('count'),
    column: Column.optional(),
    value: z.string().max(1_000).optional(),
  }),
  /** Without categories, those that too few records have are left out, and δ is spent. */
  z.object({
    ...Of,
    kind: z.literal('histogram'),
    column: Column,
    categories: z.array(z.string().max(1_000)).max(10_000).optional(),
    delta: z.number().min(0).max(0.01).default(0),
  }),
  z.object({ ...Of, kind: z.literal('sum'), ...Bounds }),
  z.object({ ...Of, kind: z.literal('mean'), ...Bounds }),
  z.object({ ...Of, kind: z.literal('quantile'), ...Bounds, q: z.number().min(0).max(1) }),
]);
export type PrivateQuery = z.infer<typeof PrivateQuery>;

export const PrivateRelease = z.object({
  id: Id,
  query: PrivateQuery,
  /** What was given out: a number, or counts by category. */
  value: z.union([z.number(), z.record(z.string(), z.number())]),
  /** Standard error of the noise, in the unit of the value; null where there is none to state. */
  standardError: z.number().nullable(),
  mechanism: z.string(),
  spent: z.object({ epsilon: z.string(), delta: z.number() }),
  purpose: z.string(),
  createdBy: z.string(),
  createdAt: Instant,
});
export type PrivateRelease = z.infer<typeof PrivateRelease>;

export const DpSgdInput = z.object({
  /** Noise multiplier. */
  sigma: z.number().positive().max(1_000),
  /** Sampling rate: batch size through number of records. */
  rate: z.number().positive().max(1),
  steps: z.number().int().positive().max(10_000_000),
  delta: z.number().positive().max(0.01),
});

const Params = z.object({ dataset: z.string().min(1).max(256) });
const DATASET = '/api/v1/data/datasets/:dataset';

export const privacyRoutes = {
  budget: defineRoute({
    id: 'privacy.budget',
    method: 'GET',
    path: `${DATASET}/privacy`,
    summary: 'The privacy budget of a dataset, and what is left of it',
    access: 'data.read',
    params: Params,
    response: PrivacyBudgetView,
  }),
  setBudget: defineRoute({
    id: 'privacy.setBudget',
    method: 'PUT',
    path: `${DATASET}/privacy`,
    summary: 'Set the privacy budget of a dataset; what was spent stays spent',
    access: 'data.manage',
    params: Params,
    body: PrivacyBudget,
    response: PrivacyBudgetView,
    stepUp: true,
  }),
  release: defineRoute({
    id: 'privacy.release',
    method: 'POST',
    path: `${DATASET}/releases`,
    summary: 'Release a statistic with differential privacy, paid from the budget',
    access: 'data.write',
    purpose: true,
    params: Params,
    body: z.object({
      query: PrivateQuery,
      /** The same again gives the same release and costs nothing. */
      requestId: z.string().min(1).max(200),
    }),
    response: PrivateRelease,
  }),
  releases: defineRoute({
    id: 'privacy.releases',
    method: 'GET',
    path: `${DATASET}/releases`,
    summary: 'What was released of a dataset, newest first',
    access: 'data.read',
    params: Params,
    query: CursorQuery,
    response: pageOf(PrivateRelease),
  }),
  account: defineRoute({
    id: 'privacy.account',
    method: 'POST',
    path: '/api/v1/data/privacy/account',
    summary: 'What training by DP-SGD spends',
    access: 'data.read',
    body: DpSgdInput,
    response: z.object({
      /** ε by Rényi accounting, and by the privacy loss distribution; upper bounds. */
      rdp: z.number(),
      pld: z.number(),
    }),
  }),
} as const;
