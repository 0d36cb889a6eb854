import { DatasetInputError } from '../types.ts';

/**
 * Sequential tests of a share by betting (e-processes): each keeps one running likelihood ratio for each of several
 * shares that the true one might have changed to. Plain numbers, kept as logarithms.
 */

/** ln(e^a + e^b). */
export const logAdd = (a: number, b: number): number =>
  a === Number.NEGATIVE_INFINITY ? b : Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b)));

/** Shares above the usual one that are bet on, as odds over its odds; small changes need patience, large ones none. */
const ODDS = [1.22, 1.5, 2.1, 4, 9, 40] as const;

/** The shares that are bet on for this usual share, ascending; each with the same weight. */
export function alternatives(usual: number): number[] {
  if (!(usual > 0 && usual < 1))
    throw new DatasetInputError(`A usual share lies between 0 and 1, not at ${String(usual)}.`);
  const odds = usual / (1 - usual);
  return ODDS.map((factor) => (factor * odds) / (1 + factor * odds));
}

export interface ShareDetector {
  /** Takes one decision; gives ln of the e-value, or of the e-detector, after it. */
  readonly observe: (hit: boolean) => number;
  readonly log: () => number;
}

/**
 * E-detector of a share that has grown at an unknown time: Σ over all past starts of the mixed likelihood ratio since
 * then (Shin, Ramdas and Rinaldo, 2203.03532, e-SR; the sum of Shiryaev and Roberts). Alarming at ln A gives a mean time
 * of at least A decisions to a false alarm when the share is at most `usual`. O(1) a decision.
 */
export function createShareDetector(usual: number): ShareDetector {
  return detector(usual, (log) => logAdd(log, 0), Number.NEGATIVE_INFINITY);
}

/**
 * E-process of a share that is larger than `usual` from the beginning: the mixed likelihood ratio. Alarming at 1/α is
 * wrong with probability at most α however long one looks (Ville); for many slices at their number/α (or by e-BH, Wang
 * and Ramdas, 2009.02824). O(1) a decision.
 */
export function createShareProcess(usual: number): ShareDetector {
  return detector(usual, (log) => log, 0);
}

function detector(usual: number, restart: (log: number) => number, start: number): ShareDetector {
  const bets = alternatives(usual).map((share) => ({
    hit: Math.log(share / usual),
    miss: Math.log((1 - share) / (1 - usual)),
  }));
  const logs = bets.map(() => start);
  const log = (): number =>
    logs.reduce((sum, own) => logAdd(sum, own), Number.NEGATIVE_INFINITY) - Math.log(bets.length);
  const observe = (hit: boolean): number => {
    for (const [at, bet] of bets.entries())
      logs[at] = restart(logs[at] as number) + (hit ? bet.hit : bet.miss);
    return log();
  };
  return Object.freeze({ observe, log });
}

/**
 * Which of these e-values stand at a false-discovery rate of at most `rate`, whatever hangs together with what: the
 * largest k with the k-th largest at least n / (k · rate) (e-BH, Wang and Ramdas 2009.02824). `logs` are their natural
 * logarithms; `tests` is n where it is more than those given. Places ascending. O(n log n).
 */
export function eBenjaminiHochberg(logs: readonly number[], rate: number, tests = logs.length): number[] {
  const order = [...logs.keys()].sort((a, b) => (logs[b] as number) - (logs[a] as number));
  let held = 0;
  for (const [place, at] of order.entries())
    if ((logs[at] as number) >= Math.log(tests / ((place + 1) * rate))) held = place + 1;
  return order.slice(0, held).sort((a, b) => a - b);
}
