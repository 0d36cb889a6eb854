import { type ChildProcess, spawn } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Both, FromChild, Question, ToChild } from './protocol.ts';

export interface RunnerOptions {
  /** Folders of the two models; null: the rules alone. */
  readonly live: string | null;
  readonly candidate: string | null;
  /** Ends the process; what is asked then rejects with the signal's reason. */
  readonly signal: AbortSignal;
  /** How long both models may take over one text, in ms. */
  readonly textMs?: number;
  readonly startMs?: number;
  /** Instead of the process that judges, for tests. */
  readonly program?: string;
}

/** One of the two models does not run, or the process ends again and again: the comparison cannot go on. */
export class ComparisonFailed extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ComparisonFailed';
  }
}

export interface Runner {
  /** What both make of a text; null where one could not judge it in time. One question at a time. */
  readonly judge: (question: Question) => Promise<Both | null>;
  readonly close: () => void;
}

const PROGRAM = fileURLToPath(new URL('./child.ts', import.meta.url));
const MEMORY_MB = 1024;
const TEXT_MS = 30_000;
const START_MS = 120_000;
/** So many texts may bring the process down before the comparison is given up. */
const MOST_RESTARTS = 5;

function launch(program: string): ChildProcess {
  const child = spawn(process.execPath, [`--max-old-space-size=${MEMORY_MB}`, '--no-warnings', program], {
    env: {},
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    serialization: 'advanced',
    windowsHide: true,
  });
  try {
    // Live traffic goes first.
    if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // It is gone already, which its end tells.
  }
  return child;
}

/** Runs two models beside each other in a process of its own, which is replaced when a text brings it down. */
export function createRunner(options: RunnerOptions): Runner {
  const { signal, textMs = TEXT_MS, startMs = START_MS, program = PROGRAM } = options;
  let child: ChildProcess | null = null;
  let restarts = 0;
  let last = 0;

  function end(): void {
    child?.kill('SIGKILL');
    child = null;
  }

  /** Sends a message and waits for what `answers` makes of a reply; null when time is up or the process ends. */
  function ask<T>(
    to: ChildProcess,
    message: ToChild,
    answers: (reply: FromChild) => T | undefined,
    ms: number,
  ): Promise<T | null> {
    return new Promise<T | null>((resolve, reject) => {
      const done = (settle: () => void): void => {
        clearTimeout(timer);
        to.off('message', onMessage);
        to.off('close', onEnd);
        to.off('error', onEnd);
        signal.removeEventListener('abort', onAbort);
        settle();
      };
      const onEnd = (): void => done(() => resolve(null));
      const onAbort = (): void =>
        done(() => {
          end();
          reject(signal.reason);
        });
      const onMessage = (reply: FromChild): void => {
        const answer = answers(reply);
        if (answer !== undefined) done(() => resolve(answer));
      };
      const timer = setTimeout(onEnd, ms);
      to.on('message', onMessage);
      to.once('close', onEnd);
      to.once('error', onEnd);
      signal.addEventListener('abort', onAbort, { once: true });
      if (signal.aborted) onAbort();
      else to.send(message, () => undefined);
    });
  }

  async function started(): Promise<ChildProcess> {
    if (child?.connected) return child;
    end();
    const fresh = launch(program);
    child = fresh;
    const reply = await ask(
      fresh,
      { type: 'open', live: options.live, candidate: options.candidate },
      (message) => (message.type === 'judged' ? undefined : message),
      startMs,
    );
    if (reply?.type === 'ready') return fresh;
    end();
    throw new ComparisonFailed(
      reply === null ? 'the process that runs the models did not start' : reply.message,
    );
  }

  return Object.freeze({
    async judge(question: Question): Promise<Both | null> {
      const process = await started();
      last += 1;
      const id = last;
      const reply = await ask(
        process,
        { type: 'judge', id, question },
        (message) => (message.type === 'judged' && message.id === id ? message : undefined),
        textMs,
      );
      if (reply !== null) return reply.both;
      end();
      restarts += 1;
      if (restarts <= MOST_RESTARTS) return null;
      throw new ComparisonFailed(
        `${restarts} texts were too much for the models: they took too long or crashed`,
      );
    },
    close: end,
  });
}
