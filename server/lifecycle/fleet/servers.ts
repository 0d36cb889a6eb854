import { hostname } from 'node:os';
import { sql } from 'kysely';
import type { Database } from '../../platform/database/types.ts';

export interface ServerSeen {
  readonly id: string;
  readonly host: string;
  readonly version: string;
  readonly background: boolean;
  readonly startedAt: number;
  readonly lastSeenAt: number;
  readonly leads: readonly string[];
}

export interface ServersOptions {
  readonly database: Database;
  readonly self: { readonly id: string; readonly version: string; readonly background: boolean };
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
  readonly everyMs?: number;
}

const FORGET_AFTER_MS = 86_400_000;
const HEARTBEAT_MS = 5_000;

/** The servers of this instance: each notes every 5 s that it lives, and takes its name off when it ends. */
export function createServers({ database, self, now, onError, everyMs = HEARTBEAT_MS }: ServersOptions) {
  const startedAt = now();
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();

  async function note(): Promise<void> {
    const at = now();
    await sql`
      insert into servers (id, host, version, background, started_at, last_seen_at)
      values (${self.id}, ${hostname().slice(0, 255)}, ${self.version}, ${self.background}, ${startedAt}, ${at})
      on conflict (id) do update set last_seen_at = greatest(servers.last_seen_at, excluded.last_seen_at)`.execute(
      database,
    );
  }

  const beat = (): void => {
    writing = note().catch(onError);
  };

  return Object.freeze({
    async start(): Promise<void> {
      beat();
      await writing;
      timer ??= setInterval(beat, everyMs);
      timer.unref();
    },
    async stop(): Promise<void> {
      if (timer === undefined) return;
      clearInterval(timer);
      timer = undefined;
      await writing;
      await sql`delete from servers where id = ${self.id}`.execute(database).catch(onError);
    },
    /** Seen within a day, the oldest first; at most 200. */
    async list(): Promise<ServerSeen[]> {
      const { rows } = await sql<ServerSeen>`
        select id, host, version, background, started_at as "startedAt", last_seen_at as "lastSeenAt",
          array(select name from leaderships where holder = servers.id order by name) as leads
        from servers where last_seen_at > ${now() - FORGET_AFTER_MS}
        order by started_at, id limit 200`.execute(database);
      return rows;
    },
    async forget(): Promise<void> {
      await sql`delete from servers where last_seen_at <= ${now() - FORGET_AFTER_MS}`.execute(database);
    },
  });
}
export type Servers = ReturnType<typeof createServers>;
