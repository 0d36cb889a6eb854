import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { constants, setPriority } from 'node:os';
import type { Chunk, Schema } from '@bartizan/checks/datasets/records/index.ts';
import { workerCommand } from './command.ts';
import {
  EXIT_MEMORY,
  type FromWorker,
  type Limits,
  type Results,
  type Task,
  type ToWorker,
} from './protocol.ts';

/** Content that cannot be read as what it claims to be, or not within the limits. The message is for people. */
export class ContentRefused extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ContentRefused';
  }
}

/** The process broke off by a fault that says nothing about the content. */
export class ReaderBroken extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ReaderBroken';
  }
}

export interface WorkOptions {
  /** The one folder that the process may read and write, with its input in it. */
  readonly folder: string;
  readonly limits: Limits;
  /** Ends the process; rejects with the signal's reason. */
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: { readonly rows: number; readonly stage: string }) => void;
}

const MIB = 1024 * 1024;
const PAGE_BYTES = 4096;
const WATCH_MS = 250;
const START_MS = 60_000;

/** Resident memory of a process, in bytes; null where the system does not tell. */
export async function residentBytes(pid: number): Promise<number | null> {
  try {
    const pages = Number((await readFile(`/proc/${pid}/statm`, 'utf8')).split(' ')[1]);
    return Number.isFinite(pages) ? pages * PAGE_BYTES : null;
  } catch {
    return null;
  }
}

function launch({ folder, limits }: WorkOptions): ChildProcess {
  const { command, args } = workerCommand(Math.max(256, Math.floor(limits.memoryBytes / MIB / 2)), folder);
  const child = spawn(command, args, {
    // No secret of the server is where foreign bytes are read.
    env: { TMPDIR: folder },
    cwd: folder,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    serialization: 'advanced',
    windowsHide: true,
  });
  try {
    if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // It is gone already, which its end tells.
  }
  return child;
}

/** V8 ends a process whose heap is full by aborting: 134 as a code of a shell. Other signals say nothing of the content. */
function ending(code: number | null, signal: NodeJS.Signals | null, { memoryBytes }: Limits): Error {
  if (code === EXIT_MEMORY || code === 134 || signal === 'SIGABRT')
    return new ContentRefused(`Reading it takes more than ${Math.floor(memoryBytes / MIB)} MiB of memory.`);
  return new ReaderBroken(`the process that reads data ended with ${code ?? signal}`);
}

interface Running {
  readonly say: (message: ToWorker) => void;
  /** The next message that is no progress; rejects when the process ends or fails, or its time is up. */
  readonly heard: () => Promise<Exclude<FromWorker, { type: 'ready' | 'progress' | 'refused' | 'broken' }>>;
  readonly end: () => void;
}

type Heard = Awaited<ReturnType<Running['heard']>>;

function run(task: Task, options: WorkOptions): Running {
  const { limits, signal, onProgress } = options;
  const child = launch(options);
  const queue: Heard[] = [];
  const listeners: { resolve: (message: Heard) => void; reject: (error: unknown) => void }[] = [];
  let failure: { readonly error: unknown } | null = null;

  const say = (message: ToWorker): void => {
    if (child.connected) child.send(message, () => undefined);
  };
  function end(): void {
    clearTimeout(timer);
    clearInterval(watch);
    signal.removeEventListener('abort', onAbort);
    child.kill('SIGKILL');
  }
  function fail(error: unknown): void {
    failure ??= { error };
    end();
    for (const { reject } of listeners.splice(0)) reject(failure.error);
  }
  const onAbort = (): void => fail(signal.reason);
  let timer = setTimeout(() => fail(new ReaderBroken('the process that reads data did not start')), START_MS);
  const watch = setInterval(async () => {
    const bytes = child.pid === undefined ? null : await residentBytes(child.pid);
    if (bytes !== null && bytes > limits.memoryBytes) fail(ending(EXIT_MEMORY, null, limits));
  }, WATCH_MS);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();

  function onMessage(message: FromWorker): void {
    if (message.type === 'ready') {
      clearTimeout(timer);
      const late = `It was not read within ${Math.round(limits.timeMs / 1000)} s.`;
      timer = setTimeout(() => fail(new ContentRefused(late)), limits.timeMs);
      say({ type: 'do', task, limits });
    } else if (message.type === 'progress') onProgress?.(message);
    else if (message.type === 'refused') fail(new ContentRefused(message.message));
    else if (message.type === 'broken') fail(new ReaderBroken(`the reader broke off (${message.where})`));
    else {
      const listener = listeners.shift();
      if (listener) listener.resolve(message);
      else queue.push(message);
    }
  }
  child.on('message', onMessage);
  child.on('error', () => fail(new ReaderBroken('the process that reads data could not be started')));
  child.on('close', (code, ended) => fail(ending(code, ended, limits)));

  const heard = (): Promise<Heard> =>
    new Promise((resolve, reject) => {
      const message = queue.shift();
      if (message) resolve(message);
      else if (failure) reject(failure.error);
      else listeners.push({ resolve, reject });
    });
  return { say, heard, end };
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
