import { createRandom } from '../../statistics/random.ts';
import { stratifiedFolds } from '../labels/index.ts';
import { fitLevels, levelsOf, sigmoid, type Usable } from '../tabular/index.ts';
import type { Share } from '../types.ts';

const FOLDS = 3;
const MOST_ROWS = 10_000;
const LEAST_ROWS = 30;
const Z = 1.959_963_984_540_054;

export interface Told {
  /** How well batch and history are told apart out of fold, 0..1, with its 95% interval. */
  readonly auc: Share;
  /** Per row of the batch: how many times likelier it is in the batch than in the history, by the model. */
  readonly ratios: Float32Array;
}

/**
 * A two-sample test by a classifier (Lopez-Paz and Oquab, ICLR 2017): an additive logistic model of all columns, three
 * folds, learns to tell the batch from the history; interval of its AUC after Hanley and McNeil (Radiology 143, 1982).
 * At most 10,000 rows of either are learnt from. Null for fewer than 30 rows of either. O(rows · columns).
 */
export function tellApart(
  columns: readonly Usable[],
  history: Int32Array,
  batch: Int32Array,
  seed: number,
): Told | null {
  if (history.length < LEAST_ROWS || batch.length < LEAST_ROWS || columns.length === 0) return null;
  const random = createRandom(seed);
  const past = random.shuffle(history.slice()).subarray(0, MOST_ROWS);
  const rows = Int32Array.from([...past, ...batch]);
  const marks = Uint8Array.from(rows, (_, at) => Number(at >= past.length));
  const levels = columns.map((column) => levelsOf(pick(column, rows), 12, 32));
  const folds = stratifiedFolds(Int32Array.from(marks), 2, FOLDS, seed);
  const scores = new Float64Array(rows.length);
  for (let fold = 0; fold < FOLDS; fold++) {
    const learn = random
      .shuffle(Int32Array.from(rows.keys()).filter((at) => folds[at] !== fold))
      .subarray(0, 2 * MOST_ROWS);
    const judge = fitLevels(levels, marks, learn);
    for (let at = 0; at < rows.length; at++) if (folds[at] === fold) scores[at] = judge(at);
  }
  const prior = past.length / batch.length;
  const ratios = Float32Array.from(batch, (_, at) => {
    const p = sigmoid(scores[past.length + at] as number);
    return (prior * p) / Math.max(1e-9, 1 - p);
  });
  return { auc: areaOf(scores, past.length), ratios };
}

function pick(column: Usable, rows: Int32Array): Usable {
  return column.kind === 'number'
    ? { ...column, values: Float64Array.from(rows, (row) => column.values[row] as number) }
    : { ...column, codes: Int32Array.from(rows, (row) => column.codes[row] as number) };
}

/** AUC of the scores from `past` on against those before. */
function areaOf(scores: Float64Array, past: number): Share {
  const order = Int32Array.from(scores.keys()).sort((a, b) => (scores[a] as number) - (scores[b] as number));
  let [below, sum] = [0, 0];
  for (let from = 0; from < order.length; ) {
    let [to, own] = [from, 0];
    while (to < order.length && scores[order[to] as number] === scores[order[from] as number])
      own += Number((order[to++] as number) >= past);
    sum += own * (below + (to - from - own) / 2);
    below += to - from - own;
    from = to;
  }
  const now = scores.length - past;
  const value = sum / (past * now);
  const [q1, q2] = [value / (2 - value), (2 * value ** 2) / (1 + value)];
  const variance =
    (value * (1 - value) + (now - 1) * (q1 - value ** 2) + (past - 1) * (q2 - value ** 2)) / (now * past);
  const half = Z * Math.sqrt(Math.max(0, variance));
  return { value, low: Math.max(0, value - half), high: Math.min(1, value + half) };
}
