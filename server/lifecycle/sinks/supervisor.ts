import { loggable } from '../../platform/http/index.ts';
import type { Logger } from '../ports.ts';
import type { Feed } from './feed.ts';
import type { Locks } from './locks.ts';
import type { StoredSink } from './model.ts';
import type { SinkStore } from './store.ts';

export interface SupervisorDeps {
  readonly store: Pick<SinkStore, 'list' | 'progress'>;
  readonly feed: Pick<Feed, 'lag' | 'trim'>;
  readonly locks: (onLost: () => void) => Locks;
  readonly logger: Logger;
  /** Delivers to a sink until `signal` aborts. */
  readonly work: (sink: StoredSink, signal: AbortSignal) => Promise<void>;
  /** Told of every sink now and then, with how far behind it is. */
  readonly watch: (sink: StoredSink, lag: { records: number; seconds: number }) => Promise<void>;
}

const LOOK_EVERY_MS = 2_000;
const TRIM_EVERY_MS = 60_000;
const WATCH_EVERY_MS = 5_000;
/** The backlog that is kept for sinks that are away: the oldest beyond it is lost, and counted. */
const MAX_BACKLOG_RECORDS = 50_000_000;
const MAX_BACKLOG_MS = 30 * 86_400_000;

interface Running {
  readonly version: number;
  readonly stop: AbortController;
  readonly done: Promise<void>;
}

/**
 * Sees to it that every sink that is not paused is delivered by exactly one server: takes its lock, runs its
 * worker, starts it anew when it was changed, and lets go when it is paused or removed.
 */
export function createSupervisor(deps: SupervisorDeps) {
  const { store, feed, logger, work } = deps;
  const running = new Map<string, Running>();
  const stopping = new AbortController();
  const locks = deps.locks(() => {
    // Another server may hold them by now.
    for (const { stop } of running.values()) stop.abort();
  });
  let looking: Promise<void> | undefined;
  let again = false;
  let trimmedAt = Number.NEGATIVE_INFINITY;
  let watchedAt = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;

  function start(sink: StoredSink): void {
    const stop = new AbortController();
    const entry: Running = {
      version: sink.updatedAt,
      stop,
      done: work(sink, stop.signal)
        .catch((error: unknown) =>
          logger.error({ error: loggable(error), sink: sink.name }, 'a sink stopped'),
        )
        .finally(() => {
          if (running.get(sink.id) === entry) running.delete(sink.id);
        }),
    };
    running.set(sink.id, entry);
  }

  async function end(id: string): Promise<void> {
    const one = running.get(id);
    one?.stop.abort();
    await one?.done;
  }

  async function tidy(sinks: readonly StoredSink[]): Promise<void> {
    const nowMs = performance.now();
    if (nowMs - watchedAt < WATCH_EVERY_MS) return;
    watchedAt = nowMs;
    for (const sink of sinks) {
      const progress = await store.progress(sink.id);
      if (progress) await deps.watch(sink, await feed.lag(progress.cursor));
    }
    if (nowMs - trimmedAt < TRIM_EVERY_MS) return;
    trimmedAt = nowMs;
    const lost = await feed.trim(MAX_BACKLOG_RECORDS, MAX_BACKLOG_MS);
    if (lost > 0)
      logger.error({ records: lost }, 'records were dropped that sinks had not sent: the backlog is full');
  }

  async function look(): Promise<void> {
    const sinks = await store.list();
    const wanted = new Map(sinks.filter(({ paused }) => !paused).map((sink) => [sink.id, sink]));
    for (const [id, { version }] of running) {
      const sink = wanted.get(id);
      if (sink?.updatedAt === version) continue;
      await end(id);
      if (!sink) await locks.release(id);
    }
    if (wanted.size > 0) await locks.check();
    else await locks.close();
    for (const sink of wanted.values()) {
      if (stopping.signal.aborted) return;
      if (!running.has(sink.id) && (await locks.take(sink.id))) start(sink);
    }
    if (sinks.length > 0) await tidy(sinks);
  }

  async function lookUntilDone(): Promise<void> {
    do {
      again = false;
      try {
        await look();
      } catch (error) {
        if (!stopping.signal.aborted)
          logger.warn({ error: loggable(error) }, 'the sinks could not be looked after');
      }
    } while (again && !stopping.signal.aborted);
  }

  function refresh(): Promise<void> {
    if (stopping.signal.aborted) return Promise.resolve();
    if (looking) again = true;
    looking ??= lookUntilDone().finally(() => {
      looking = undefined;
    });
    return looking;
  }

  return Object.freeze({
    start(): void {
      timer ??= setInterval(() => void refresh(), LOOK_EVERY_MS);
      timer.unref();
      void refresh();
    },
    /** Looks at once; resolves when what was found has been started or stopped. */
    refresh,
    async stop(): Promise<void> {
      stopping.abort();
      clearInterval(timer);
      for (const { stop } of running.values()) stop.abort();
      await looking;
      await Promise.all([...running.values()].map(({ done }) => done));
      await locks.close();
    },
  });
}
export type Supervisor = ReturnType<typeof createSupervisor>;
