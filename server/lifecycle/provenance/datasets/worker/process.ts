import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Chunk, Schema } from '@bartizan/checks/datasets/records/index.ts';
import { ReaderBroken } from '../../confined/errors.ts';
import { type ConfinedOptions, type Ending, type Kind, startConfined } from '../../confined/start.ts';
import type { FromWorker, Results, Task, ToWorker } from './protocol.ts';

export interface WorkOptions extends ConfinedOptions {
  readonly onProgress?: (progress: { readonly rows: number; readonly stage: string }) => void;
}

const READER: Kind = {
  entry: fileURLToPath(new URL('child.ts', import.meta.url)),
  heapShare: 0.5,
  priority: constants.priority.PRIORITY_BELOW_NORMAL,
  tooMuch: (mib) => `Reading it takes more than ${mib} MiB of memory.`,
  late: (seconds) => `It was not read within ${seconds} s.`,
};

interface Running {
  readonly say: (message: ToWorker) => void;
  /** The next message that is no progress; rejects when the process ends or fails, or its time is up. */
  readonly heard: () => Promise<Heard>;
  readonly end: () => void;
}

type Told = Exclude<FromWorker, Ending | { type: 'ready' }>;
type Heard = Exclude<Told, { type: 'progress' }>;

function run(task: Task, options: WorkOptions): Running {
  const queue: Heard[] = [];
  const listeners: { resolve: (message: Heard) => void; reject: (error: unknown) => void }[] = [];
  let failure: { readonly error: unknown } | null = null;

  function failed(error: unknown): void {
    failure ??= { error };
    for (const { reject } of listeners.splice(0)) reject(failure.error);
  }
  const child = startConfined<ToWorker, Told>(READER, options, {
    first: { type: 'do', task, limits: options.limits },
    heard(message) {
      if (message.type === 'progress') return options.onProgress?.(message);
      const listener = listeners.shift();
      if (listener) listener.resolve(message);
      else queue.push(message);
    },
    failed,
  });
  const heard = (): Promise<Heard> =>
    new Promise((resolve, reject) => {
      const message = queue.shift();
      if (message) resolve(message);
      else if (failure) reject(failure.error);
      else listeners.push({ resolve, reject });
    });
  function end(): void {
    child.end();
    failed(new ReaderBroken('the process was ended'));
  }
  return { say: child.say, heard, end };
}

/** Has a task done in a process of its own. `ContentRefused` where the content is to blame, else `ReaderBroken`. */
export async function work<T extends Exclude<Task, { is: 'stream' }>>(
  task: T,
  options: WorkOptions,
): Promise<Results[T['is']]> {
  const running = run(task, options);
  try {
    const message = await running.heard();
    if (message.type !== 'done') throw new ReaderBroken('the process answered something else');
    return message.result as Results[T['is']];
  } finally {
    running.end();
  }
}

export interface Streamed {
  readonly schema: Schema;
  readonly bytes: number;
  /** Can be read once. `first`: place of the first record of the chunk. */
  readonly chunks: () => AsyncGenerator<{ readonly first: number; readonly chunk: Chunk }>;
  readonly end: () => void;
}

/** Opens records in a process of its own; one chunk is read ahead. Errors as {@link work}. */
export async function stream(task: Extract<Task, { is: 'stream' }>, options: WorkOptions): Promise<Streamed> {
  const running = run(task, options);
  async function* chunks(): ReturnType<Streamed['chunks']> {
    try {
      running.say({ type: 'next' });
      for (;;) {
        running.say({ type: 'next' });
        const message = await running.heard();
        if (message.type !== 'chunk') throw new ReaderBroken('the process answered something else');
        if (message.chunk === null) return;
        yield { first: message.first, chunk: message.chunk };
      }
    } finally {
      running.end();
    }
  }
  try {
    const opened = await running.heard();
    if (opened.type !== 'opened') throw new ReaderBroken('the process answered something else');
    return Object.freeze({ schema: opened.schema, bytes: opened.bytes, chunks, end: running.end });
  } catch (error) {
    running.end();
    throw error;
  }
}
