import { beforeEach, test } from 'vitest';
import { startTarget, type Target } from './target.ts';

/** Attacks on one target. */
export interface Suite {
  /** What an attacker does, what for, and the proof that it gives them nothing. */
  readonly attack: (does: string, hopes: string, run: (target: Target) => Promise<void>) => void;
  /** What an honest caller does, so that a refused attack says something. */
  readonly honest: (does: string, run: (target: Target) => Promise<void>) => void;
  readonly names: readonly string[];
  readonly begin: () => Promise<void>;
  readonly target: () => Target;
  readonly end: () => Promise<void>;
}

const LIMIT_MS = 90_000;

export function createSuite(): Suite {
  const names: string[] = [];
  let started: Target | null = null;
  const target = (): Target => {
    if (started === null) throw new Error('the target was not started');
    return started;
  };
  // Guesses are counted by address, and all of these come from one machine.
  beforeEach(async () => void (await target().forgetGuesses()));
  return Object.freeze({
    attack(does: string, hopes: string, run: (target: Target) => Promise<void>) {
      names.push(does);
      test(`${does}, to ${hopes}`, () => run(target()), LIMIT_MS);
    },
    honest(does: string, run: (target: Target) => Promise<void>) {
      test(`(honest) ${does}`, () => run(target()), LIMIT_MS);
    },
    names,
    async begin() {
      started = await startTarget();
    },
    target,
    async end() {
      await started?.close();
    },
  });
}
