import { z } from 'zod';
import { CursorQuery, Id, Instant, pageOf } from '../common.ts';
import { defineRoute } from '../route.ts';

const Column = z.string().min(1).max(1_000);
const Share = z.number().min(0).max(1);

/** A queue of records whose label people should decide: disputed by annotators, or suspected by a scan. */
export const LabelQueueInput = z.object({
  name: z.string().trim().min(1).max(200),
  dataset: z.string().min(1).max(256),
  version: z.string().min(1).max(20),
  from: z.discriminatedUnion('kind', [
    /** One row a judgement: item, annotator, label. */
    z.object({ kind: z.literal('annotations'), item: Column, annotator: Column, label: Column }),
    /** Rows that a scan suspects of a wrong label. */
    z.object({ kind: z.literal('scan'), scan: Id, label: Column }),
  ]),
  /**
   * Columns that are shown to those who decide. Where absent: the columns that the queue and its scan name, and to
   * those with `data.content` the whole record.
   */
  show: z.array(Column).max(100).optional(),
});
export type LabelQueueInput = z.infer<typeof LabelQueueInput>;

export const AnnotatorView = z.object({
  name: z.string(),
  labels: z.number().int().nonnegative(),
  /** Estimated accuracy with its 95% interval; null where there is too little to tell. */
  reliability: z.object({ value: Share, low: Share, high: Share }).nullable(),
  /** Why the annotator is suspected; null where nothing speaks against them. */
  suspicion: z.string().nullable(),
});

export const LabelQueue = z.object({
  id: Id,
  name: z.string(),
  datasetId: Id,
  dataset: z.string(),
  version: z.number().int().positive(),
  from: z.enum(['annotations', 'scan']),
  state: z.enum(['working', 'open', 'applied', 'failed']),
  failure: z.string().nullable(),
  /** Labels that records have; empty for those with neither `data.label` nor `data.content`. */
  classes: z.array(z.string()),
  items: z.number().int().nonnegative(),
  decided: z.number().int().nonnegative(),
  /** Of annotations: Krippendorff's alpha, nominal. */
  alpha: z.number().nullable(),
  /** Empty for those with neither `data.label` nor `data.content`. */
  annotators: z.array(AnnotatorView),
  /** Version that the decisions became. */
  appliedAs: z.number().int().positive().nullable(),
  /**
   * Dataset whose version the decisions became: the same one for a scan; for annotations, whose rows are judgements,
   * the one named as this and ` labels`, with one row for each item. It is registered where there is none.
   */
  appliedDataset: z.string().nullable(),
  createdBy: z.string(),
  createdAt: Instant,
});
export type LabelQueue = z.infer<typeof LabelQueue>;

export const LabelItem = z.object({
  /** Place in the queue, from 0: the most worth a look first. */
  place: z.number().int().nonnegative(),
  /** Rows of the version, from 0, that the item stands in. */
  rows: z.array(z.number().int().nonnegative()),
  name: z.string(),
  current: z.string().nullable(),
  /** What is proposed: by aggregation of the annotators, or by the scan. */
  proposed: z.string().nullable(),
  confidence: Share.nullable(),
  votes: z.array(z.object({ annotator: z.string(), label: z.string() })),
  reason: z.string(),
  decision: z.string().nullable(),
  decidedBy: z.string().nullable(),
  decidedAt: Instant.nullable(),
});
export type LabelItem = z.infer<typeof LabelItem>;

const Params = z.object({ id: Id });

export const labellingRoutes = {
  list: defineRoute({
    id: 'labelling.list',
    method: 'GET',
    path: '/api/v1/data/label-queues',
    summary: 'Queues of disputed labels, newest first',
    access: 'data.read',
    query: CursorQuery,
    response: pageOf(LabelQueue),
  }),
  create: defineRoute({
    id: 'labelling.create',
    method: 'POST',
    path: '/api/v1/data/label-queues',
    summary:
      'Make a queue of labels that people should decide; needs data.content too, since it shows values',
    access: 'data.write',
    body: LabelQueueInput,
    response: LabelQueue,
  }),
  get: defineRoute({
    id: 'labelling.get',
    method: 'GET',
    path: '/api/v1/data/label-queues/:id',
    summary: 'One queue, with its annotators',
    access: 'data.read',
    params: Params,
    response: LabelQueue,
  }),
  items: defineRoute({
    id: 'labelling.items',
    method: 'GET',
    path: '/api/v1/data/label-queues/:id/items',
    summary: 'Items of a queue, the most worth a look first',
    access: 'data.label',
    params: Params,
    query: CursorQuery.extend({ state: z.enum(['open', 'decided', 'all']).default('open') }),
    response: pageOf(LabelItem),
  }),
  record: defineRoute({
    id: 'labelling.record',
    method: 'GET',
    path: '/api/v1/data/label-queues/:id/items/:place/record',
    summary: 'What the record of an item says, for those who label it',
    access: 'data.label',
    params: Params.extend({ place: z.coerce.number().int().min(0) }),
    response: z.object({
      columns: z.array(z.object({ name: z.string(), value: z.string().nullable() })),
      /** Columns that are not shown to the caller. */
      withheld: z.number().int().nonnegative(),
    }),
  }),
  decide: defineRoute({
    id: 'labelling.decide',
    method: 'POST',
    path: '/api/v1/data/label-queues/:id/items/:place/decision',
    summary: 'Decide the label of an item; null takes the decision back',
    access: 'data.label',
    params: Params.extend({ place: z.coerce.number().int().min(0) }),
    body: z.object({ label: z.string().max(1_000).nullable() }),
    response: LabelItem,
  }),
  apply: defineRoute({
    id: 'labelling.apply',
    method: 'POST',
    path: '/api/v1/data/label-queues/:id/apply',
    summary: 'Make a new version of the dataset with the labels that were decided',
    access: 'data.write',
    params: Params,
    body: z.object({ reason: z.string().trim().min(10, 'say why, in at least 10 characters').max(2_000) }),
    response: LabelQueue,
  }),
} as const;
