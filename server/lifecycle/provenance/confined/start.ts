import { type ChildProcess, spawn } from 'node:child_process';
import { setPriority } from 'node:os';
import { confinedCommand } from './command.ts';
import { ContentRefused, ReaderBroken } from './errors.ts';
import { EXIT_MEMORY, type Limits, MIB, residentBytes, WATCH_MS } from './limits.ts';

/** What every confined process may say; what else it says is for who started it. */
export type Ending =
  /** The content, or what was asked of it, is to blame; in words for people. */
  | { readonly type: 'refused'; readonly message: string }
  /** A fault of ours; `where` is a line of its stack, without content. */
  | { readonly type: 'broken'; readonly where: string };

/** What a kind of process is given, and how it is told of to people. */
export interface Kind {
  /** File that the process runs. */
  readonly entry: string;
  /** The heap's share of what the process may hold: DuckDB and typed arrays take the rest. */
  readonly heapShare: number;
  /** Of `os.constants.priority`. */
  readonly priority: number;
  readonly tooMuch: (mib: number) => string;
  readonly late: (seconds: number) => string;
}

export interface ConfinedOptions {
  /** The one folder that the process may read and write, with its input in it. */
  readonly folder: string;
  readonly limits: Limits;
  /** Ends the process; the failure is the signal's reason. */
  readonly signal: AbortSignal;
}

export interface Confined<ToChild> {
  readonly say: (message: ToChild) => void;
  /** Kills the process; nothing is told of it any more. */
  readonly end: () => void;
}

const START_MS = 60_000;

function launch({ entry, heapShare, priority }: Kind, { folder, limits }: ConfinedOptions): ChildProcess {
  const heapMb = Math.max(256, Math.floor((limits.memoryBytes / MIB) * heapShare));
  const { command, args } = confinedCommand(entry, { heapMb, folder });
  const child = spawn(command, args, {
    // No secret of the server is where foreign bytes are read.
    env: { TMPDIR: folder },
    cwd: folder,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    serialization: 'advanced',
    windowsHide: true,
  });
  try {
    if (child.pid !== undefined) setPriority(child.pid, priority);
  } catch {
    // It is gone already, which its end tells.
  }
  return child;
}

/** V8 ends a process whose heap is full by aborting: 134 as a code of a shell. Other signals say nothing of the content. */
const isOutOfMemory = (code: number | null, signal: NodeJS.Signals | null): boolean =>
  code === EXIT_MEMORY || code === 134 || signal === 'SIGABRT';

/**
 * Starts a process that does what it is told in its first message, within its limits of memory and time.
 * `failed` is called once at most, after the process was ended: with `ContentRefused` where the content or the limits are
 * to blame, with `ReaderBroken` for a fault, or with the signal's reason. No message is passed on after it.
 */
export function startConfined<ToChild, FromChild extends { readonly type: string }>(
  kind: Kind,
  options: ConfinedOptions,
  {
    first,
    heard,
    failed,
  }: {
    readonly first: ToChild;
    readonly heard: (message: FromChild) => void;
    readonly failed: (error: unknown) => void;
  },
): Confined<ToChild> {
  const { limits, signal } = options;
  const child = launch(kind, options);
  let isOver = false;

  const say = (message: ToChild): void => {
    if (child.connected) child.send(message as object, () => undefined);
  };
  function end(): void {
    isOver = true;
    clearTimeout(timer);
    clearInterval(watch);
    signal.removeEventListener('abort', onAbort);
    child.kill('SIGKILL');
  }
  function fail(error: unknown): void {
    if (isOver) return;
    end();
    failed(error);
  }
  const tooMuch = (): ContentRefused =>
    new ContentRefused(kind.tooMuch(Math.floor(limits.memoryBytes / MIB)));
  const onAbort = (): void => fail(signal.reason);
  let timer = setTimeout(() => fail(new ReaderBroken('the process did not start')), START_MS);
  const watch = setInterval(async () => {
    const bytes = child.pid === undefined ? null : await residentBytes(child.pid);
    if (bytes !== null && bytes > limits.memoryBytes) fail(tooMuch());
  }, WATCH_MS);
  signal.addEventListener('abort', onAbort, { once: true });

  child.on('message', (message: FromChild | Ending | { readonly type: 'ready' }) => {
    if (isOver) return;
    if (message.type === 'ready') {
      clearTimeout(timer);
      const late = kind.late(Math.round(limits.timeMs / 1000));
      timer = setTimeout(() => fail(new ContentRefused(late)), limits.timeMs);
      say(first);
    } else if (message.type === 'refused')
      fail(new ContentRefused((message as Ending & { type: 'refused' }).message));
    else if (message.type === 'broken')
      fail(new ReaderBroken(`the process broke off (${(message as Ending & { type: 'broken' }).where})`));
    else heard(message as FromChild);
  });
  child.on('error', () => fail(new ReaderBroken('the process could not be started')));
  child.on('close', (code, ended) =>
    fail(
      isOutOfMemory(code, ended) ? tooMuch() : new ReaderBroken(`the process ended with ${code ?? ended}`),
    ),
  );
  if (signal.aborted) queueMicrotask(onAbort);
  return Object.freeze({ say, end });
}
