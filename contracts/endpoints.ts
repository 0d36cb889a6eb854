import { z } from 'zod';
import { Empty, Id, Instant, Slug } from './common.ts';
import { defineRoute } from './route.ts';

/** Which API family an upstream speaks. `demo` is the built-in demo assistant, which speaks both. */
export const Provider = z.enum(['openai', 'anthropic', 'demo']);
export type Provider = z.infer<typeof Provider>;

/**
 * Limits per minute and day, and of requests under way at once (a stream is under way until its end); null means
 * unlimited. Tokens are counted from the upstream's usage.
 */
export const Limits = z.object({
  requestsPerMinute: z.number().int().positive().nullable().default(null),
  tokensPerMinute: z.number().int().positive().nullable().default(null),
  tokensPerDay: z.number().int().positive().nullable().default(null),
  concurrent: z.number().int().positive().nullable().default(null),
});
export type Limits = z.infer<typeof Limits>;
export const NO_LIMITS: Limits = Object.freeze({
  requestsPerMinute: null,
  tokensPerMinute: null,
  tokensPerDay: null,
  concurrent: null,
});

/** A model that clients may ask for, and what it is called upstream. */
export const ModelRoute = z.object({
  name: z.string().min(1).max(200),
  upstreamName: z.string().min(1).max(200).optional(),
});

export const UpstreamFields = z.object({
  name: z.string().min(1).max(100),
  provider: Provider,
  /** e.g. `https://api.openai.com/v1` or `https://api.anthropic.com`; not needed for `demo`. */
  baseUrl: z.union([z.literal(''), z.url({ protocol: /^https?$/ })]).default(''),
  enabled: z.boolean().default(true),
  /** Share of traffic among upstreams of equal priority. */
  weight: z.number().int().min(1).max(1000).default(1),
  /** Lower goes first; higher numbers are fallbacks. */
  priority: z.number().int().min(0).max(100).default(0),
  connectTimeoutMs: z.number().int().min(100).max(60_000).default(5_000),
  /** Until response headers arrive. */
  headersTimeoutMs: z.number().int().min(100).max(600_000).default(60_000),
  /** Longest silence between two body chunks. */
  idleTimeoutMs: z.number().int().min(100).max(600_000).default(60_000),
  maxResponseBytes: z
    .number()
    .int()
    .min(1024)
    .max(1024 ** 3)
    .default(64 * 1024 * 1024),
  /** Allow loopback and private addresses (a model server in your own network). */
  allowPrivateNetwork: z.boolean().default(false),
});

/** As written by a client. `apiKey` absent keeps the stored one, null removes it. */
export const UpstreamInput = UpstreamFields.extend({
  id: Id.optional(),
  apiKey: z.string().min(1).max(4096).nullable().optional(),
});
export const Upstream = UpstreamFields.extend({ id: Id, hasApiKey: z.boolean(), apiKeyHint: z.string() });
export type Upstream = z.infer<typeof Upstream>;

export const Retention = z.object({
  /** `full`: text as sent. `redacted`: findings masked. `hash`: digests only. */
  content: z.enum(['full', 'redacted', 'hash']).default('redacted'),
  days: z.number().int().min(1).max(3650).default(30),
});

export const RetryPolicy = z.object({
  /** Attempts in total, over all upstreams. */
  maxAttempts: z.number().int().min(1).max(10).default(3),
  baseDelayMs: z.number().int().min(10).max(10_000).default(200),
  maxDelayMs: z.number().int().min(10).max(60_000).default(5_000),
});

export const EndpointFields = z.object({
  slug: Slug,
  name: z.string().min(1).max(100),
  description: z.string().max(500).default(''),
  enabled: z.boolean().default(true),
  policyId: Id.nullable().default(null),
  /** Models that clients may name; empty allows every model the upstream has. */
  models: z.array(ModelRoute).max(200).default([]),
  retry: RetryPolicy.prefault({}),
  limits: Limits.prefault({}),
  /** For each end user named in the request (`user`, `metadata.user_id`). */
  userLimits: Limits.prefault({}),
  retention: Retention.prefault({}),
  onGuardError: z.enum(['deny', 'allow']).default('deny'),
  /** Secret strings planted in the system prompt; their appearance in an answer is a leak. */
  canaries: z.array(z.string().min(6).max(200)).max(20).default([]),
  maxRequestBytes: z
    .number()
    .int()
    .min(1024)
    .max(256 * 1024 * 1024)
    .default(10 * 1024 * 1024),
});

export const EndpointInput = EndpointFields.extend({
  upstreams: z.array(UpstreamInput).max(50).default([]),
  /**
   * Absent: a new endpoint gets the first policy (Standard on a fresh instance), a replaced one keeps its own.
   * Null, said outright: no guards.
   */
  policyId: Id.nullable().optional(),
  /** Absent: a new endpoint is everybody's, a replaced one stays where it is. Null: everybody's. */
  teamId: Id.nullable().optional(),
});
export type EndpointInput = z.input<typeof EndpointInput>;

export const Endpoint = EndpointFields.extend({
  id: Id,
  kind: z.literal('llm'),
  upstreams: z.array(Upstream),
  /** True for the endpoint of the built-in demo assistant. */
  demo: z.boolean(),
  /** The team that it belongs to; null is everybody's. */
  teamId: Id.nullable(),
  createdAt: Instant,
  updatedAt: Instant,
});
export type Endpoint = z.infer<typeof Endpoint>;

export const EndpointDetail = Endpoint.extend({
  /** What the caller may do with it; `reason` says why not, and is empty otherwise. */
  may: z.object({ manage: z.boolean(), reason: z.string() }),
});
export type EndpointDetail = z.infer<typeof EndpointDetail>;

const Params = z.object({ id: Id });

export const endpointRoutes = {
  list: defineRoute({
    id: 'endpoints.list',
    method: 'GET',
    path: '/api/v1/endpoints',
    summary: 'All endpoints',
    access: 'endpoints.read',
    response: z.object({ items: z.array(Endpoint) }),
  }),
  get: defineRoute({
    id: 'endpoints.get',
    method: 'GET',
    path: '/api/v1/endpoints/:id',
    summary: 'One endpoint',
    access: 'endpoints.read',
    params: Params,
    response: EndpointDetail,
  }),
  create: defineRoute({
    id: 'endpoints.create',
    method: 'POST',
    path: '/api/v1/endpoints',
    summary: 'Create an endpoint',
    access: 'endpoints.manage',
    body: EndpointInput,
    response: Endpoint,
  }),
  update: defineRoute({
    id: 'endpoints.update',
    method: 'PUT',
    path: '/api/v1/endpoints/:id',
    summary: 'Replace an endpoint; provider keys that are not given stay as they are',
    access: 'endpoints.manage',
    params: Params,
    body: EndpointInput,
    response: Endpoint,
  }),
  remove: defineRoute({
    id: 'endpoints.remove',
    method: 'DELETE',
    path: '/api/v1/endpoints/:id',
    summary: 'Remove an endpoint; its interactions stay until they expire',
    access: 'endpoints.manage',
    params: Params,
    response: Empty,
  }),
  testUpstream: defineRoute({
    id: 'endpoints.testUpstream',
    method: 'POST',
    path: '/api/v1/endpoints/test-upstream',
    summary: 'Ask an upstream for its models, to see that address and key work',
    access: 'endpoints.manage',
    body: z.object({ endpointId: Id.optional(), upstream: UpstreamInput }),
    response: z.object({
      ok: z.boolean(),
      message: z.string(),
      models: z.array(z.string()),
      latencyMs: z.number(),
    }),
  }),
} as const;
