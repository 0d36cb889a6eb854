import { z } from 'zod';
import { CursorQuery, Id, Instant, pageOf, Slug } from './common.ts';
import { defineRoute } from './route.ts';
import {
  Attention,
  AttentionKind,
  Day,
  SystemChange,
  SystemFields,
  SystemInput,
  SystemLink,
  SystemParty,
  SystemReview,
  SystemState,
} from './system-fields.ts';
import {
  ActClass,
  Answers,
  Questionnaire,
  RiskTier,
  RiskTrial,
  SystemAssessment,
  SystemRisk,
} from './system-risk.ts';
import { TeamRef } from './teams.ts';

/** What lists show of a system. */
export const SystemSummary = z.object({
  id: Id,
  key: Slug,
  name: z.string(),
  purpose: z.string(),
  state: SystemState,
  owner: SystemParty.nullable(),
  team: TeamRef.nullable(),
  risk: SystemRisk.nullable(),
  tags: z.array(z.string()),
  vendor: z.string(),
  models: z.number().int().nonnegative(),
  endpoints: z.number().int().nonnegative(),
  nextReviewOn: Day.nullable(),
  attention: z.array(AttentionKind),
  updatedAt: Instant,
});
export type SystemSummary = z.infer<typeof SystemSummary>;

export const System = SystemFields.extend({
  id: Id,
  owner: SystemParty.nullable(),
  backupOwner: SystemParty.nullable(),
  teamId: Id.nullable(),
  team: TeamRef.nullable(),
  models: z.array(SystemLink),
  endpoints: z.array(SystemLink),
  /** Linked, but of teams that the caller is not in. */
  hidden: z.object({ models: z.number().int(), endpoints: z.number().int() }),
  risk: SystemRisk.nullable(),
  lastReview: SystemReview.nullable(),
  attention: z.array(Attention),
  /** Counts changes; an update names the one it began from. */
  revision: z.number().int().positive(),
  createdAt: Instant,
  createdBy: z.string(),
  updatedAt: Instant,
  retiredAt: Instant.nullable(),
});
export type System = z.infer<typeof System>;

/** What the caller may do; `reason` says why not, and is empty otherwise. */
export const SystemDetail = System.extend({ may: z.object({ manage: z.boolean(), reason: z.string() }) });
export type SystemDetail = z.infer<typeof SystemDetail>;

/** Values separated by commas. */
const listOf = <T extends z.ZodType<unknown, string>>(item: T) =>
  z
    .string()
    .max(2000)
    .transform((text) => text.split(',').filter((one) => one !== ''))
    .pipe(z.array(item).max(50))
    .optional();

export const SystemQuery = CursorQuery.extend({
  /** Words in name, key, description, purpose, vendor and tags. */
  text: z.string().max(200).optional(),
  key: Slug.optional(),
  state: listOf(SystemState),
  /** `none`: not assessed. */
  tier: listOf(z.union([RiskTier, z.literal('none')])),
  class: listOf(z.union([ActClass, z.literal('none')])),
  /** Id of a person or team, or `none`. */
  owner: listOf(z.union([Id, z.literal('none')])),
  team: listOf(z.union([Id, z.literal('none')])),
  tag: listOf(z.string()),
  /** Kinds of attention that it needs; `any` for all. */
  attention: listOf(z.union([AttentionKind, z.literal('any')])),
  /** That use this one. */
  model: Id.optional(),
  endpoint: Id.optional(),
});

export const SystemOwnerChoice = z.object({
  kind: z.enum(['person', 'team']),
  id: Id,
  name: z.string(),
  /** Of people, for callers who may read accounts; empty otherwise. */
  email: z.string(),
});

export type SystemOwnerChoice = z.infer<typeof SystemOwnerChoice>;

