import { z } from 'zod';
import { CursorQuery, Id, Instant, pageOf } from './common.ts';
import { GuardFinding, GuardTiming } from './policies.ts';
import { defineRoute } from './route.ts';
import { Author, Direction, SegmentKind, Verdict } from './verdicts.ts';

/** The API that the client spoke. */
export const API_FORMATS = [
  'chat.completions',
  'responses',
  'messages',
  'messages.count_tokens',
  'embeddings',
  'completions',
] as const;
export const ApiFormat = z.enum(API_FORMATS);
export type ApiFormat = z.infer<typeof ApiFormat>;

/**
 * How the call ended. `answered`: the client got the upstream's answer. `blocked`: a guard stopped it.
 * `denied`: not admitted (limits, model, configuration). `failed`: the upstream or a guard failed.
 * `cancelled`: the client went away.
 */
export const Outcome = z.enum(['answered', 'blocked', 'denied', 'failed', 'cancelled']);
export type Outcome = z.infer<typeof Outcome>;

/** A piece of the conversation as kept: `text` is null where retention keeps digests only. */
export const RecordedSegment = z.object({
  index: z.number().int().nonnegative(),
  direction: Direction,
  author: Author,
  kind: SegmentKind,
  /** Where it stood in the body, as a JSON pointer. */
  path: z.string(),
  text: z.string().nullable(),
  sha256: z.string(),
  chars: z.number().int().nonnegative(),
});
export type RecordedSegment = z.infer<typeof RecordedSegment>;

export const Attempt = z.object({
  upstreamId: z.string(),
  upstreamName: z.string(),
  status: z.number().int().nullable(),
  /** `timeout`, `connection`, `circuit_open`, `garbage`, `too_large`, `status`; null when it went well. */
  error: z.string().nullable(),
  ms: z.number(),
});

