import { setTimeout as sleep } from 'node:timers/promises';
import type { AuditBreak, AuditProblem, Verification } from '@bartizan/contracts';
import type { Clock } from '../kernel/clock.ts';
import type { Noticed } from './memory.ts';
import { type Report, type VerifyDeps, verifyAll } from './verification.ts';

export interface RunDeps extends VerifyDeps {
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
  /** Told of the result; `asked` where a person waits for it. */
  readonly onEnded: (result: Verification, asked: boolean) => Promise<void>;
}

const MAX_PROBLEMS = 100;
/** A gentle verification rests three times as long as it works, at most this long at once. */
const REST = 3;
const MAX_REST_MS = 1_000;

/** Runs one verification at a time, in the background, and keeps the last result. */
export function createVerification(deps: RunDeps) {
  let current: Verification | null = null;
  let running: Promise<void> | null = null;
  let asked = false;
  const stop = new AbortController();

  function update(more: Partial<Verification>): void {
    if (current) current = { ...current, ...more };
  }

  /** Rests, unless a person waits. */
  function breathing(): () => Promise<void> {
    let sinceMs = performance.now();
    return async () => {
      const restMs = Math.min((performance.now() - sinceMs) * REST, MAX_REST_MS);
      if (!asked) await sleep(restMs, undefined, { signal: stop.signal, ref: false }).catch(() => undefined);
      sinceMs = performance.now();
    };
  }

  function reportTo(problems: AuditProblem[]): Report {
    return {
      problem(problem) {
        if (problems.length < MAX_PROBLEMS && !problems.some((one) => one.message === problem.message)) {
          problems.push(problem);
        }
      },
      phase: (phase) => update({ phase }),
      entries: (done) => update({ done }),
      interactions: (more) => update({ interactions: (current?.interactions ?? 0) + more }),
      breathe: breathing(),
      signal: stop.signal,
    };
  }

  async function run(): Promise<void> {
    const problems: AuditProblem[] = [];
    try {
      await verifyAll(deps, reportTo(problems), ({ size, root }) =>
        update({ size, total: size, root: Buffer.from(root).toString('base64') || null }),
      );
      const inOrder = problems
        .filter(({ index }) => index !== null)
        .toSorted((a, b) => (a.index ?? 0) - (b.index ?? 0));
      const state = stop.signal.aborted ? 'error' : problems.length === 0 ? 'passed' : 'failed';
      update({
        state,
        firstAltered: inOrder.find(({ kind }) => kind !== 'tree-altered') ?? inOrder[0] ?? null,
      });
    } catch (error) {
      deps.onError(error);
      update({ state: 'error' });
    }
    update({ endedAt: deps.clock.now(), problems, phase: 'done' });
    if (current) await deps.onEnded(current, asked).catch(deps.onError);
  }

  return Object.freeze({
    current: () => current,
    /** Begins one, unless one is under way; answers with how it stands. A gentle one leaves most of the time to others. */
    start({ gently = false }: { readonly gently?: boolean } = {}): Verification {
      if (running === null || current === null) {
        asked = !gently;
        current = {
          state: 'running',
          startedAt: deps.clock.now(),
          endedAt: null,
          done: 0,
          total: 0,
          phase: 'beginning',
          size: 0,
          root: null,
          interactions: 0,
          firstAltered: null,
          problems: [],
        };
        running = run().finally(() => {
          running = null;
        });
      }
      asked ||= !gently;
      return current;
    },
    /** Resolves with the result of the one under way. */
    async settled(): Promise<Verification | null> {
      await running;
      return current;
    },
    async stop(): Promise<void> {
      stop.abort();
      await running;
    },
  });
}
export type VerificationRunner = ReturnType<typeof createVerification>;

/** What a failed verification has to say beyond what was noticed before; null for nothing. */
export function noticedBy(result: Verification, breaks: readonly AuditBreak[]): Noticed | null {
  if (result.state !== 'failed') return null;
  const open = breaks.filter(({ acknowledgedAt }) => acknowledgedAt === null);
  const fresh = result.problems.filter(
    ({ kind, message }) =>
      !open.some((one) => one.message === message || (one.kind === kind && kind === 'rolled-back')),
  );
  const { firstAltered } = result;
  const first = fresh.find(({ message }) => message === firstAltered?.message) ?? fresh[0];
  if (first === undefined) return null;
  const more = fresh.length > 1 ? ` It is the first of ${countOf(fresh.length)} things found.` : '';
  return {
    kind: first.kind,
    index: first.index,
    message: `A verification failed: ${first.message}${more}`,
  };
}

const countOf = (count: number): string => (count >= MAX_PROBLEMS ? `at least ${MAX_PROBLEMS}` : `${count}`);

/** When the server verifies by itself, in ms: first after it took over, then from the end of one to the next. */
export interface Rounds {
  readonly firstMs: number;
  readonly everyMs: number;
}

export const DAILY: Rounds = Object.freeze({ firstMs: 60_000, everyMs: 24 * 3_600_000 });

/** Verifies gently again and again until `signal` is aborted. */
export async function goRounds(
  verification: Pick<VerificationRunner, 'start' | 'settled'>,
  { firstMs, everyMs }: Rounds,
  signal: AbortSignal,
): Promise<void> {
  const over = new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  for (let waitMs = firstMs; !signal.aborted; waitMs = everyMs) {
    await sleep(waitMs, undefined, { signal, ref: false }).catch(() => undefined);
    if (signal.aborted) return;
    verification.start({ gently: true });
    await Promise.race([verification.settled(), over]);
  }
}
