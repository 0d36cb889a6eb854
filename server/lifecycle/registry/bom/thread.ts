import { Worker } from 'node:worker_threads';
import { type BomValidation, type FoundFacts, NOTHING_FOUND } from '@bartizan/checks/bom/index.ts';
import { AppError } from '../../../kernel/error.ts';

/** What is done in a thread: foreign texts are parsed there, and schemas walked. Plain data, for it is copied. */
export type BomJob =
  | { readonly kind: 'read'; readonly texts: readonly (readonly [path: string, text: string])[] }
  | { readonly kind: 'validate'; readonly document: unknown };
export type BomReply = { readonly ok: true; readonly value: unknown } | { readonly ok: false };

const READ_MS = 5_000;
const VALIDATE_MS = 20_000;
const IDLE_MS = 60_000;
const MAX_WAITING = 20;
const MEMORY_MB = 256;

/**
 * A thread for what foreign documents could make slow, one job after the other. It starts with the first job and ends
 * after a minute without one; a job that takes longer than its time ends it, and the next job starts another.
 */
export function createBomThread() {
  let worker: Worker | null = null;
  let idle: NodeJS.Timeout | undefined;
  let turn: Promise<unknown> = Promise.resolve();
  let waiting = 0;

  /** Answers the job under way: one at a time. */
  let settle: (value: unknown) => void = () => undefined;

  function end(): void {
    const gone = worker;
    worker = null;
    clearTimeout(idle);
    settle(undefined);
    void gone?.terminate();
  }

  function start(): Worker {
    const thread = new Worker(new URL('./thread-worker.ts', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
      stdout: false,
    });
    thread.unref();
    const over = () => {
      if (worker === thread) end();
    };
    thread.on('message', (reply: BomReply) => settle(reply.ok ? reply.value : undefined));
    thread.on('error', over);
    thread.on('exit', over);
    return thread;
  }

  /** Undefined when it failed, or took too long. */
  async function once(job: BomJob, timeoutMs: number): Promise<unknown> {
    clearTimeout(idle);
    worker ??= start();
    const timer = setTimeout(end, timeoutMs);
    try {
      return await new Promise((resolve) => {
        settle = resolve;
        worker?.postMessage(job);
      });
    } finally {
      clearTimeout(timer);
      settle = () => undefined;
      clearTimeout(idle);
      idle = setTimeout(end, IDLE_MS);
      idle.unref();
    }
  }

  async function run(job: BomJob, timeoutMs: number): Promise<unknown> {
    if (waiting >= MAX_WAITING) {
      throw new AppError('too_many_requests', 'too many bills of materials are asked for at once', {
        retryAfterMs: 2_000,
      });
    }
    waiting += 1;
    const mine = turn.then(() => once(job, timeoutMs));
    turn = mine;
    try {
      return await mine;
    } finally {
      waiting -= 1;
    }
  }

  return Object.freeze({
    /** What descriptions say; nothing where they cannot be read in time. */
    read: async (texts: ReadonlyMap<string, string>): Promise<FoundFacts> =>
      texts.size === 0
        ? NOTHING_FOUND
        : (((await run({ kind: 'read', texts: [...texts] }, READ_MS)) as FoundFacts | undefined) ??
          NOTHING_FOUND),

    /** Throws `too_large` for what cannot be held against its schema in time. */
    async validate(document: unknown): Promise<BomValidation> {
      const answer = await run({ kind: 'validate', document }, VALIDATE_MS);
      if (answer !== undefined) return answer as BomValidation;
      throw new AppError('too_large', 'the document takes too long to be held against its schema', {
        hint: 'Split it: one document for each system.',
      });
    },
    close: end,
  });
}
export type BomThread = ReturnType<typeof createBomThread>;
