import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { constants, setPriority } from 'node:os';
import type { ArtifactFinding, ByteSource } from '@bartizan/checks/artifacts/types.ts';
import { workerCommand } from './command.ts';
import {
  EXIT_MEMORY,
  type FromWorker,
  type Judged,
  MOST_TOLD,
  type Task,
  type ToWorker,
} from './protocol.ts';

/** What became of one task in the process. */
export type Reading = ({ readonly is: 'judged' } & Judged) | GivenUp;

/** The file would have it take more than it may; or the process broke off. */
export interface GivenUp {
  readonly is: 'limit' | 'broken';
  /** In words for people. */
  readonly message: string;
  /** What was found until then. */
  readonly findings: readonly ArtifactFinding[];
}

export interface ReadOptions {
  /** From when the process is there to read. */
  readonly timeMs: number;
  /** Ends the process; `read` then rejects with the signal's reason. */
  readonly signal: AbortSignal;
  /** The furthest byte that was read. */
  readonly onReached: (offset: number) => void;
}

const MIB = 1024 * 1024;
const PAGE_BYTES = 4096;
const WATCH_MS = 250;
const START_MS = 60_000;
/** What works for longer than this gives way to everything else on the machine; small files are judged at once. */
const QUICK_MS = 2_000;

/** Resident memory of a process, in bytes; null where the system does not tell. */
async function residentBytes(pid: number): Promise<number | null> {
  try {
    const pages = Number((await readFile(`/proc/${pid}/statm`, 'utf8')).split(' ')[1]);
    return Number.isFinite(pages) ? pages * PAGE_BYTES : null;
  } catch {
    return null;
  }
}

function start(memoryMb: number): ChildProcess {
  const { command, args } = workerCommand(memoryMb);
  const child = spawn(command, args, {
    // No secret of the server is where foreign bytes are read.
    env: {},
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    serialization: 'advanced',
    windowsHide: true,
  });
  return child;
}

function giveWay({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // It is gone already, which its end tells.
  }
}

/** One process, and the file that it reads now. */
interface Running {
  readonly child: ChildProcess;
  /** Resolves when it may be given files. */
  readonly ready: Promise<void>;
  onMessage: (message: FromWorker) => void;
  onEnd: (code: number | null) => void;
}

function launch(memoryMb: number): Running {
  const child = start(memoryMb);
  let isReady = (): void => undefined;
  const running: Running = {
    child,
    ready: new Promise((done) => {
      isReady = done;
    }),
    onMessage: () => undefined,
    onEnd: () => undefined,
  };
  let slows: NodeJS.Timeout | undefined;
  const slowStart = setTimeout(() => child.kill('SIGKILL'), START_MS);
  child.on('message', (message: FromWorker) => {
    if (message.type !== 'ready') return running.onMessage(message);
    clearTimeout(slowStart);
    slows = setTimeout(() => giveWay(child), QUICK_MS).unref();
    return isReady();
  });
  const ended = (code: number | null): void => {
    clearTimeout(slowStart);
    clearTimeout(slows);
    running.onEnd(code);
  };
  child.on('error', () => ended(1));
  child.on('close', ended);
  return running;
}

/**
 * Reads files, one after the other, in a process of its own, which is ended and replaced when a file would have it
 * take more than it may. For the files of one version only: so nothing that one sender's file did to it can touch
 * the judgement on another's.
 */
export function createReader(memoryMb: number) {
  let running: Running | null = null;

  function close(): void {
    running?.child.kill('SIGKILL');
    running = null;
  }

  /**
   * Does a task over files whose bytes `sources` answers, in the order of the task's list. Rejects with the signal's
   * reason, or with what a source throws: neither says anything about the files.
   */
  function read(task: Task, sources: readonly ByteSource[], options: ReadOptions): Promise<Reading> {
    const { timeMs, signal, onReached } = options;
    const memoryBytes = memoryMb * MIB;
    return new Promise<Reading>((resolve, reject) => {
      signal.throwIfAborted();
      const own = (running ??= launch(memoryMb));
      const { child } = own;
      const say = (message: ToWorker): void => {
        if (child.connected) child.send(message, () => undefined);
      };
      let over = false;
      /** Ends this file; a process that is not at rest is ended too. */
      function settle(done: () => void, atRest: boolean): void {
        if (over) return;
        over = true;
        clearTimeout(timeUp);
        clearInterval(watch);
        signal.removeEventListener('abort', onAbort);
        own.onMessage = () => undefined;
        own.onEnd = () => {
          if (running === own) running = null;
        };
        if (!atRest) {
          child.kill('SIGKILL');
          if (running === own) running = null;
        }
        done();
      }
      const findings: ArtifactFinding[] = [];
      const giveUp = (why: Why): void => settle(() => resolve({ ...why, findings }), false);
      const onAbort = (): void => settle(() => reject(signal.reason), false);
      let timeUp: NodeJS.Timeout | undefined;
      const watch = setInterval(async () => {
        const bytes = child.pid === undefined ? null : await residentBytes(child.pid);
        if (bytes !== null && bytes > memoryBytes) giveUp(tooLarge(memoryMb));
      }, WATCH_MS);
      signal.addEventListener('abort', onAbort, { once: true });

      async function answer({ id, file, offset, length }: Extract<FromWorker, { type: 'read' }>) {
        try {
          const source = sources[file];
          if (source === undefined)
            throw new TypeError('the process asked for a file that is none of its task');
          say({ type: 'bytes', id, bytes: await source.read(offset, length) });
        } catch (error) {
          settle(() => reject(error), false);
        }
      }
      own.onMessage = (message) => {
        if (message.type === 'read') void answer(message);
        else if (message.type === 'reached') onReached(message.offset);
        else if (message.type === 'found') {
          if (findings.length < MOST_TOLD) findings.push(message.finding);
        } else if (message.type === 'judged') {
          const { outcome, weights, delta } = message;
          settle(() => resolve({ is: 'judged', outcome, weights, delta }), true);
        } else if (message.type === 'broken')
          giveUp({ is: 'broken', message: `the scanner broke off (${message.where})` });
      };
      own.onEnd = (code) => giveUp(ending(code, memoryMb));
      async function begin(): Promise<void> {
        await own.ready;
        if (over) return;
        timeUp = setTimeout(
          () => giveUp({ is: 'limit', message: `not done within ${Math.round(timeMs / 1000)} s` }),
          timeMs,
        );
        say({ type: 'do', task, memoryBytes });
      }
      void begin();
    });
  }

  return Object.freeze({ read, close });
}
export type Reader = ReturnType<typeof createReader>;

type Why = Omit<GivenUp, 'findings'>;

const tooLarge = (memoryMb: number): Why => ({
  is: 'limit',
  message: `reading it takes more than ${memoryMb} MiB of memory`,
});

/** V8 ends a process whose heap is full by aborting: 134 as a code of a shell, or a signal (no code). */
function ending(code: number | null, memoryMb: number): Why {
  if (code === EXIT_MEMORY || code === null || code === 134) return tooLarge(memoryMb);
  return { is: 'broken', message: `the process that reads files ended with ${code}` };
}
