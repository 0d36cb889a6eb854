import { createRandom } from '../../../statistics/random.ts';
import type { Levels } from '../levels.ts';

/** Log-odds of a class as a sum of one weight for the level of each column. */
export interface Additive {
  intercept: number;
  /** Per column, per level; a column that is left out has weights of 0. */
  readonly weights: readonly Float64Array[];
}

/** Rows, gathered: `codes[column][place]` for the row at this place. */
interface Gathered {
  readonly codes: readonly Int32Array[];
  readonly marks: Float64Array;
}

/** Prior precision of a weight: a level needs some rows before it counts. */
const RIDGE = 1;
const LONGEST_STEP = 2;

export function emptyModel(levels: readonly Levels[]): Additive {
  return { intercept: 0, weights: levels.map(({ count }) => new Float64Array(count)) };
}

export const copyModel = ({ intercept, weights }: Additive): Additive => ({
  intercept,
  weights: weights.map((column) => column.slice()),
});

export function gather(levels: readonly Levels[], marks: Uint8Array, rows: Int32Array): Gathered {
  return {
    codes: levels.map(({ codes }) => Int32Array.from(rows, (row) => codes[row] as number)),
    marks: Float64Array.from(rows, (row) => marks[row] as number),
  };
}

/**
 * Fits the weights of the columns in `active` to the marks by penalised likelihood: `sweeps` rounds of Newton steps, a
 * column at a time (its levels exclude each other, so its Hessian is diagonal), from the weights as they are, in place.
 * The columns that are not active get weights of 0. O(sweeps · rows · active).
 */
export function fitAdditive(
  model: Additive,
  { codes, marks }: Gathered,
  active: readonly number[],
  sweeps: number,
): void {
  const on = new Set(active);
  for (const [at, weights] of model.weights.entries()) if (!on.has(at)) weights.fill(0);
  const scores = new Float64Array(marks.length).fill(model.intercept);
  for (const at of active) {
    const [own, weights] = [codes[at] as Int32Array, model.weights[at] as Float64Array];
    for (let place = 0; place < scores.length; place++)
      scores[place] = (scores[place] as number) + (weights[own[place] as number] as number);
  }
  const whole = new Int32Array(marks.length);
  const intercept = Float64Array.of(model.intercept);
  for (let sweep = 0; sweep < sweeps; sweep++) {
    newtonStep(intercept, whole, { scores, marks, ridge: 0 });
    for (const at of active)
      newtonStep(model.weights[at] as Float64Array, codes[at] as Int32Array, { scores, marks, ridge: RIDGE });
  }
  model.intercept = intercept[0] as number;
}

function newtonStep(
  weights: Float64Array,
  codes: Int32Array,
  { scores, marks, ridge }: { scores: Float64Array; marks: Float64Array; ridge: number },
): void {
  const slope = new Float64Array(weights.length);
  const bend = new Float64Array(weights.length);
  for (let place = 0; place < scores.length; place++) {
    const p = 1 / (1 + Math.exp(-(scores[place] as number)));
    const level = codes[place] as number;
    slope[level] = (slope[level] as number) + (marks[place] as number) - p;
    bend[level] = (bend[level] as number) + p * (1 - p);
  }
  for (let level = 0; level < weights.length; level++) {
    const weight = weights[level] as number;
    const step = ((slope[level] as number) - ridge * weight) / ((bend[level] as number) + ridge + 1e-9);
    const taken = Math.max(-LONGEST_STEP, Math.min(LONGEST_STEP, step));
    weights[level] = weight + taken;
    slope[level] = taken;
  }
  for (let place = 0; place < scores.length; place++)
    scores[place] = (scores[place] as number) + (slope[codes[place] as number] as number);
}

export function logOdds(model: Additive, levels: readonly Levels[], row: number): number {
  let sum = model.intercept;
  for (let at = 0; at < levels.length; at++)
    sum += (model.weights[at] as Float64Array)[(levels[at] as Levels).codes[row] as number] as number;
  return sum;
}

const SAMPLE_ROWS = 5000;

/**
 * Columns that tell at least `share` of each column's entropy (the uncertainty coefficient, corrected for chance after
 * Miller and Madow), itself included: what has to be left out with it, lest a stand-in for a value explains the value's
 * labels away. On at most 5,000 rows drawn by lot. O(columns² · rows).
 */
export function associates(levels: readonly Levels[], share: number, seed: number): number[][] {
  const rows = levels[0]?.codes.length ?? 0;
  const random = createRandom(seed);
  const sample =
    rows <= SAMPLE_ROWS
      ? Int32Array.from({ length: rows }, (_, row) => row)
      : Int32Array.from({ length: SAMPLE_ROWS }, () => random.integer(rows));
  const entropies = levels.map((column) => entropyOf([column], sample));
  return levels.map((column, c) =>
    levels.flatMap((other, d) => {
      if (c === d) return [d];
      const own = entropies[c] as number;
      const told = own + (entropies[d] as number) - entropyOf([column, other], sample);
      return own > 0 && told / own >= share ? [d] : [];
    }),
  );
}

function entropyOf(columns: readonly Levels[], rows: Int32Array): number {
  const [first, second] = columns as [Levels, Levels?];
  const counts = new Int32Array(first.count * (second?.count ?? 1));
  for (const row of rows) {
    const cell = (first.codes[row] as number) * (second?.count ?? 1) + (second?.codes[row] ?? 0);
    counts[cell] = (counts[cell] as number) + 1;
  }
  let [sum, cells] = [0, 0];
  for (const count of counts) {
    if (count === 0) continue;
    cells++;
    sum -= (count / rows.length) * Math.log(count / rows.length);
  }
  return sum + (cells - 1) / (2 * rows.length);
}

/** Log-odds of a row being marked, by a model learnt from these rows. O(rows · columns) to learn. */
export function fitLevels(
  levels: readonly Levels[],
  marks: Uint8Array,
  rows: Int32Array,
): (row: number) => number {
  const model = emptyModel(levels);
  fitAdditive(model, gather(levels, marks, rows), [...levels.keys()], 12);
  return (row) => logOdds(model, levels, row);
}
