import { sql } from 'kysely';
import type { Database } from '../../platform/database/types.ts';

export interface GatewaySeen {
  readonly id: string;
  readonly snapshotVersion: string;
  readonly lastSeenAt: number;
  /** Interactions in its journal; null leaves what was known. */
  readonly backlog: number | null;
}

/** A gateway not heard of for this long is forgotten. */
const FORGET_AFTER_MS = 86_400_000;
/** Pulls of one gateway are noted at most this often while nothing changes. */
const NOTE_EVERY_MS = 2_000;

/** What is known of the gateways of this instance, over all servers. */
export function createGateways(database: Database) {
  const noted = new Map<string, { version: string; at: number }>();

  return Object.freeze({
    /** Notes a sign of life. Skips the write when the last one is fresh and says the same. */
    async seen(gateway: GatewaySeen): Promise<void> {
      const last = noted.get(gateway.id);
      const fresh = last !== undefined && gateway.lastSeenAt - last.at < NOTE_EVERY_MS;
      if (fresh && last.version === gateway.snapshotVersion && gateway.backlog === null) return;
      if (noted.size > 10_000) noted.clear();
      noted.set(gateway.id, { version: gateway.snapshotVersion, at: gateway.lastSeenAt });
      await sql`
        insert into gateways as g (id, snapshot_version, backlog, last_seen_at)
        values (${gateway.id}, ${gateway.snapshotVersion}, coalesce(${gateway.backlog}::integer, 0),
          ${gateway.lastSeenAt})
        on conflict (id) do update set snapshot_version = excluded.snapshot_version,
          backlog = coalesce(${gateway.backlog}::integer, g.backlog),
          last_seen_at = greatest(g.last_seen_at, excluded.last_seen_at)`.execute(database);
    },

    /** Seen within a day, the latest first; at most 200. */
    async list(nowMs: number): Promise<(GatewaySeen & { backlog: number })[]> {
      return (
        await sql<GatewaySeen & { backlog: number }>`
          select id, snapshot_version as "snapshotVersion", last_seen_at as "lastSeenAt", backlog
          from gateways where last_seen_at > ${nowMs - FORGET_AFTER_MS}
          order by last_seen_at desc, id limit 200`.execute(database)
      ).rows;
    },

    async forget(nowMs: number): Promise<void> {
      await sql`delete from gateways where last_seen_at <= ${nowMs - FORGET_AFTER_MS}`.execute(database);
    },
  });
}
export type Gateways = ReturnType<typeof createGateways>;