/** What a gateway records of one request and its response. */
export const InteractionRecord = z.object({
  id: Id,
  at: Instant,
  gatewayId: z.string(),
  requestId: z.string(),
  endpointId: Id.nullable(),
  endpointSlug: z.string(),
  keyId: Id.nullable(),
  keyName: z.string(),
  /** End user named in the request, if any. */
  user: z.string().max(512).nullable(),
  api: ApiFormat,
  model: z.string().max(512),
  upstreamModel: z.string().max(512).nullable(),
  upstreamId: z.string().nullable(),
  streamed: z.boolean(),
  /** HTTP status that the client saw. */
  status: z.number().int(),
  outcome: Outcome,
  verdict: Verdict,
  /** What a policy in shadow mode would have done; equals `verdict` when enforcing. */
  wouldBe: Verdict,
  policyId: Id.nullable(),
  policyVersion: z.number().int().nullable(),
  snapshotVersion: z.string(),
  findings: z.array(GuardFinding),
  guardErrors: z.array(z.object({ check: z.string(), message: z.string() })),
  attempts: z.array(Attempt),
  timings: z.object({
    totalMs: z.number(),
    guardMs: z.number(),
    upstreamMs: z.number(),
    firstTokenMs: z.number().nullable(),
    guards: z.array(GuardTiming),
  }),
  usage: z.object({ inputTokens: z.number().int(), outputTokens: z.number().int() }).nullable(),
  retention: z.enum(['full', 'redacted', 'hash']),
  expiresAt: Instant,
  segments: z.array(RecordedSegment),
  /** Present only when retention is `full`. */
  rawRequest: z.string().nullable(),
  rawResponse: z.string().nullable(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  /** The trace of the client's request (W3C Trace Context); absent where there is none. */
  traceId: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .optional(),
});
export type InteractionRecord = z.infer<typeof InteractionRecord>;

export const InteractionSummary = InteractionRecord.pick({
  id: true,
  at: true,
  endpointId: true,
  endpointSlug: true,
  keyId: true,
  keyName: true,
  user: true,
  api: true,
  model: true,
  streamed: true,
  status: true,
  outcome: true,
  verdict: true,
  wouldBe: true,
}).extend({
  checks: z.array(z.string()),
  totalMs: z.number(),
  tokens: z.number().int().nullable(),
  /** First words of the last user segment; empty where no text is kept. */
  excerpt: z.string(),
});
export type InteractionSummary = z.infer<typeof InteractionSummary>;

export const InteractionDetail = InteractionRecord.omit({ rawRequest: true, rawResponse: true }).extend({
  hasRaw: z.boolean(),
});
export type InteractionDetail = z.infer<typeof InteractionDetail>;

const list = z
  .union([z.string(), z.array(z.string())])
  .transform((value) => (Array.isArray(value) ? value : value.split(',')));

export const InteractionFilter = z.object({
  from: z.coerce.number().int().optional(),
  to: z.coerce.number().int().optional(),
  endpoint: list.optional(),
  key: list.optional(),
  user: z.string().max(512).optional(),
  verdict: list.optional(),
  outcome: list.optional(),
  check: list.optional(),
  /** Words that must all occur in the kept text. */
  text: z.string().max(200).optional(),
});
export type InteractionFilter = z.infer<typeof InteractionFilter>;

export const OverviewPoint = z.object({
  at: Instant,
  requests: z.number().int(),
  blocked: z.number().int(),
  redacted: z.number().int(),
  flagged: z.number().int(),
  failed: z.number().int(),
  p50Ms: z.number().nullable(),
  p99Ms: z.number().nullable(),
});

export const Overview = z.object({
  from: Instant,
  to: Instant,
  stepMs: z.number().int(),
  totals: OverviewPoint.omit({ at: true }),
  points: z.array(OverviewPoint),
  topChecks: z.array(z.object({ check: z.string(), count: z.number().int() })),
  topEndpoints: z.array(
    z.object({
      endpointId: z.string(),
      slug: z.string(),
      requests: z.number().int(),
      blocked: z.number().int(),
    }),
  ),
  /** Where clients send their requests, as people reach it from outside; null when nobody configured it. */
  gatewayUrl: z.string().nullable().default(null),
  gateways: z.array(
    z.object({
      id: z.string(),
      snapshotVersion: z.string(),
      lastSeenAt: Instant,
      backlog: z.number().int(),
      current: z.boolean(),
    }),
  ),
});
export type Overview = z.infer<typeof Overview>;

/** Usual reasons for reading protected content: a start for the sentence that goes into the audit log. */
export const PURPOSES = [
  { id: 'incident', title: 'Incident' },
  { id: 'complaint', title: 'Customer complaint' },
  { id: 'quality', title: 'Quality review' },
  { id: 'legal', title: 'Legal request' },
] as const;

const Params = z.object({ id: Id });

export const interactionRoutes = {
  list: defineRoute({
    id: 'interactions.list',
    method: 'GET',
    path: '/api/v1/interactions',
    summary: 'Interactions, newest first',
    access: 'interactions.read',
    query: InteractionFilter.extend(CursorQuery.shape),
    response: pageOf(InteractionSummary),
  }),
  get: defineRoute({
    id: 'interactions.get',
    method: 'GET',
    path: '/api/v1/interactions/:id',
    summary: 'One interaction with findings; spans that a guard found are masked',
    access: 'interactions.read',
    params: Params,
    response: InteractionDetail,
  }),
  content: defineRoute({
    id: 'interactions.content',
    method: 'GET',
    path: '/api/v1/interactions/:id/content',
    summary: 'One interaction with nothing masked, as far as retention keeps it; the reason is recorded',
    access: 'interactions.content',
    stepUp: true,
    purpose: true,
    params: Params,
    response: InteractionDetail,
  }),
  raw: defineRoute({
    id: 'interactions.raw',
    method: 'GET',
    path: '/api/v1/interactions/:id/raw',
    summary: 'The raw request and response, where retention keeps them',
    access: 'interactions.content',
    stepUp: true,
    purpose: true,
    params: Params,
    response: z.object({ request: z.string().nullable(), response: z.string().nullable() }),
  }),
  export: defineRoute({
    id: 'interactions.export',
    method: 'GET',
    path: '/api/v1/interactions/export',
    summary:
      'Everything the filter matches as JSON Lines; unmasked with `content=full` and interactions.content',
    access: 'interactions.export',
    purpose: true,
    query: InteractionFilter.extend({ content: z.enum(['masked', 'full']).default('masked') }),
    streams: 'application/x-ndjson',
  }),
  live: defineRoute({
    id: 'interactions.live',
    method: 'GET',
    path: '/api/v1/interactions/live',
    summary: 'New interactions as server-sent events (`interaction` events carry an InteractionSummary)',
    access: 'interactions.read',
    streams: 'text/event-stream',
  }),
  overview: defineRoute({
    id: 'overview.get',
    method: 'GET',
    path: '/api/v1/overview',
    summary: 'Traffic, blocks, latency and top checks over a window',
    access: 'overview.read',
    query: z.object({
      windowMs: z.coerce
        .number()
        .int()
        .min(60_000)
        .max(90 * 86_400_000)
        .default(3_600_000),
    }),
    response: Overview,
  }),
} as const;
