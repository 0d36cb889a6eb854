import { type ChildProcess, spawn } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { workerCommand } from '../../datasets/worker/command.ts';
import { ContentRefused, ReaderBroken, residentBytes } from '../../datasets/worker/process.ts';
import { EXIT_MEMORY, type Limits } from '../../datasets/worker/protocol.ts';

export interface Stage {
  /** In words, without content. */
  readonly stage: string;
  /** Its part that is done, 0..1; null where unknown. */
  readonly part: number | null;
}

/** What a process of this part says. */
export type FromChild =
  | { readonly type: 'ready' }
  | ({ readonly type: 'progress' } & Stage)
  | { readonly type: 'done'; readonly result: unknown }
  /** The content, or what was asked of it, is to blame; in words for people. */
  | { readonly type: 'refused'; readonly message: string }
  /** A fault of ours; `where` is a line of its stack, without content. */
  | { readonly type: 'broken'; readonly where: string };

export interface ToChild {
  readonly task: unknown;
  readonly limits: Limits;
}

export interface ChildOptions {
  /** File that the process runs; it answers to {@link ToChild}. */
  readonly entry: string;
  readonly task: unknown;
  /** The one folder that the process may read and write, with its input in it. */
  readonly folder: string;
  readonly limits: Limits;
  /** Ends the process; rejects with the signal's reason. */
  readonly signal: AbortSignal;
  readonly onProgress?: (stage: Stage) => void;
}

/** Code of this domain; nothing else lies there. */
const OURS = fileURLToPath(new URL('../../', import.meta.url));
const MIB = 1024 * 1024;
const WATCH_MS = 250;
const START_MS = 60_000;
/** The heap's share of what the process may hold: DuckDB and typed arrays take the rest. */
const HEAP_SHARE = 0.6;

function start({ entry, folder, limits }: ChildOptions): ChildProcess {
  const { command, args } = workerCommand(
    Math.max(256, Math.floor((limits.memoryBytes / MIB) * HEAP_SHARE)),
    folder,
  );
  const child = spawn(command, [...args.slice(0, -1), `--allow-fs-read=${OURS}`, entry], {
    // No secret of the server is where foreign bytes are read.
    env: { TMPDIR: folder },
    cwd: folder,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    serialization: 'advanced',
    windowsHide: true,
  });
  try {
    if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
  } catch {
    // It is gone already, which its end tells.
  }
  return child;
}

const tooMuch = ({ memoryBytes }: Limits): ContentRefused =>
  new ContentRefused(
    `It takes more than ${Math.round(memoryBytes / MIB)} MiB of memory. Take fewer columns, or a part of the records.`,
  );

/** V8 ends a process whose heap is full by aborting: 134 as a code of a shell, or a signal (no code). */
function ending(code: number | null, limits: Limits): Error {
  if (code === EXIT_MEMORY || code === null || code === 134) return tooMuch(limits);
  return new ReaderBroken(`the process ended with ${code}`);
}

/**
 * Has a task done in a process of its own, confined as the readers of data are. `ContentRefused` where the content or
 * the limits are to blame, `ReaderBroken` for a fault; the signal's reason when that aborts.
 */
export function runChild(options: ChildOptions): Promise<unknown> {
  const { limits, signal, task, onProgress } = options;
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const child = start(options);
    function end(): void {
      clearTimeout(timer);
      clearInterval(watch);
      signal.removeEventListener('abort', onAbort);
      child.kill('SIGKILL');
    }
    const fail = (error: unknown): void => {
      end();
      reject(error);
    };
    const onAbort = (): void => fail(signal.reason);
    let timer = setTimeout(() => fail(new ReaderBroken('the process did not start')), START_MS);
    const watch = setInterval(async () => {
      const bytes = child.pid === undefined ? null : await residentBytes(child.pid);
      if (bytes !== null && bytes > limits.memoryBytes) fail(tooMuch(limits));
    }, WATCH_MS);
    signal.addEventListener('abort', onAbort, { once: true });
    child.on('message', (message: FromChild) => {
      if (message.type === 'ready') {
        clearTimeout(timer);
        const late = `It was not done within ${Math.round(limits.timeMs / 1000)} s. Take fewer columns or records.`;
        timer = setTimeout(() => fail(new ContentRefused(late)), limits.timeMs);
        child.send({ task, limits } satisfies ToChild, () => undefined);
      } else if (message.type === 'progress') onProgress?.(message);
      else if (message.type === 'refused') fail(new ContentRefused(message.message));
      else if (message.type === 'broken') fail(new ReaderBroken(`the process broke off (${message.where})`));
      else {
        end();
        resolve(message.result);
      }
    });
    child.on('error', () => fail(new ReaderBroken('the process could not be started')));
    child.on('close', (code) => fail(ending(code, limits)));
  });
}
