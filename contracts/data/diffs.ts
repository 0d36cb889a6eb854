import { z } from 'zod';
import { defineRoute } from '../route.ts';
import { DataCell, DatasetParams } from './datasets.ts';
import { DataSchema, DatasetVersionRef } from './fields.ts';

/** Records of each of two versions that are read in one answer. */
export const MAX_DIFF_RECORDS = 100;

/** Rows, ascending or not, separated by commas: 3,17,99. */
const Rows = z
  .string()
  .max(2_000)
  .regex(/^(?:\d{1,16}(?:,\d{1,16})*)?$/, 'are rows, separated by commas: 3,17,99')
  .transform((text) => [...new Set(text === '' ? [] : text.split(',').map(Number))])
  .pipe(z.array(z.number().int().max(Number.MAX_SAFE_INTEGER)).max(MAX_DIFF_RECORDS));

const Side = z.object({
  schema: DataSchema,
  /** Ascending by row; those that the version does not have are left out. */
  items: z.array(
    z.object({
      /** Place in the version, from 0. */
      row: z.number().int().nonnegative(),
      values: z.array(DataCell),
      /** Columns whose value was cut, for its length. */
      cut: z.array(z.string()),
    }),
  ),
  /** Whether all that were asked for fit into the answer; the rest are asked for again. */
  complete: z.boolean(),
});

/** What lies at places that a diff named; null where nothing was asked of the version. */
export const DatasetDiffRecords = z.object({ was: Side.nullable(), now: Side.nullable() });
export type DatasetDiffRecords = z.infer<typeof DatasetDiffRecords>;

export const datasetDiffRoutes = {
  records: defineRoute({
    id: 'data.datasets.diffRecords',
    method: 'GET',
    path: '/api/v1/data/datasets/:dataset/diff/records',
    summary:
      'The records at places of two versions that a diff named, side by side; the reason is recorded for each version',
    access: 'data.content',
    purpose: true,
    params: DatasetParams,
    query: z.object({
      from: DatasetVersionRef,
      to: DatasetVersionRef.default('latest'),
      /** Places in `from`, 100 at most. */
      was: Rows.default([]),
      /** Places in `to`, 100 at most. */
      now: Rows.default([]),
    }),
    response: DatasetDiffRecords,
  }),
} as const;
