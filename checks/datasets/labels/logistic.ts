import type { Random } from '../../statistics/random.ts';
import type { Matrix } from '../types.ts';
import { minimise, type Objective } from './lbfgs.ts';
import type { Labels, Probabilities } from './types.ts';

/** Rows that a fold's model learns from at most: this many, or so many for each column where that is more. */
const ENOUGH_ROWS = 20_000;
const ROWS_PER_COLUMN = 100;
/** Most rows × columns × classes of one evaluation; most evaluations take under a second with it. */
const MOST_WORK = 3e8;
/** Rows for each class without which a linear model is not worth fitting. */
const LEAST_PER_CLASS = 20;
/** Weight of the penalty ½|W|² beside the summed loss: 1, as scikit-learn's C = 1. The intercepts bear none. */
const PENALTY = 1;
/** Largest part of the mean loss's gradient at which the fit ends. */
const TOLERANCE = 1e-4;

/** (columns + 1) × classes weights, the last row the intercepts. */
export type Weights = Float64Array;

/**
 * Multinomial logistic regression with an L2 penalty, by L-BFGS, on these rows of the matrix. About 30 rounds of
 * O(rows · d · classes). Gives way after each evaluation.
 */
export function* fitLogistic(
  matrix: Matrix,
  labels: Labels,
  rows: Int32Array,
): Generator<void, Weights, void> {
  const classes = labels.names.length;
  const start = new Float64Array((matrix.columns + 1) * classes);
  const { point } = yield* minimise(objectiveOf(matrix, labels, rows), start, TOLERANCE);
  return point;
}

function objectiveOf(matrix: Matrix, labels: Labels, rows: Int32Array): Objective {
  const { columns, values } = matrix;
  const classes = labels.names.length;
  const scores = new Float64Array(classes);
  return (weights, gradient) => {
    gradient.fill(0);
    let loss = 0;
    for (const row of rows) {
      const label = labels.values[row] as number;
      softmax(matrix, row, weights, scores);
      loss -= Math.log(Math.max(1e-300, scores[label] as number));
      scores[label] = (scores[label] as number) - 1;
      for (let c = 0; c < columns; c++) {
        const x = values[row * columns + c] as number;
        if (x === 0) continue;
        const at = c * classes;
        for (let k = 0; k < classes; k++)
          gradient[at + k] = (gradient[at + k] as number) + x * (scores[k] as number);
      }
      const at = columns * classes;
      for (let k = 0; k < classes; k++)
        gradient[at + k] = (gradient[at + k] as number) + (scores[k] as number);
    }
    return penalised(weights, gradient, { loss, rows: rows.length, penalised: columns * classes });
  };
}

/** Adds the penalty and divides by the number of rows, in place for the gradient. */
function penalised(
  weights: Float64Array,
  gradient: Float64Array,
  sums: { loss: number; rows: number; penalised: number },
): number {
  let squares = 0;
  for (let at = 0; at < gradient.length; at++) {
    const weight = at < sums.penalised ? (weights[at] as number) : 0;
    squares += weight * weight;
    gradient[at] = ((gradient[at] as number) + PENALTY * weight) / sums.rows;
  }
  return (sums.loss + (PENALTY / 2) * squares) / sums.rows;
}

/** Writes the class probabilities of a row into `scores`. */
function softmax({ columns, values }: Matrix, row: number, weights: Weights, scores: Float64Array): void {
  const classes = scores.length;
  for (let k = 0; k < classes; k++) scores[k] = weights[columns * classes + k] as number;
  for (let c = 0; c < columns; c++) {
    const x = values[row * columns + c] as number;
    if (x === 0) continue;
    const at = c * classes;
    for (let k = 0; k < classes; k++) scores[k] = (scores[k] as number) + x * (weights[at + k] as number);
  }
  let most = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < classes; k++) most = Math.max(most, scores[k] as number);
  let sum = 0;
  for (let k = 0; k < classes; k++) {
    scores[k] = Math.exp((scores[k] as number) - most);
    sum += scores[k] as number;
  }
  for (let k = 0; k < classes; k++) scores[k] = (scores[k] as number) / sum;
}

/** Rows that each fold's model learns from at most; null where a linear model of so many columns and classes is too costly. */
export function linearRows(columns: number, classes: number): number | null {
  const affordable = Math.floor(MOST_WORK / (columns * classes));
  if (affordable < LEAST_PER_CLASS * classes) return null;
  return Math.min(affordable, Math.max(ENOUGH_ROWS, ROWS_PER_COLUMN * columns));
}

/**
 * Out-of-fold class probabilities: each fold is judged by a model of the others. Of more rows than a linear model of
 * so many columns has use for, each fold's model sees `rows` drawn by lot, so that the time stays within bounds.
 */
export function* logisticProbabilities(
  matrix: Matrix,
  labels: Labels,
  { folds, rows, random }: { folds: Uint8Array; rows: number; random: Random },
): Generator<{ fold: number; folds: number }, Probabilities, void> {
  const classes = labels.names.length;
  const values = new Float32Array(matrix.rows * classes);
  const scores = new Float64Array(classes);
  const count = 1 + folds.reduce((most, fold) => Math.max(most, fold), 0);
  const order = random.shuffle(Int32Array.from({ length: matrix.rows }, (_, row) => row));
  for (let fold = 0; fold < count; fold++) {
    const others = order.filter((row) => folds[row] !== fold).subarray(0, rows);
    const fit = fitLogistic(matrix, labels, others);
    let step = fit.next();
    for (; step.done !== true; step = fit.next()) yield { fold, folds: count };
    for (let row = 0; row < matrix.rows; row++) {
      if (folds[row] !== fold) continue;
      softmax(matrix, row, step.value, scores);
      values.set(scores, row * classes);
    }
  }
  return { rows: matrix.rows, classes, values };
}
