import { alternatives, logAdd } from './detector.ts';
import type { DripStream } from './types.ts';

/** Records and hits that a share needs before it is watched. */
const LEAST_TOTAL = 50;
const MOST_DISPERSION = 100;

/** A count of one source while it runs. */
export interface Stream {
  readonly source: string;
  readonly name: string;
  lastDay: number;
  days: number;
  total: number;
  hits: number;
  squares: number;
  logs: number[];
  run: { since: number; hits: number; total: number; gain: number };
}

const NONE = Number.NEGATIVE_INFINITY;

export const createStream = (source: string, name: string): Stream => ({
  source,
  name,
  lastDay: NONE,
  days: 0,
  total: 0,
  hits: 0,
  squares: 0,
  logs: [],
  run: { since: 0, hits: 0, total: 0, gain: 0 },
});

export const toPlain = (stream: Stream): DripStream => ({
  ...stream,
  run: { ...stream.run },
  logs: stream.logs.map((log) => (Number.isFinite(log) ? log : null)),
});

export const fromPlain = (stream: DripStream): Stream => ({
  ...stream,
  run: { ...stream.run },
  logs: stream.logs.map((log) => log ?? NONE),
});

/** Takes a day into the accepted history. */
export function learnDay(stream: Stream, hits: number, total: number): void {
  if (total === 0) return;
  stream.days++;
  stream.total += total;
  stream.hits += hits;
  stream.squares += hits ** 2 / total;
}

export const isKnown = (stream: Stream, days: number): boolean =>
  stream.days >= days && stream.total >= LEAST_TOTAL;

/** The share that counts as usual: as learnt, and so many standard errors of it more. 0..1. */
export function usualShare(
  { hits, total, days, squares }: Stream,
  caution: number,
): {
  share: number;
  bound: number;
  dispersion: number;
} {
  const share = (hits + 0.5) / (total + 1);
  const spread = squares - 2 * share * hits + share ** 2 * total;
  const dispersion = days > 1 ? spread / ((days - 1) * share * (1 - share)) : 1;
  const within = Math.max(1, Math.min(MOST_DISPERSION, dispersion));
  const error = Math.sqrt((within * (hits + 1)) / (total + 1) ** 2);
  return { share, bound: Math.min(0.999, share + caution * error), dispersion: within };
}

/**
 * One day of the e-SR detector: every share that is bet on gets this day's likelihood ratio, to the power of one over the
 * dispersion of the days, so that days which always differed more than chance do not count as evidence.
 */
export function watchDay(
  stream: Stream,
  { day, hits, total, caution }: { day: number; hits: number; total: number; caution: number },
): void {
  const { bound, dispersion } = usualShare(stream, caution);
  const shares = alternatives(bound);
  if (stream.logs.length !== shares.length) stream.logs = shares.map(() => NONE);
  const gains = shares.map(
    (share) =>
      (hits * Math.log(share / bound) + (total - hits) * Math.log((1 - share) / (1 - bound))) / dispersion,
  );
  stream.logs = stream.logs.map((log, at) => logAdd(log, 0) + (gains[at] as number));
  keepRun(stream, { day, hits, total, gain: gains[1] as number });
}

/** Where the present run above the usual share began: the last time that the sum of gains was 0 (Page, 1954). */
function keepRun(stream: Stream, one: { day: number; hits: number; total: number; gain: number }): void {
  const gain = Math.max(0, stream.run.gain + one.gain);
  if (gain === 0) {
    stream.run = { since: one.day, hits: 0, total: 0, gain: 0 };
    return;
  }
  const since = stream.run.gain === 0 ? one.day : stream.run.since;
  stream.run = { since, hits: stream.run.hits + one.hits, total: stream.run.total + one.total, gain };
}

/** ln of the e-detector, the mean over what is bet on. */
export const evidenceOf = ({ logs }: Stream): number =>
  logs.length === 0 ? NONE : logs.reduce(logAdd, NONE) - Math.log(logs.length);
