import type pg from 'pg';
import type { Progress, QueueCounts } from './types.ts';

/** Where pg-boss keeps its tables. Not part of a backup: what has to be done stands in the domains' own tables. */
export const JOBS_SCHEMA = 'bartizan_jobs';

/** A running job that was not heard of for so long has lost its server. */
export const HEARTBEAT_SECONDS = 20;

interface CountRow {
  readonly name: string;
  readonly waiting: number;
  readonly oldest: number;
  readonly running: number;
  readonly silent: number;
  readonly failed: number;
}

const COUNTS = `
  select q.name,
    count(*) filter (where j.state in ('created', 'retry') and j.start_after <= now())::integer as waiting,
    coalesce(extract(epoch from now() - min(j.start_after)
      filter (where j.state in ('created', 'retry') and j.start_after <= now())), 0)::float8 as oldest,
    count(*) filter (where j.state = 'active')::integer as running,
    count(*) filter (where j.state = 'active'
      and coalesce(j.heartbeat_on, j.started_on) < now() - interval '1 second' * $2)::integer as silent,
    count(*) filter (where j.state = 'failed')::integer as failed
  from ${JOBS_SCHEMA}.queue q left join ${JOBS_SCHEMA}.job j on j.name = q.name
  where q.name !~ '^__' and ($1::text[] is null or q.name = any($1)) group by q.name order by q.name`;

/**
 * How many jobs there are of each queue (null: of all), and in what state. Rejects where no server has made the
 * schema yet.
 */
export async function countJobs(
  client: Pick<pg.ClientBase, 'query'>,
  queues: readonly string[] | null,
): Promise<QueueCounts[]> {
  const { rows } = await client.query<CountRow>(COUNTS, [queues, 2 * HEARTBEAT_SECONDS]);
  return rows.map(({ name, oldest, ...counts }) => ({ queue: name, oldestSeconds: oldest, ...counts }));
}

const LIVE = `state in ('created', 'retry', 'active')`;

/** Reads and marks jobs past pg-boss's own functions, which know no keys. */
export function createJobStore(pool: pg.Pool, now: () => number) {
  return Object.freeze({
    async idOf(queue: string, key: string): Promise<string | null> {
      const { rows } = await pool.query<{ id: string }>(
        `select id from ${JOBS_SCHEMA}.job where name = $1 and singleton_key = $2 and ${LIVE}`,
        [queue, key],
      );
      return rows[0]?.id ?? null;
    },

    async alive(queue: string, keys: readonly string[]): Promise<ReadonlySet<string>> {
      const { rows } = await pool.query<{ key: string }>(
        `select singleton_key as key from ${JOBS_SCHEMA}.job
         where name = $1 and singleton_key = any($2) and ${LIVE}`,
        [queue, keys],
      );
      return new Set(rows.map(({ key }) => key));
    },

    async saveProgress(queue: string, key: string, { done, total, detail }: Progress): Promise<void> {
      await pool.query(
        `insert into job_progress (queue, key, done, total, detail, at) values ($1, $2, $3, $4, $5, $6)
         on conflict (queue, key) do update
         set done = excluded.done, total = excluded.total, detail = excluded.detail, at = excluded.at`,
        [queue, key, done, total, JSON.stringify(detail), now()],
      );
    },

    async dropProgress(queue: string, key: string): Promise<void> {
      await pool.query('delete from job_progress where queue = $1 and key = $2', [queue, key]);
    },

    async progressOf(queue: string, keys: readonly string[]): Promise<ReadonlyMap<string, Progress>> {
      const { rows } = await pool.query<Progress & { key: string }>(
        'select key, done, total, detail from job_progress where queue = $1 and key = any($2)',
        [queue, keys],
      );
      return new Map(rows.map(({ key, done, total, detail }) => [key, { done, total, detail }]));
    },
  });
}
export type JobStore = ReturnType<typeof createJobStore>;
