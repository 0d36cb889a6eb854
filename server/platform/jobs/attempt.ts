import type { z } from 'zod';
import type { JobStore } from './store.ts';
import type { Handler, Job, JobMeter, Progress, Queue } from './types.ts';

const PROGRESS_EVERY_MS = 1_000;

/** What the queue is told of an attempt; `output` is kept with the job, so it holds no content. */
export interface Outcome {
  readonly status: 'completed' | 'failed' | 'deadletter';
  readonly output?: { readonly reason: string };
}

/** A job as pg-boss gives it out. */
export interface Taken {
  readonly id: string;
  readonly data: unknown;
  readonly signal: AbortSignal;
  readonly retryCount: number;
  readonly retryLimit: number;
  readonly singletonKey: string | null;
}

export interface AttemptDeps {
  readonly store: JobStore;
  readonly meter: JobMeter;
  /** Aborts when this server stops. */
  readonly stopping: AbortSignal;
  readonly onError: (error: unknown, message: string) => void;
}

/** Writes progress at most once a second, the last value always; failures are told and forgotten. */
function progressWriter(deps: AttemptDeps, queue: string, key: string) {
  let next: Progress | null = null;
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();
  let lastMs = 0;

  function write(): void {
    timer = undefined;
    const value = next;
    next = null;
    if (value === null) return;
    lastMs = performance.now();
    writing = deps.store
      .saveProgress(queue, key, value)
      .catch((error: unknown) => deps.onError(error, 'progress of a job was not kept'));
  }

  return Object.freeze({
    tell(progress: Progress): void {
      next = progress;
      timer ??= setTimeout(write, Math.max(0, lastMs + PROGRESS_EVERY_MS - performance.now()));
    },
    async end(): Promise<void> {
      clearTimeout(timer);
      next = null;
      await writing;
      await deps.store
        .dropProgress(queue, key)
        .catch((error: unknown) => deps.onError(error, 'progress of a job was not removed'));
    },
  });
}

/** Runs one attempt at a job. Never rejects: what the handler throws becomes an outcome. */
export async function attempt<P extends z.ZodType>(
  queue: Queue<P>,
  handler: Handler<z.output<P>>,
  taken: Taken,
  deps: AttemptDeps,
): Promise<Outcome> {
  const payload = queue.payload.safeParse(taken.data);
  const key = taken.singletonKey ?? taken.id;
  if (!payload.success) return { status: 'deadletter', output: { reason: 'a payload of another shape' } };
  const progress = progressWriter(deps, queue.name, key);
  const signal = AbortSignal.any([taken.signal, deps.stopping]);
  const job: Job<z.output<P>> = Object.freeze({
    id: taken.id,
    key,
    payload: payload.data,
    attempt: taken.retryCount + 1,
    last: taken.retryCount >= taken.retryLimit,
    signal,
    progress: progress.tell,
  });
  const beganMs = performance.now();
  try {
    signal.throwIfAborted();
    await handler(job);
    deps.meter.ended(queue.name, 'done', performance.now() - beganMs);
    return { status: 'completed' };
  } catch (error) {
    const cancelled = signal.aborted;
    deps.meter.ended(queue.name, cancelled ? 'cancelled' : 'failed', performance.now() - beganMs);
    if (!cancelled) deps.onError(error, `a job of the queue ${queue.name} failed`);
    return { status: 'failed', output: { reason: cancelled ? 'interrupted' : 'failed' } };
  } finally {
    await progress.end();
  }
}
