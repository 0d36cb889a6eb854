import type { Pool } from 'pg';

/** Any fixed number: names the lock that only one server's upkeep holds. */
const LOCK = 4_203_318_130;

export interface UpkeepOptions {
  readonly pool: Pool;
  readonly everyMs: number;
  readonly run: () => Promise<void>;
  readonly onError: (error: unknown) => void;
}

/**
 * Runs a job now and then, on one server of the instance at a time. A run that is still busy is not started
 * twice; `stop` waits for it.
 */
export function createUpkeep({ pool, everyMs, run, onError }: UpkeepOptions) {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | null = null;

  async function locked(): Promise<void> {
    const client = await pool.connect();
    let broken = true;
    try {
      const { rows } = await client.query<{ mine: boolean }>('select pg_try_advisory_lock($1) as mine', [
        LOCK,
      ]);
      if (rows[0]?.mine) {
        await run();
        await client.query('select pg_advisory_unlock($1)', [LOCK]);
      }
      broken = false;
    } finally {
      // A session that ends gives its lock back.
      client.release(broken);
    }
  }

  function once(): Promise<void> {
    running ??= locked()
      .catch(onError)
      .finally(() => {
        running = null;
      });
    return running;
  }

  return Object.freeze({
    once,
    start(): void {
      timer ??= setInterval(() => void once(), everyMs);
      timer.unref();
      void once();
    },
    async stop(): Promise<void> {
      clearInterval(timer);
      timer = undefined;
      await running;
    },
  });
}
