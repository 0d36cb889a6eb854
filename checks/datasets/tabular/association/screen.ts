import { createRandom } from '../../../statistics/random.ts';
import { stratifiedFolds } from '../../labels/index.ts';
import type { Steps } from '../../neighbours/index.ts';
import type { Levels } from '../levels.ts';
import {
  type Additive,
  associates,
  copyModel,
  emptyModel,
  fitAdditive,
  gather,
  logOdds,
} from './additive.ts';

/** What the rest of a row says of a class: without each column in turn, and with all of them. */
export interface Screen {
  /** Per column: out-of-fold probabilities by the columns that tell nothing of it; the last entry is by all columns. */
  readonly probabilities: readonly Float32Array[];
}

const FOLDS = 3;
const FULL_SWEEPS = 12;
const SWEEPS = 4;
/** Share of a column's entropy from which another column is left out with it. */
const TELLS = 0.1;
/** Rows × columns of all sweeps of one screen, about a second. */
const MOST_WORK = 1.5e8;
const [LEAST_ROWS, MOST_ROWS] = [2000, 20_000];

/** Rows that a model learns from for this many columns and classes, so that the time stays within bounds. */
export function learningRows(columns: number, classes: number): number {
  const work = (MOST_WORK * 4) / (FOLDS * classes * columns * (FULL_SWEEPS + columns * SWEEPS));
  return Math.max(LEAST_ROWS, Math.min(MOST_ROWS, Math.floor(work)));
}

/**
 * Out-of-fold probabilities of the marked class, without each column and what stands in for it. Three folds, each
 * learnt from at most `rows` rows. O(folds · (rows · columns² + n · columns²)); memory O(n · columns).
 */
export function* screen(
  levels: readonly Levels[],
  marks: Uint8Array,
  { rows, seed }: { readonly rows: number; readonly seed: number },
): Steps<Screen> {
  const total = marks.length;
  const folds = stratifiedFolds(Int32Array.from(marks), 2, FOLDS, seed);
  const order = createRandom(seed).shuffle(Int32Array.from({ length: total }, (_, row) => row));
  const left = associates(levels, TELLS, seed);
  const all = levels.map((_, at) => at);
  const probabilities = Array.from({ length: levels.length + 1 }, () => new Float32Array(total));
  for (let fold = 0; fold < FOLDS; fold++) {
    const learn = gather(levels, marks, order.filter((row) => folds[row] !== fold).subarray(0, rows));
    const full = emptyModel(levels);
    fitAdditive(full, learn, all, FULL_SWEEPS);
    yield { stage: 'what the rest of a row tells', done: fold, total: FOLDS };
    const judged = order.filter((row) => folds[row] === fold);
    write(full, levels, judged, probabilities[levels.length] as Float32Array);
    for (const [column, out] of left.entries()) {
      const model = copyModel(full);
      fitAdditive(
        model,
        learn,
        all.filter((at) => !out.includes(at)),
        SWEEPS,
      );
      write(model, levels, judged, probabilities[column] as Float32Array);
      yield { stage: 'what the rest of a row tells', done: fold, total: FOLDS };
    }
  }
  return { probabilities };
}

function write(model: Additive, levels: readonly Levels[], rows: Int32Array, into: Float32Array): void {
  for (const row of rows) into[row] = 1 / (1 + Math.exp(-logOdds(model, levels, row)));
}

/**
 * Probabilities of the marked class for these rows by a model of the other rows alone, all columns in it: what the rows
 * would be labelled if they were like the rest. `inside` is 1 for each of `rows`. O(learnt rows · columns).
 */
export function learntOutside(
  levels: readonly Levels[],
  marks: Uint8Array,
  inside: Uint8Array,
  { rows, seed }: { readonly rows: number; readonly seed: number },
): Float32Array {
  const total = marks.length;
  const order = createRandom(seed).shuffle(Int32Array.from({ length: total }, (_, row) => row));
  const learn = gather(levels, marks, order.filter((row) => inside[row] === 0).subarray(0, rows));
  const model = emptyModel(levels);
  if (learn.marks.length > 0)
    fitAdditive(
      model,
      learn,
      levels.map((_, at) => at),
      FULL_SWEEPS,
    );
  const result = new Float32Array(total);
  for (let row = 0; row < total; row++)
    if (inside[row] === 1) result[row] = 1 / (1 + Math.exp(-logOdds(model, levels, row)));
  return result;
}
