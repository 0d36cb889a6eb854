import { SERVER_METRICS as M, type Meter, type Reading } from '@bartizan/contracts/telemetry/index.ts';
import type { Pool } from 'pg';

const ANSWER_MS = 1_000;

const one = (value: number): readonly Reading[] => [{ labels: [], value }];

/** The pool's connections, and whether the database answers. */
export function watchDatabase(meter: Meter, pool: Pool): void {
  meter.watch(M.poolConnections, () => [
    { labels: ['busy'], value: pool.totalCount - pool.idleCount },
    { labels: ['idle'], value: pool.idleCount },
  ]);
  meter.watch(M.poolLimit, () => one(pool.options.max));
  meter.watch(M.poolWaiting, () => one(pool.waitingCount));
  meter.watch(M.databaseUp, async () => one((await answers(pool)) ? 1 : 0));
  meter.watch(M.migrations, async () => {
    const { rows } = await pool.query<{ n: number }>(
      'select count(*)::integer as n from bartizan_migrations',
    );
    return one(rows[0]?.n ?? 0);
  });
}

async function answers(pool: Pool): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ANSWER_MS);
  });
  const asked = pool.query('select 1').then(
    () => true,
    () => false,
  );
  try {
    return await Promise.race([asked, late]);
  } finally {
    clearTimeout(timer);
  }
}
