import type { z } from 'zod';
import type { Database } from '../database/types.ts';

/** One kind of work. Declared once; every server of the instance has the same. */
export interface Queue<Payload extends z.ZodType = z.ZodType> {
  /** Lower-case letters, digits and hyphens. Never renamed: jobs of an older server wait under it. */
  readonly name: string;
  readonly payload: Payload;
  /** Attempts after the first; the delay doubles from `delaySeconds` up to `maxDelaySeconds`. */
  readonly retries: {
    readonly limit: number;
    readonly delaySeconds: number;
    readonly maxDelaySeconds: number;
  };
  /** An attempt that takes longer is aborted and counts as failed. */
  readonly deadlineSeconds: number;
  /** Jobs of this kind that one server works on at once. */
  readonly concurrency: number;
  /** How often an idle server looks for work that another one queued, in seconds; at least 0.5. */
  readonly lookEverySeconds: number;
}

/** Declares a queue; the generic carries the type of its payload to senders and workers. */
export function defineQueue<Payload extends z.ZodType>(queue: Queue<Payload>): Queue<Payload> {
  if (!/^[a-z][a-z0-9-]{0,49}$/.test(queue.name)) throw new TypeError(`${queue.name} is no name of a queue`);
  return Object.freeze(queue);
}

/** How far a job is. What `detail` holds is the queue's own; plain data of a few hundred bytes. */
export interface Progress {
  readonly done: number;
  readonly total: number;
  readonly detail: Readonly<Record<string, string | number | boolean | null>>;
}

/** One attempt at a job, as its worker gets it. */
export interface Job<Payload> {
  readonly id: string;
  readonly key: string;
  readonly payload: Payload;
  /** 1 for the first. */
  readonly attempt: number;
  /** True when there is no attempt after this one. */
  readonly last: boolean;
  /**
   * Aborts when the job was cancelled, its time is up, another server has it, or this one stops; what the worker
   * does after that must not count. Comes within `CLAIM_CHECK_SECONDS`.
   */
  readonly signal: AbortSignal;
  /** Tells how far it is; written at most once a second, the last one always wins. Never throws. */
  readonly progress: (progress: Progress) => void;
}

export type Handler<Payload> = (job: Job<Payload>) => Promise<void>;

export interface SendOptions {
  /** Of jobs with the same key, one waits or runs at a time. */
  readonly key: string;
  /** Higher goes first; 0 where absent. */
  readonly priority?: number;
  readonly delayMs?: number;
  /** The transaction that the job belongs to: it is there when that commits, and otherwise never was. */
  readonly within?: Database;
}

export interface QueueCounts {
  readonly queue: string;
  /** May be taken now. */
  readonly waiting: number;
  /** Of those, how long the oldest has waited, in seconds. */
  readonly oldestSeconds: number;
  readonly running: number;
  /** Running, but its server has not been heard of: taken up again soon. */
  readonly silent: number;
  /** Gave up on, as long as they are kept. */
  readonly failed: number;
}

/** What a process tells of its jobs. */
export interface JobMeter {
  readonly ended: (queue: string, result: 'done' | 'failed' | 'cancelled', durationMs: number) => void;
}

export interface Jobs {
  /** False when a job with this key waits or runs already. Throws a `ZodError` for a payload of another shape. */
  readonly send: <P extends z.ZodType>(
    queue: Queue<P>,
    payload: z.input<P>,
    options: SendOptions,
  ) => Promise<boolean>;
  /** Says who does the work, before `start`. A queue without a worker is none of this server's. */
  readonly work: <P extends z.ZodType>(queue: Queue<P>, handler: Handler<z.output<P>>) => void;
  /** This server looks for work at once. */
  readonly wake: (queue: Queue) => void;
  /** Takes the job off the queue, or aborts it where it runs. False when there is none. */
  readonly cancel: (queue: Queue, key: string) => Promise<boolean>;
  /** By key; keys without progress are absent. */
  readonly progressOf: (queue: Queue, keys: readonly string[]) => Promise<ReadonlyMap<string, Progress>>;
  /** Keys, of those given, whose job waits or runs. */
  readonly alive: (queue: Queue, keys: readonly string[]) => Promise<ReadonlySet<string>>;
  readonly counts: () => Promise<readonly QueueCounts[]>;
  /** After the migrations. */
  readonly start: () => Promise<void>;
  /** Takes no more work, aborts what runs (another server, or the next start, takes it up) and waits for it. */
  readonly stop: () => Promise<void>;
}
