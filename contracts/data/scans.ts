import { z } from 'zod';
import { CursorQuery, Id, Instant, pageOf } from '../common.ts';
import { defineRoute } from '../route.ts';

export const DATA_SCAN_STATES = ['queued', 'running', 'done', 'failed', 'cancelled'] as const;
export const DATA_SEVERITIES = ['info', 'low', 'medium', 'high', 'critical'] as const;
export const DataSeverity = z.enum(DATA_SEVERITIES);
export type DataSeverity = z.infer<typeof DataSeverity>;

const Column = z.string().min(1).max(1_000);

/** How a version is to be read by the checks; what is absent is guessed from the schema. */
export const DataScanOptions = z.object({
  /** Column with the label. */
  label: Column.optional(),
  /** Column with the text. */
  text: Column.optional(),
  /** Columns that are judged; all but the others named here where absent. */
  features: z.array(Column).max(2_000).optional(),
  /** Of pairs for fine-tuning. */
  prompt: Column.optional(),
  response: Column.optional(),
  batch: Column.optional(),
  source: Column.optional(),
  /** Documents for retrieval: looked through for injected instructions and confidential content. */
  knowledgeBase: z.boolean().optional(),
  /** Of documents for retrieval: the column with the access label. */
  access: Column.optional(),
  /** Ids of checks; all that apply where absent. */
  checks: z.array(z.string().min(1).max(100)).max(100).optional(),
});
export type DataScanOptions = z.infer<typeof DataScanOptions>;

export const DataScan = z.object({
  id: Id,
  datasetId: Id,
  dataset: z.string(),
  version: z.number().int().positive(),
  state: z.enum(DATA_SCAN_STATES),
  options: DataScanOptions,
  /** What is being done, and how far that is, 0..1. */
  progress: z.object({ stage: z.string(), share: z.number().min(0).max(1) }).nullable(),
  /** Why it failed, and what to do. */
  failure: z.string().nullable(),
  /** Rows that were judged. */
  rows: z.number().int().nonnegative().nullable(),
  /** Rows that are suspected. */
  suspected: z.number().int().nonnegative().nullable(),
  findings: z.record(DataSeverity, z.number().int().nonnegative()),
  blindSpots: z.array(z.string()),
  createdBy: z.string(),
  createdAt: Instant,
  startedAt: Instant.nullable(),
  endedAt: Instant.nullable(),
});
export type DataScan = z.infer<typeof DataScan>;

/** `confirmed`: truly bad. `dismissed`: a false alarm. */
export const DataDecision = z.enum(['open', 'confirmed', 'dismissed']);

export const DataFinding = z.object({
  /** Place among the findings of its scan, from 0. */
  number: z.number().int().nonnegative(),
  check: z.string(),
  title: z.string(),
  severity: DataSeverity,
  message: z.string(),
  /** Rows from 0, ascending; the first ones. */
  rows: z.array(z.number().int().nonnegative()),
  count: z.number().int().nonnegative(),
  /** Estimated share of the rows that are truly bad, with its 95% interval; null where the check cannot tell. */
  precision: z.object({ value: z.number(), low: z.number(), high: z.number() }).nullable(),
  evidence: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  maps: z.array(z.object({ framework: z.string(), edition: z.string(), id: z.string() })),
  decision: DataDecision,
  decidedBy: z.string().nullable(),
  decidedAt: Instant.nullable(),
  note: z.string().nullable(),
});
export type DataFinding = z.infer<typeof DataFinding>;

/** A record and how much speaks against it. Its content is another route's, with a reason. */
export const SuspectedRecord = z.object({
  /** Place among the suspected, from 0. */
  rank: z.number().int().nonnegative(),
  row: z.number().int().nonnegative(),
  score: z.number().min(0).max(1),
  reasons: z.array(z.object({ check: z.string(), message: z.string() })),
});
export type SuspectedRecord = z.infer<typeof SuspectedRecord>;

const Params = z.object({ dataset: z.string().min(1).max(256), version: z.string().min(1).max(20) });
const ScanParams = z.object({ id: Id });
const VERSION = '/api/v1/data/datasets/:dataset/versions/:version';

export const dataScanRoutes = {
  start: defineRoute({
    id: 'dataScans.start',
    method: 'POST',
    path: `${VERSION}/scans`,
    summary: 'Look through a version for poisoning and faults; answers the scan, which goes on by itself',
    access: 'data.write',
    params: Params,
    body: DataScanOptions,
    response: DataScan,
  }),
  list: defineRoute({
    id: 'dataScans.list',
    method: 'GET',
    path: `${VERSION}/scans`,
    summary: 'Scans of a version, newest first',
    access: 'data.read',
    params: Params,
    response: z.object({ items: z.array(DataScan) }),
  }),
  get: defineRoute({
    id: 'dataScans.get',
    method: 'GET',
    path: '/api/v1/data/scans/:id',
    summary: 'A scan, its progress and its findings, the worst first',
    access: 'data.read',
    params: ScanParams,
    response: z.object({ scan: DataScan, findings: z.array(DataFinding) }),
  }),
  records: defineRoute({
    id: 'dataScans.records',
    method: 'GET',
    path: '/api/v1/data/scans/:id/records',
    summary: 'Suspected records, the most suspicious first',
    access: 'data.read',
    params: ScanParams,
    query: CursorQuery.extend({
      /** Only what this check speaks against. */
      check: z.string().max(100).optional(),
    }),
    response: pageOf(SuspectedRecord),
  }),
  decide: defineRoute({
    id: 'dataScans.decide',
    method: 'POST',
    path: '/api/v1/data/scans/:id/findings/:number/decision',
    summary: 'Say whether a finding is true or a false alarm',
    access: 'data.manage',
    params: ScanParams.extend({ number: z.coerce.number().int().min(0).max(100_000) }),
    body: z.object({ decision: DataDecision, note: z.string().max(2_000).default('') }),
    response: DataFinding,
  }),
  cancel: defineRoute({
    id: 'dataScans.cancel',
    method: 'POST',
    path: '/api/v1/data/scans/:id/cancel',
    summary: 'Stop a scan that is queued or running',
    access: 'data.write',
    params: ScanParams,
    response: DataScan,
  }),
} as const;
