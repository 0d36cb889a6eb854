import pg from 'pg';

/** Any fixed number: with the sink's own it names the lock that only one server's delivery holds. */
const LOCK = 420_331_840;

/**
 * Advisory locks on a connection of their own, opened when the first is asked for. When it breaks, all locks are
 * lost at once and `onLost` is told.
 */
export function createLocks(url: string, onLost: () => void) {
  let client: pg.Client | undefined;
  const held = new Set<string>();

  function lost(which: pg.Client): void {
    if (client !== which) return;
    client = undefined;
    held.clear();
    onLost();
  }

  async function connection(): Promise<pg.Client> {
    if (client) return client;
    const made = new pg.Client({
      connectionString: url,
      application_name: 'bartizan-sinks',
      connectionTimeoutMillis: 5_000,
      query_timeout: 10_000,
      keepAlive: true,
    });
    made.on('error', () => lost(made));
    made.on('end', () => lost(made));
    try {
      await made.connect();
    } catch (error) {
      await made.end().catch(() => undefined);
      throw error;
    }
    client = made;
    return made;
  }

  async function close(): Promise<void> {
    const open = client;
    client = undefined;
    held.clear();
    await open?.end().catch(() => undefined);
  }

  /** A query that fails leaves the connection in doubt: it is given up, and with it all locks. */
  async function ask(text: string, values: readonly unknown[]): Promise<boolean> {
    const open = await connection();
    try {
      const { rows } = await open.query<{ ok: boolean }>(text, [...values]);
      return rows[0]?.ok ?? false;
    } catch (error) {
      lost(open);
      await open.end().catch(() => undefined);
      throw error;
    }
  }

  return Object.freeze({
    /** True when this server holds the sink's lock, now or already. */
    async take(sinkId: string): Promise<boolean> {
      if (held.has(sinkId)) return true;
      if (!(await ask('select pg_try_advisory_lock($1::integer, hashtext($2)) as ok', [LOCK, sinkId])))
        return false;
      held.add(sinkId);
      return true;
    },

    async release(sinkId: string): Promise<void> {
      if (!held.delete(sinkId) || !client) return;
      await ask('select pg_advisory_unlock($1::integer, hashtext($2)) as ok', [LOCK, sinkId]);
    },

    /** Throws, and all locks are lost, when the connection is dead. */
    async check(): Promise<void> {
      if (client) await ask('select true as ok', []);
    },

    close,
  });
}
export type Locks = ReturnType<typeof createLocks>;