export const NODE_KINDS = [
  'system',
  'model',
  'version',
  'endpoint',
  'data',
  'vendor',
  'vendor-model',
  'person',
  'team',
] as const;
export const GraphNode = z.object({
  /** Unique in the graph: `<kind>:<id or name>`. */
  id: z.string(),
  kind: z.enum(NODE_KINDS),
  label: z.string(),
  /** What it is said with: state and tier of a system, number of a version. */
  detail: z.string(),
  /** Of the thing itself, where it has a page. */
  ref: z.string().nullable(),
  tier: RiskTier.nullable(),
  /** Relations of it that are not in this answer. */
  more: z.number().int().nonnegative(),
});
export type GraphNode = z.infer<typeof GraphNode>;
export const GraphEdge = z.object({
  from: z.string(),
  to: z.string(),
  /** `owned by`, `uses`, `reads`, `served by`, `from`, `belongs to`, or the alias of a version. */
  label: z.string(),
});
export type GraphEdge = z.infer<typeof GraphEdge>;
export const SystemGraph = z.object({
  nodes: z.array(GraphNode),
  edges: z.array(GraphEdge),
  /** Nodes that the limit left out. */
  leftOut: z.number().int().nonnegative(),
});
export type SystemGraph = z.infer<typeof SystemGraph>;

export const MAX_CSV_BYTES = 5 * 1024 * 1024;
/** One row of a CSV file, as it would be or was taken over. `line` counts from 1, the heading included. */
export const ImportRow = z.object({
  line: z.number().int().positive(),
  key: z.string(),
  name: z.string(),
  action: z.enum(['create', 'update', 'unchanged', 'error']),
  /** Fields that an update changes. */
  changes: z.array(z.string()),
  errors: z.array(z.object({ column: z.string(), message: z.string(), todo: z.string() })),
  warnings: z.array(z.object({ column: z.string(), message: z.string() })),
});
export type ImportRow = z.infer<typeof ImportRow>;
export const ImportResult = z.object({
  /** True when the file was taken over; false for a trial, or when a row has an error: then nothing was. */
  done: z.boolean(),
  created: z.number().int(),
  updated: z.number().int(),
  unchanged: z.number().int(),
  failed: z.number().int(),
  /** Columns that are not known and were left out. */
  ignoredColumns: z.array(z.string()),
  rows: z.array(ImportRow),
});
export type ImportResult = z.infer<typeof ImportResult>;

const Params = z.object({ id: Id });
const Note = z.string().max(2000);
const Reason = z.string().trim().min(5, 'say why, in a few words').max(2000);
const Revision = z.number().int().positive();

