import { z } from 'zod';
import { Empty, Id, Instant } from '../common.ts';
import { defineRoute } from '../route.ts';
import { ScanVerdict } from '../scans.ts';

/** From where data comes to where it is felt. */
export const DATA_LINEAGE_KINDS = [
  'source',
  'batch',
  'record',
  'dataset-version',
  /** Named by a client, and not (yet) known to be a version of a dataset here. */
  'external-dataset',
  /** A process that runs again and again, as OpenLineage names it. */
  'job',
  'run',
  'model-version',
  'endpoint',
  'system',
  /** One request and its answer. */
  'interaction',
] as const;
export type DataLineageKind = (typeof DATA_LINEAGE_KINDS)[number];

/**
 * `collected-from`: a batch, a source. `brought-in`: a batch, a version or record that holds it. `holds`: a version, a
 * record. `derived-from`: a version, the one before it. `read`, `wrote`: a run, a dataset. `run-of`: a run, a job.
 * `made-by`: a model version, a run. `based-on`: a model version, another. `serves`: an endpoint, a model version.
 * `uses`: a system, a model. `answered-by`: an interaction, an endpoint.
 */
export const DATA_LINEAGE_RELATIONS = [
  'collected-from',
  'brought-in',
  'holds',
  'derived-from',
  'read',
  'wrote',
  'run-of',
  'made-by',
  'based-on',
  'serves',
  'uses',
  'answered-by',
] as const;
export type DataLineageRelation = (typeof DATA_LINEAGE_RELATIONS)[number];

export const DataLineageNode = z.object({
  /** `<kind>:<key>`: what `node` of the queries takes. Of what is hidden, a number that means nothing elsewhere. */
  id: z.string(),
  kind: z.enum(DATA_LINEAGE_KINDS),
  /** People's text. */
  label: z.string(),
  /** Of what has a page: what its address takes (a dataset version: dataset id; a model version: model id). */
  ref: z.string().nullable(),
  /** Of versions of datasets and models. */
  version: z.number().int().positive().nullable(),
  /** Of versions and records: kept out of use. */
  quarantined: z.boolean(),
  verdict: ScanVerdict.nullable(),
  /** True where the caller may not see it. */
  hidden: z.boolean(),
  /** Steps from what was asked about: negative towards where data comes from, positive towards where it is felt. */
  distance: z.number().int(),
  at: Instant.nullable(),
});
export type DataLineageNode = z.infer<typeof DataLineageNode>;

/** Points towards where data is felt: from a source to its batch, from a version to the run that read it. */
export const DataLineageEdge = z.object({
  from: z.string(),
  to: z.string(),
  relation: z.enum(DATA_LINEAGE_RELATIONS),
});
export type DataLineageEdge = z.infer<typeof DataLineageEdge>;

export const DataLineageGraph = z.object({
  root: z.string(),
  nodes: z.array(DataLineageNode),
  edges: z.array(DataLineageEdge),
  /** True when limits of depth or number cut something off. */
  truncated: z.boolean(),
  /** Things that the caller may not see, as far as they were followed. */
  hidden: z.number().int().nonnegative(),
});
export type DataLineageGraph = z.infer<typeof DataLineageGraph>;

export const DataLineageQuery = z.object({
  /** `<kind>:<key>`. Absent: the newest of everything, as far as `limit` goes. */
  node: z.string().min(3).max(1_000).optional(),
  direction: z.enum(['both', 'origins', 'uses']).default('both'),
  /** Steps in each direction. */
  depth: z.coerce.number().int().min(1).max(100).default(20),
  /** Nodes at most. */
  limit: z.coerce.number().int().min(1).max(10_000).default(500),
});

/**
 * What to trace, as people write it: `DATASET@VERSION`, `DATASET@VERSION#ROW` (row from 0), `source:NAME`,
 * `batch:DATASET/NAME`, `model:NAME@VERSION`, `endpoint:SLUG`, `interaction:ID`, `run:ID`.
 */
export const TraceQuery = z.object({
  subject: z.string().min(1).max(1_000),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});

/** Records of one batch of one version behind what was asked about, and how suspicious they are. */
export const TraceOrigin = z.object({
  datasetId: Id,
  dataset: z.string(),
  version: z.number().int().positive(),
  batch: z.string().nullable(),
  source: z.string().nullable(),
  /** Records of the batch in this version. */
  records: z.number().int().nonnegative(),
  /** Those of them that the newest scan of the version suspects; null where it was not scanned. */
  suspected: z.number().int().nonnegative().nullable(),
  /** Times more suspected than in the rest of the version; null where that cannot be told. */
  lift: z.number().nonnegative().nullable(),
  /** The most suspicious rows, from 0; ten at most. */
  rows: z.array(z.object({ row: z.number().int().nonnegative(), score: z.number(), reason: z.string() })),
});
export type TraceOrigin = z.infer<typeof TraceOrigin>;

export const Trace = z.object({
  /** What was asked about. */
  subject: DataLineageNode,
  /** Ground zero: where the records behind it came in, the most suspicious first. */
  origins: z.array(TraceOrigin),
  /** Blast radius: what it reached. */
  reached: z.object({
    /** Versions here, and datasets elsewhere that runs wrote: those have the kind `external-dataset`. */
    datasetVersions: z.array(DataLineageNode),
    runs: z.array(DataLineageNode),
    modelVersions: z.array(DataLineageNode),
    endpoints: z.array(DataLineageNode),
    systems: z.array(DataLineageNode),
    /** Requests that those endpoints answered since they serve those versions; null where that is not known. */
    interactions: z.number().int().nonnegative().nullable(),
  }),
  truncated: z.boolean(),
  hidden: z.number().int().nonnegative(),
});
export type Trace = z.infer<typeof Trace>;

/** An OpenLineage run event (spec 2-0-2), as clients send it; facets are kept as they come, within limits. */
export const OpenLineageEvent = z.looseObject({
  eventTime: z.string().max(64),
  producer: z.string().max(2_000),
  schemaURL: z.string().max(2_000),
});
export type OpenLineageEvent = z.infer<typeof OpenLineageEvent>;

export const dataLineageRoutes = {
  receive: defineRoute({
    id: 'lineage.receive',
    method: 'POST',
    path: '/api/v1/lineage',
    summary: 'An OpenLineage event, as its clients send it',
    access: 'data.write',
    body: OpenLineageEvent,
    response: Empty,
    bodyLimitBytes: 4 * 1024 * 1024,
  }),
  graph: defineRoute({
    id: 'lineage.graph',
    method: 'GET',
    path: '/api/v1/data/lineage',
    summary: 'From sources to decisions, around one thing or all together',
    access: 'data.read',
    query: DataLineageQuery,
    response: DataLineageGraph,
  }),
  search: defineRoute({
    id: 'lineage.search',
    method: 'GET',
    path: '/api/v1/data/lineage/search',
    summary: 'Things in the lineage by their name',
    access: 'data.read',
    query: z.object({
      q: z.string().min(1).max(200),
      limit: z.coerce.number().int().min(1).max(100).default(20),
    }),
    response: z.object({ items: z.array(DataLineageNode) }),
  }),
  trace: defineRoute({
    id: 'lineage.trace',
    method: 'GET',
    path: '/api/v1/data/trace',
    summary: 'Ground zero of a thing, and its blast radius',
    access: 'data.read',
    query: TraceQuery,
    response: Trace,
  }),
} as const;
