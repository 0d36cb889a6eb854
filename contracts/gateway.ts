import { z } from 'zod';
import { Id, Instant } from './common.ts';
import { EndpointFields, Limits, UpstreamFields } from './endpoints.ts';
import { GatewayAbout } from './fleet.ts';
import { InteractionRecord } from './interactions.ts';
import { PolicyDocument } from './policies.ts';
import { defineRoute } from './route.ts';

/** Everything a gateway needs to serve, pulled from the server and kept on its disk. */
export const Snapshot = z.object({
  /** Changes whenever the content does; also the ETag. */
  version: z.string(),
  /**
   * Grows with every change, over all servers: of two snapshots, the one with the higher number was read later.
   * A gateway never goes back to a lower one. 0 in snapshots kept by gateways of before this number.
   */
  sequence: z.number().int().nonnegative().default(0),
  issuedAt: Instant,
  keys: z.array(
    z.object({
      id: Id,
      name: z.string(),
      /** Hex SHA-256 of the whole key. */
      hash: z.string().length(64),
      endpoints: z.union([z.literal('*'), z.array(Id)]),
      limits: Limits,
      expiresAt: Instant.nullable(),
    }),
  ),
  endpoints: z.array(
    EndpointFields.extend({
      id: Id,
      kind: z.literal('llm'),
      upstreams: z.array(
        UpstreamFields.extend({
          id: Id,
          /** Sealed provider key (see sealed.ts), or null. */
          sealedApiKey: z.string().nullable(),
        }),
      ),
    }),
  ),
  policies: z.array(
    z.object({ id: Id, name: z.string(), version: z.number().int(), document: PolicyDocument }),
  ),
  /**
   * The model that the injection check runs, by the digest of its manifest; null: the gateway's own. Absent from
   * servers of before this member.
   */
  detector: z
    .object({ name: z.string().max(130), sha256: z.string().regex(/^[0-9a-f]{64}$/) })
    .nullable()
    .optional(),
});
export type Snapshot = z.infer<typeof Snapshot>;
export type SnapshotEndpoint = Snapshot['endpoints'][number];
export type SnapshotUpstream = SnapshotEndpoint['upstreams'][number];
export type SnapshotKey = Snapshot['keys'][number];

/** A batch of interactions from one gateway. Interactions already known are ignored, so a batch may be sent again. */
export const ShipBatch = z.object({
  gatewayId: z.string().min(1).max(100),
  snapshotVersion: z.string(),
  /** Interactions still waiting in the gateway's journal after this batch. */
  backlog: z.number().int().nonnegative(),
  /** Absent from gateways of before this member. */
  about: GatewayAbout.optional(),
  interactions: z.array(InteractionRecord).max(2000),
});
export type ShipBatch = z.infer<typeof ShipBatch>;

export const gatewayRoutes = {
  snapshot: defineRoute({
    id: 'gateway.snapshot',
    method: 'GET',
    path: '/internal/v1/snapshot',
    summary:
      'The configuration snapshot; 304 when If-None-Match names the current version. `waitMs` long-polls',
    access: 'gateway',
    query: z.object({ waitMs: z.coerce.number().int().min(0).max(30_000).default(0) }),
    response: Snapshot,
  }),
  ship: defineRoute({
    id: 'gateway.ship',
    method: 'POST',
    path: '/internal/v1/interactions',
    summary: 'Store a batch of interactions; idempotent',
    access: 'gateway',
    body: ShipBatch,
    response: z.object({ stored: z.number().int(), known: z.number().int() }),
    bodyLimitBytes: 64 * 1024 * 1024,
  }),
} as const;
