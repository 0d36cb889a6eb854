import { constants } from 'node:os';
import type { Limits } from './limits.ts';
import { type ConfinedOptions, type Ending, type Kind, startConfined } from './start.ts';

export interface Stage {
  /** In words, without content. */
  readonly stage: string;
  /** Its part that is done, 0..1; null where unknown. */
  readonly part: number | null;
}

/** What a process that does one task says. */
export type FromChild =
  | { readonly type: 'ready' }
  | ({ readonly type: 'progress' } & Stage)
  | { readonly type: 'done'; readonly result: unknown }
  | Ending;

export interface ToChild {
  readonly task: unknown;
  readonly limits: Limits;
}

export interface TaskOptions extends ConfinedOptions {
  /** File that the process runs; it answers to {@link ToChild}. */
  readonly entry: string;
  readonly task: unknown;
  readonly onProgress?: (stage: Stage) => void;
}

const kindOf = (entry: string): Kind => ({
  entry,
  heapShare: 0.6,
  priority: constants.priority.PRIORITY_LOW,
  tooMuch: (mib) => `It takes more than ${mib} MiB of memory. Take fewer columns, or a part of the records.`,
  late: (seconds) => `It was not done within ${seconds} s. Take fewer columns or records.`,
});

/**
 * Has a task done in a process of its own. `ContentRefused` where the content or the limits are to blame, `ReaderBroken`
 * for a fault; the signal's reason when that aborts.
 */
export function runTask({ entry, task, onProgress, ...options }: TaskOptions): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const child = startConfined<ToChild, Exclude<FromChild, Ending | { type: 'ready' }>>(
      kindOf(entry),
      options,
      {
        first: { task, limits: options.limits },
        heard(message) {
          if (message.type === 'progress') return onProgress?.(message);
          child.end();
          resolve(message.result);
        },
        failed: reject,
      },
    );
  });
}