export const inventoryRoutes = {
  list: defineRoute({
    id: 'systems.list',
    method: 'GET',
    path: '/api/v1/systems',
    summary: 'AI systems',
    access: 'systems.read',
    query: SystemQuery,
    response: pageOf(SystemSummary).extend({ total: z.number().int().nonnegative() }),
  }),
  attention: defineRoute({
    id: 'systems.attention',
    method: 'GET',
    path: '/api/v1/systems/attention',
    summary: 'Systems, endpoints and models that somebody must look into, the weightiest first',
    access: 'systems.read',
    response: z.object({ items: z.array(Attention), total: z.number().int().nonnegative() }),
  }),
  graph: defineRoute({
    id: 'systems.graph',
    method: 'GET',
    path: '/api/v1/systems/graph',
    summary: 'Systems and what they have to do with, as nodes and edges',
    access: 'systems.read',
    query: z.object({
      /** Around this node, e.g. `system:<id>` or `vendor:acme`; absent: all systems. */
      around: z.string().max(300).optional(),
      /** Steps away from it. */
      depth: z.coerce.number().int().min(1).max(3).default(2),
      limit: z.coerce.number().int().min(1).max(1000).default(500),
    }),
    response: SystemGraph,
  }),
  owners: defineRoute({
    id: 'systems.owners',
    method: 'GET',
    path: '/api/v1/systems/owners',
    summary: 'People and teams that a system can be given to',
    access: 'systems.manage',
    query: z.object({ text: z.string().max(200).optional() }),
    response: z.object({ items: z.array(SystemOwnerChoice) }),
  }),
  questionnaire: defineRoute({
    id: 'systems.questionnaire',
    method: 'GET',
    path: '/api/v1/systems/questionnaire',
    summary: 'The questions from which tier and class are worked out',
    access: 'systems.read',
    response: Questionnaire,
  }),
  tryAssessment: defineRoute({
    id: 'systems.tryAssessment',
    method: 'POST',
    path: '/api/v1/systems/try-assessment',
    summary: 'What answers come to; nothing is kept',
    access: 'systems.read',
    body: z.object({ answers: Answers }),
    response: RiskTrial,
  }),
  export: defineRoute({
    id: 'systems.export',
    method: 'GET',
    path: '/api/v1/systems/export',
    summary: 'Systems as CSV, in the columns that an import takes',
    access: 'systems.read',
    query: SystemQuery.omit({ cursor: true, limit: true }),
    streams: 'text/plain',
  }),
  import: defineRoute({
    id: 'systems.import',
    method: 'POST',
    path: '/api/v1/systems/import',
    summary: 'Create and update systems from CSV: the whole file, or nothing',
    access: 'systems.manage',
    body: z.object({
      /** The file's bytes: UTF-8, with or without a byte order mark, commas or semicolons. */
      file: z.base64().max(Math.ceil(MAX_CSV_BYTES / 3) * 4),
      /** Say what would happen, and change nothing. */
      dryRun: z.boolean().default(false),
    }),
    response: ImportResult,
    bodyLimitBytes: 8 * 1024 * 1024,
  }),
  create: defineRoute({
    id: 'systems.create',
    method: 'POST',
    path: '/api/v1/systems',
    summary: 'Describe a system',
    access: 'systems.manage',
    body: SystemInput,
    response: System,
  }),
  get: defineRoute({
    id: 'systems.get',
    method: 'GET',
    path: '/api/v1/systems/:id',
    summary: 'One system',
    access: 'systems.read',
    params: Params,
    response: SystemDetail,
  }),
  update: defineRoute({
    id: 'systems.update',
    method: 'PUT',
    path: '/api/v1/systems/:id',
    summary: 'Replace what is said of a system; 409 when somebody else changed it since that revision',
    access: 'systems.manage',
    params: Params,
    body: SystemInput.extend({ revision: Revision }),
    response: System,
  }),
  retire: defineRoute({
    id: 'systems.retire',
    method: 'POST',
    path: '/api/v1/systems/:id/retire',
    summary: 'Retire a system; it stays on record',
    access: 'systems.manage',
    params: Params,
    body: z.object({ reason: Reason }),
    response: System,
  }),
  review: defineRoute({
    id: 'systems.review',
    method: 'POST',
    path: '/api/v1/systems/:id/review',
    summary: 'Say that a system was reviewed and is described as it is; sets the next date',
    access: 'systems.manage',
    params: Params,
    body: z.object({
      note: Note.default(''),
      /** Absent: the review interval from today. */
      nextReviewOn: Day.optional(),
    }),
    response: System,
  }),
  assess: defineRoute({
    id: 'systems.assess',
    method: 'POST',
    path: '/api/v1/systems/:id/assessments',
    summary: 'Answer the questionnaire; tier and class follow from the answers',
    access: 'systems.manage',
    params: Params,
    body: z.object({ answers: Answers, note: Note.default(''), revision: Revision.optional() }),
    response: System,
  }),
  assessments: defineRoute({
    id: 'systems.assessments',
    method: 'GET',
    path: '/api/v1/systems/:id/assessments',
    summary: 'How the questionnaire was answered, the newest first',
    access: 'systems.read',
    params: Params,
    query: CursorQuery,
    response: pageOf(SystemAssessment),
  }),
  override: defineRoute({
    id: 'systems.override',
    method: 'POST',
    path: '/api/v1/systems/:id/override',
    summary: 'Set tier or class by hand, with a reason; both null withdraws that',
    access: 'systems.manage',
    params: Params,
    body: z.object({ tier: RiskTier.nullable(), actClass: ActClass.nullable(), reason: Reason }),
    response: System,
  }),
  history: defineRoute({
    id: 'systems.history',
    method: 'GET',
    path: '/api/v1/systems/:id/history',
    summary: 'Who changed what, the newest first',
    access: 'systems.read',
    params: Params,
    query: CursorQuery,
    response: pageOf(SystemChange),
  }),
} as const;
