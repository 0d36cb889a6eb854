import { z } from 'zod';
import { Id, Instant } from './common.ts';
import { defineRoute } from './route.ts';

/**
 * How a gateway counts limits. `local`: by itself, no Redis is configured. `shared`: with all others through
 * Redis. `degraded`: Redis is configured and does not answer, so each gateway goes by its own rule for that.
 */
export const LimitsMode = z.enum(['local', 'shared', 'degraded']);
export type LimitsMode = z.infer<typeof LimitsMode>;

/** The model that a gateway's injection check runs. */
export const GatewayDetector = z.object({
  /** `id@version`, or `rules`. */
  model: z.string().max(130),
  /** Digest of the model that it got from the server; null: it runs its own. Absent from gateways of before. */
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .nullable()
    .optional(),
  /** Why it does not run the one that it should; null while it does. */
  failed: z.string().max(500).nullable(),
});
export type GatewayDetector = z.infer<typeof GatewayDetector>;

/** What a gateway process says of itself with every batch that it ships. */
export const GatewayAbout = z.object({
  /** The gateway that this process belongs to: the same for all of its workers. */
  gateway: z.string().min(1).max(100),
  host: z.string().max(255),
  /** Of the product. */
  version: z.string().max(50),
  startedAt: Instant,
  /** Processes that serve. */
  workers: z.number().int().min(1).max(256),
  limits: LimitsMode,
  /** Absent from gateways of before this member. */
  detector: GatewayDetector.optional(),
});
export type GatewayAbout = z.infer<typeof GatewayAbout>;

/** A gateway: one process, or several workers behind one port. */
export const FleetGateway = z.object({
  id: z.string(),
  /** Null as long as it has said nothing of itself. */
  host: z.string().nullable(),
  version: z.string().nullable(),
  startedAt: Instant.nullable(),
  /** Version of the configuration that it serves by; of its workers, that which is furthest behind. */
  snapshotVersion: z.string(),
  /** True when that is what the server would give it now. */
  current: z.boolean(),
  /** Since when there is a newer configuration than the one it serves by; null when it is current or unknown. */
  behindSince: Instant.nullable(),
  lastSeenAt: Instant,
  /** Heard of within the last 30 s. */
  alive: z.boolean(),
  /** Interactions in its journals that no server has taken yet. */
  backlog: z.number().int(),
  workers: z.number().int(),
  limits: LimitsMode.nullable(),
  /** Of its workers, one that could not switch speaks for it; null as long as it has said nothing of it. */
  detector: GatewayDetector.nullable().default(null),
});
export type FleetGateway = z.infer<typeof FleetGateway>;

export const FleetServer = z.object({
  id: Id,
  host: z.string(),
  /** Of the product. */
  version: z.string(),
  startedAt: Instant,
  lastSeenAt: Instant,
  /** Heard of within the last 30 s. */
  alive: z.boolean(),
  /** False when it was told to take no part in scheduled work (`BARTIZAN_BACKGROUND=off`). */
  background: z.boolean(),
  /** Scheduled work that it does for all, e.g. `upkeep`. */
  leads: z.array(z.string()),
  /** True for the server that gave this answer. */
  answering: z.boolean(),
});
export type FleetServer = z.infer<typeof FleetServer>;

export const Fleet = z.object({
  /** What gateways should serve by. */
  snapshot: z.object({ version: z.string(), issuedAt: Instant }),
  gateways: z.array(FleetGateway),
  servers: z.array(FleetServer),
});
export type Fleet = z.infer<typeof Fleet>;

export const fleetRoutes = {
  get: defineRoute({
    id: 'fleet.get',
    method: 'GET',
    path: '/api/v1/fleet',
    summary: 'Gateways and servers of this instance: what they run, and whether they keep up',
    access: 'fleet.read',
    response: Fleet,
  }),
} as const;
