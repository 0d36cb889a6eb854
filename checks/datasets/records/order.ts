import type { Run } from './align.ts';

/** Runs in typed arrays, since there may be millions. */
export interface Runs {
  readonly add: (run: Run) => void;
  readonly count: () => number;
  readonly at: (index: number) => Run;
}

/** A list of runs; one that goes on where the last one ends becomes part of it. */
export function createRuns(): Runs {
  let values = new Float64Array(3 * 1024);
  let count = 0;
  const at = (index: number): Run => ({
    was: values[index * 3] as number,
    now: values[index * 3 + 1] as number,
    length: values[index * 3 + 2] as number,
  });
  function add({ was, now, length }: Run): void {
    const last = (count - 1) * 3;
    const before = values[last + 2] as number;
    if (
      count > 0 &&
      (values[last] as number) + before === was &&
      (values[last + 1] as number) + before === now
    ) {
      values[last + 2] = before + length;
      return;
    }
    if (count * 3 === values.length) {
      const grown = new Float64Array(values.length * 2);
      grown.set(values);
      values = grown;
    }
    values.set([was, now, length], count * 3);
    count += 1;
  }
  return Object.freeze({ add, count: () => count, at });
}

/**
 * Which runs kept their place: the heaviest increasing subsequence by number of records, so that as few records as
 * possible count as moved (an inserted block moves nothing behind it). `runs` rise by `was` and share no record.
 * O(n log n) time and 40 bytes a run (Fenwick tree of maxima).
 *
 * @returns 1 for each run that kept its place, 0 for each that moved.
 */
export function inPlace(runs: Runs): Uint8Array {
  const count = runs.count();
  const kept = new Uint8Array(count);
  const byNow = new Uint32Array(count).map((_, index) => index);
  const nows = new Float64Array(count).map((_, index) => runs.at(index).now);
  byNow.sort((a, b) => (nows[a] as number) - (nows[b] as number));
  const rank = new Uint32Array(count);
  byNow.forEach((run, place) => {
    rank[run] = place + 1;
  });
  const weights = new Float64Array(count);
  const before = new Int32Array(count).fill(-1);
  const heaviest = new Int32Array(count + 1).fill(-1);
  const weightOf = (run: number): number => (run < 0 ? 0 : (weights[run] as number));
  let end = -1;
  for (let run = 0; run < count; run++) {
    let best = -1;
    for (let at = (rank[run] as number) - 1; at > 0; at -= at & -at) {
      const candidate = heaviest[at] as number;
      if (weightOf(candidate) > weightOf(best)) best = candidate;
    }
    before[run] = best;
    weights[run] = weightOf(best) + runs.at(run).length;
    for (let at = rank[run] as number; at <= count; at += at & -at)
      if (weightOf(heaviest[at] as number) < weightOf(run)) heaviest[at] = run;
    if (weightOf(run) > weightOf(end)) end = run;
  }
  for (let run = end; run >= 0; run = before[run] as number) kept[run] = 1;
  return kept;
}
