import { z } from 'zod';
import { Id, Instant } from '../common.ts';
import { defineRoute } from '../route.ts';

const Row = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/** Which records: by their rows, by a finding, by who or what brought them in, or by what they say. */
export const CleaningSelection = z.discriminatedUnion('by', [
  z.object({ by: z.literal('rows'), rows: z.array(Row).min(1).max(1_000_000) }),
  z.object({ by: z.literal('finding'), scan: Id, finding: z.number().int().min(0) }),
  /** Suspected records of a scan from this score on. */
  z.object({ by: z.literal('score'), scan: Id, atLeast: z.number().min(0.5).max(1) }),
  z.object({ by: z.literal('source'), source: z.string().min(1).max(256) }),
  z.object({ by: z.literal('batch'), batch: z.string().min(1).max(256) }),
  /** Records whose column has one of the values, written as in the file. */
  z.object({
    by: z.literal('rule'),
    column: z.string().min(1).max(1_000),
    values: z.array(z.string().max(10_000)).min(1).max(1_000),
  }),
]);
export type CleaningSelection = z.infer<typeof CleaningSelection>;

export const CleaningInput = z.object({
  selection: CleaningSelection,
  /** Why, for those who read the chain of custody. */
  reason: z.string().trim().min(10, 'say why, in at least 10 characters').max(2_000),
});
export type CleaningInput = z.infer<typeof CleaningInput>;

export const CleaningPreview = z.object({
  /** Records that would go, and that would stay. */
  removed: z.number().int().nonnegative(),
  kept: z.number().int().nonnegative(),
  /** The first of those that would go, ascending. */
  rows: z.array(Row),
});
export type CleaningPreview = z.infer<typeof CleaningPreview>;

export const Dependant = z.object({
  kind: z.enum(['dataset-version', 'run', 'model-version', 'endpoint', 'system']),
  id: z.string(),
  label: z.string(),
});
export type Dependant = z.infer<typeof Dependant>;

/** Records that were taken out of a version, and the version without them. */
export const Quarantine = z.object({
  id: Id,
  datasetId: Id,
  /** Version that they were taken out of, and the one without them; null while that is made, or where it failed. */
  fromVersion: z.number().int().positive(),
  toVersion: z.number().int().positive().nullable(),
  /** The version that they are back in, whatever its state; null where nobody asked for that. */
  restoreVersion: z.number().int().positive().nullable(),
  /** `restore-awaiting-review`: the version with them waits for approval, and they are out until then. */
  state: z.enum([
    'working',
    'done',
    'failed',
    'awaiting-review',
    'rejected',
    'restore-awaiting-review',
    'restored',
  ]),
  failure: z.string().nullable(),
  selection: CleaningSelection,
  reason: z.string(),
  removed: z.number().int().nonnegative(),
  /** What was made from the records, and must be looked at. */
  dependants: z.array(Dependant),
  createdBy: z.string(),
  createdAt: Instant,
});
export type Quarantine = z.infer<typeof Quarantine>;

const Params = z.object({ dataset: z.string().min(1).max(256), version: z.string().min(1).max(20) });
const VERSION = '/api/v1/data/datasets/:dataset/versions/:version';

export const cleaningRoutes = {
  preview: defineRoute({
    id: 'cleaning.preview',
    method: 'POST',
    path: `${VERSION}/quarantine/preview`,
    summary: 'Which records a selection means',
    access: 'data.manage',
    params: Params,
    body: z.object({ selection: CleaningSelection }),
    response: CleaningPreview,
  }),
  quarantine: defineRoute({
    id: 'cleaning.quarantine',
    method: 'POST',
    path: `${VERSION}/quarantine`,
    summary: 'Take records out: makes a version without them, and tells what was made from them',
    access: 'data.manage',
    params: Params,
    body: CleaningInput,
    response: Quarantine,
  }),
  list: defineRoute({
    id: 'cleaning.list',
    method: 'GET',
    path: '/api/v1/data/datasets/:dataset/quarantines',
    summary: 'What was taken out of a dataset, newest first',
    access: 'data.read',
    params: z.object({ dataset: z.string().min(1).max(256) }),
    response: z.object({ items: z.array(Quarantine) }),
  }),
  get: defineRoute({
    id: 'cleaning.get',
    method: 'GET',
    path: '/api/v1/data/quarantines/:id',
    summary: 'One quarantine',
    access: 'data.read',
    params: z.object({ id: Id }),
    response: Quarantine,
  }),
  restore: defineRoute({
    id: 'cleaning.restore',
    method: 'POST',
    path: '/api/v1/data/quarantines/:id/restore',
    summary: 'Bring the records back, as a new version',
    access: 'data.manage',
    params: z.object({ id: Id }),
    body: z.object({ reason: CleaningInput.shape.reason }),
    response: Quarantine,
  }),
} as const;
