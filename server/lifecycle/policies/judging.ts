import { Worker } from 'node:worker_threads';
import type { PolicyDocument, TryResult } from '@bartizan/contracts';
import { AppError } from '../../kernel/error.ts';
import type { Judgement } from './judge.ts';
import type { EndpointContext, Recording } from './ports.ts';
import type { Try } from './try-out.ts';

/** What is judged in a thread; plain data, for it is copied there. */
export type JudgingJob =
  | {
      readonly kind: 'try';
      readonly request: Pick<Try, 'segments' | 'direction' | 'endpointId'>;
      readonly document: PolicyDocument;
      readonly endpoint: EndpointContext | undefined;
    }
  | {
      readonly kind: 'recordings';
      /** The same for every page of one dry run: the policy is compiled once for it. */
      readonly run: string;
      readonly document: PolicyDocument;
      readonly recordings: readonly {
        readonly recording: Recording;
        readonly endpoint: EndpointContext | undefined;
      }[];
    };
export interface JudgingRequest {
  readonly id: number;
  readonly job: JudgingJob;
}
export type JudgingReply =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly id: number; readonly ok: false; readonly error: string };

/**
 * The folder of the injection check's model, asked whenever a job comes; undefined: what the environment says, or the
 * product's own.
 */
export type InjectionModelSetting = () => string | undefined;

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

const IDLE_MS = 60_000;
const MAX_WAITING = 20;
const MEMORY_MB = 512;

const tooLong = (): AppError =>
  new AppError('unavailable', 'the guards took too long on this text', {
    hint: 'Try a shorter text, or turn off rules one by one to find the slow one.',
  });

/**
 * Runs guards in a thread of their own: drafts hold people's patterns and texts may be long, and neither may hold
 * up the server. The thread starts with the first job and ends after a minute without one; a job that takes
 * longer than its time ends it at once, and the next job starts another.
 */
export function createJudging(model: InjectionModelSetting = () => undefined) {
  const pending = new Map<number, Pending>();
  let worker: Worker | null = null;
  /** What the running thread was started with. */
  let running: string | undefined;
  let idle: NodeJS.Timeout | undefined;
  let last = 0;

  function end(error: Error): void {
    const gone = worker;
    worker = null;
    clearTimeout(idle);
    for (const { reject } of pending.values()) reject(error);
    pending.clear();
    void gone?.terminate();
  }

  function start(): Worker {
    running = model();
    const thread = new Worker(new URL('./judging-worker.ts', import.meta.url), {
      env: running === undefined ? process.env : { ...process.env, BARTIZAN_INJECTION_MODEL: running },
      resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
      stdout: false,
    });
    thread.unref();
    thread.on('message', (reply: JudgingReply) => {
      const waiting = pending.get(reply.id);
      pending.delete(reply.id);
      if (reply.ok) waiting?.resolve(reply.value);
      else waiting?.reject(new Error(`judging failed with ${reply.error}`));
    });
    thread.on('error', (cause) => {
      if (worker === thread) end(new AppError('unavailable', 'the guards stopped on this text', { cause }));
    });
    return thread;
  }

  async function run(job: JudgingJob, timeoutMs: number, signal?: AbortSignal): Promise<unknown> {
    if (pending.size >= MAX_WAITING) {
      throw new AppError('too_many_requests', 'the playground is busy', { retryAfterMs: 2_000 });
    }
    signal?.throwIfAborted();
    // Another model: what waits is still judged by the one before.
    if (pending.size === 0 && running !== model()) end(new Error('another model'));
    worker ??= start();
    last += 1;
    const id = last;
    clearTimeout(idle);
    const onAbort = (): void => end(new AppError('unavailable', 'the caller left'));
    const timer = setTimeout(() => end(tooLong()), timeoutMs);
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      return await new Promise((resolve, reject) => {
        pending.set(id, { resolve, reject });
        worker?.postMessage({ id, job } satisfies JudgingRequest);
      });
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      if (pending.size === 0) {
        clearTimeout(idle);
        idle = setTimeout(() => end(new Error('idle')), IDLE_MS);
        idle.unref();
      }
    }
  }

  return Object.freeze({
    tryOut: (job: Extract<JudgingJob, { kind: 'try' }>, timeoutMs: number) =>
      run(job, timeoutMs) as Promise<TryResult>,
    /** One judgement for each recording. When `signal` aborts, the thread ends: use one for each dry run. */
    recordings: (job: Extract<JudgingJob, { kind: 'recordings' }>, timeoutMs: number, signal: AbortSignal) =>
      run(job, timeoutMs, signal) as Promise<Judgement[]>,
    close: (): void => end(new AppError('unavailable', 'the server is stopping')),
  });
}
export type Judging = ReturnType<typeof createJudging>;
