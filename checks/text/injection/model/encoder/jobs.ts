import { ROW } from './protocol.ts';
import { EncoderRefused } from './refused.ts';

/** One text that waits for the encoder. */
export interface Waiting {
  readonly job: Job;
  readonly text: string;
  /** Its place among the job's texts. */
  readonly place: number;
  /** When it was asked, by `performance.now()`. */
  readonly since: number;
  /** It was in a batch that failed: it runs by itself. */
  alone: boolean;
}

/** A question of one caller: texts that are answered together. */
export interface Job {
  readonly values: Float32Array;
  open: number;
  /** Answered, failed or given up: what still waits of it is dropped. */
  over: boolean;
  readonly finish: (outcome: { readonly error: unknown } | null) => void;
}

export interface JobOptions {
  readonly deadlineMs: number;
  readonly signal: AbortSignal | undefined;
  /** Called when it ends before its texts have all run. */
  readonly onDropped: () => void;
}

/** A job and the promise of its values, `ROW` numbers a text. Its timer keeps the caller's process alive. */
export function createJob(
  texts: readonly string[],
  options: JobOptions,
): { readonly job: Job; readonly waiting: Waiting[]; readonly answer: Promise<Float32Array> } {
  const { deadlineMs, signal, onDropped } = options;
  const { promise, resolve, reject } = Promise.withResolvers<Float32Array>();
  const late = setTimeout(
    () => job.finish({ error: new EncoderRefused('late', `no answer within ${deadlineMs} ms`) }),
    deadlineMs,
  );
  const onAbort = (): void => job.finish({ error: signal?.reason });
  const job: Job = {
    values: new Float32Array(texts.length * ROW),
    open: texts.length,
    over: false,
    finish: (outcome) => {
      if (job.over) return;
      job.over = true;
      clearTimeout(late);
      signal?.removeEventListener('abort', onAbort);
      if (outcome === null) resolve(job.values);
      else reject(outcome.error);
      if (job.open > 0) onDropped();
    },
  };
  signal?.addEventListener('abort', onAbort, { once: true });
  const since = performance.now();
  return {
    job,
    waiting: texts.map((text, place) => ({ job, text, place, since, alone: false })),
    answer: promise,
  };
}

/** Enters one text's numbers; the job is finished with its last. */
export function enter(item: Waiting, row: Float32Array): void {
  const { job } = item;
  if (job.over) return;
  job.values.set(row, item.place * ROW);
  job.open -= 1;
  if (job.open === 0) job.finish(null);
}
