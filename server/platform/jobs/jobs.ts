import type pg from 'pg';
import { PgBoss } from 'pg-boss';
import type { z } from 'zod';
import { attempt, type Taken } from './attempt.ts';
import { poolExecutor, transactionExecutor } from './executor.ts';
import { countJobs, createJobStore, HEARTBEAT_SECONDS, JOBS_SCHEMA } from './store.ts';
import type { Handler, JobMeter, Jobs, Queue, SendOptions } from './types.ts';

/** Within so many seconds a worker learns that its job was cancelled or is another server's. */
export const CLAIM_CHECK_SECONDS = 3;

/** Any fixed number: names the lock that servers take turns on when they start. */
const SCHEMA_LOCK = 4_203_318_002;
const SUPERVISE_SECONDS = 15;
const STOP_MS = 15_000;
const KEEP_DONE_SECONDS = 3_600;
const KEEP_FAILED_SECONDS = 14 * 86_400;
const NO_METER: JobMeter = Object.freeze({ ended: () => undefined });

export interface JobsOptions {
  readonly pool: pg.Pool;
  /** False: this server queues jobs and does none. */
  readonly background: boolean;
  readonly queues: readonly Queue[];
  readonly now: () => number;
  readonly onError: (error: unknown, message: string) => void;
  readonly meter?: JobMeter;
  /** How often lost jobs are looked for; 15 s where absent. */
  readonly superviseSeconds?: number;
}

function settingsOf({ retries, deadlineSeconds }: Queue) {
  return {
    retryLimit: retries.limit,
    retryDelay: retries.delaySeconds,
    retryBackoff: true,
    retryDelayMax: retries.maxDelaySeconds,
    expireInSeconds: deadlineSeconds,
    heartbeatSeconds: HEARTBEAT_SECONDS,
    deleteAfterSeconds: KEEP_DONE_SECONDS,
    retentionSeconds: KEEP_FAILED_SECONDS,
  };
}

/**
 * Work that takes longer than a request, in a queue that all servers of the instance share: pg-boss, in a schema of
 * its own on the server's own pool. A job whose server dies is taken up by another within about a minute; so
 * handlers may run more than once, and must bear it. Jobs are hints: what must be done stands in the tables of its
 * domain, which queues again what got lost (a backup holds no jobs).
 */
export function createJobs(options: JobsOptions): Jobs {
  const { pool, background, queues, now, onError, meter = NO_METER } = options;
  const superviseSeconds = options.superviseSeconds ?? SUPERVISE_SECONDS;
  const store = createJobStore(pool, now);
  const workers: { readonly queue: Queue; readonly handler: Handler<unknown> }[] = [];
  const stopping = new AbortController();
  const boss = new PgBoss({
    db: poolExecutor(pool),
    schema: JOBS_SCHEMA,
    supervise: background,
    superviseIntervalSeconds: superviseSeconds,
    monitorIntervalSeconds: superviseSeconds,
    schedule: false,
    monitorVacuum: false,
  });
  let started = false;
  boss.on('error', (error) => {
    if (!stopping.signal.aborted) onError(error, 'the job queue does not get on; it is tried again');
  });

  /** Ids of the loops that look for work, by queue. */
  const loops = new Map<string, string[]>();
  const wake = (queue: string): void => {
    for (const id of loops.get(queue) ?? []) boss.notifyWorker(id);
  };

  async function takeUp({ queue, handler }: (typeof workers)[number]): Promise<void> {
    const deps = { store, meter, stopping: stopping.signal, onError };
    const settings = {
      includeMetadata: true,
      perJobResults: true,
      batchSize: 1,
      pollingIntervalSeconds: queue.lookEverySeconds,
      heartbeatRefreshSeconds: CLAIM_CHECK_SECONDS,
    } as const;
    const ids: string[] = [];
    loops.set(queue.name, ids);
    for (let loop = 0; loop < queue.concurrency; loop += 1) {
      const id: string = await boss.work(queue.name, settings, async (taken) => {
        const results = [];
        for (const job of taken) {
          results.push({ id: job.id, ...(await attempt(queue, handler, job as Taken, deps)) });
        }
        // Where there was one there may be more: the loop looks again at once.
        boss.notifyWorker(id);
        return results;
      });
      ids.push(id);
    }
  }

  /** Makes, or brings forward, the schema and the queues; servers that start together take turns. */
  async function prepare(): Promise<void> {
    const turn = await pool.connect();
    try {
      await turn.query('set statement_timeout = 0');
      await turn.query('select pg_advisory_lock($1)', [SCHEMA_LOCK]);
      await boss.start();
      for (const queue of queues) {
        await boss.createQueue(queue.name, { policy: 'exclusive', ...settingsOf(queue) });
        await boss.updateQueue(queue.name, settingsOf(queue));
      }
    } finally {
      // Ends the session, and with it the lock.
      turn.release(true);
    }
  }

  return Object.freeze<Jobs>({
    async send<P extends z.ZodType>(queue: Queue<P>, payload: z.input<P>, sending: SendOptions) {
      const data = queue.payload.parse(payload) as object;
      const { key, priority = 0, delayMs = 0, within } = sending;
      const id = await boss.send(queue.name, data, {
        singletonKey: key,
        priority,
        ...(delayMs > 0 ? { startAfter: new Date(now() + delayMs) } : {}),
        ...(within ? { db: transactionExecutor(within) } : {}),
      });
      if (id !== null && within === undefined) wake(queue.name);
      return id !== null;
    },
    work<P extends z.ZodType>(queue: Queue<P>, handler: Handler<z.output<P>>) {
      if (started) throw new TypeError('workers are named before the queue starts');
      workers.push({ queue, handler: handler as Handler<unknown> });
    },
    wake: (queue) => wake(queue.name),
    async cancel(queue, key) {
      const id = await store.idOf(queue.name, key);
      if (id === null) return false;
      await boss.cancel(queue.name, id);
      return true;
    },
    progressOf: (queue, keys) => store.progressOf(queue.name, keys),
    alive: (queue, keys) => store.alive(queue.name, keys),
    counts: () =>
      countJobs(
        pool,
        queues.map(({ name }) => name),
      ),
    async start() {
      await prepare();
      started = true;
      if (!background) return;
      for (const worker of workers) await takeUp(worker);
    },
    async stop() {
      stopping.abort(new Error('this server stops'));
      if (!started) return;
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((done) => {
        timer = setTimeout(done, STOP_MS);
      });
      const ended = Promise.all(workers.map(({ queue }) => boss.offWork(queue.name, { wait: true })));
      await Promise.race([ended, late]);
      clearTimeout(timer);
      await boss.stop({ graceful: false, close: false });
    },
  });
}
