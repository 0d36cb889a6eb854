import { GatewayAbout } from '@bartizan/contracts';
import { sql } from 'kysely';
import type { Database } from '../../platform/database/types.ts';

/** A sign of life of a gateway process. */
export interface GatewaySeen {
  readonly id: string;
  readonly snapshotVersion: string;
  /** Number of that snapshot; absent leaves what was known. */
  readonly sequence?: number;
  readonly lastSeenAt: number;
  /** Interactions in its journal; null leaves what was known. */
  readonly backlog: number | null;
  /** What it says of itself; absent leaves what was known. */
  readonly about?: GatewayAbout | undefined;
}

export interface GatewayProcess {
  readonly id: string;
  readonly snapshotVersion: string;
  readonly sequence: number;
  readonly lastSeenAt: number;
  readonly backlog: number;
  readonly about: GatewayAbout | null;
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
      const about = gateway.about === undefined ? null : JSON.stringify(gateway.about);
      await sql`
        insert into gateways as g (id, snapshot_version, sequence, backlog, last_seen_at, about)
        values (${gateway.id}, ${gateway.snapshotVersion}, coalesce(${gateway.sequence ?? null}::bigint, 0),
          coalesce(${gateway.backlog}::integer, 0), ${gateway.lastSeenAt}, ${about}::jsonb)
        on conflict (id) do update set snapshot_version = excluded.snapshot_version,
          sequence = coalesce(${gateway.sequence ?? null}::bigint, g.sequence),
          backlog = coalesce(${gateway.backlog}::integer, g.backlog),
          last_seen_at = greatest(g.last_seen_at, excluded.last_seen_at),
          about = coalesce(excluded.about, g.about)`.execute(database);
    },

    /** Processes seen within a day, the latest first; at most 1,000. */
    async list(nowMs: number): Promise<GatewayProcess[]> {
      const { rows } = await sql<Omit<GatewayProcess, 'about'> & { about: unknown }>`
          select id, snapshot_version as "snapshotVersion", sequence, last_seen_at as "lastSeenAt", backlog, about
          from gateways where last_seen_at > ${nowMs - FORGET_AFTER_MS}
          order by last_seen_at desc, id limit 1000`.execute(database);
      return rows.map((row) => ({ ...row, about: GatewayAbout.safeParse(row.about).data ?? null }));
    },

    async forget(nowMs: number): Promise<void> {
      await sql`delete from gateways where last_seen_at <= ${nowMs - FORGET_AFTER_MS}`.execute(database);
    },
  });
}
export type Gateways = ReturnType<typeof createGateways>;
