import { createRandom } from '../../statistics/random.ts';
import {
  findNeighbours,
  type Neighbours,
  type Progress,
  type Steps,
  standardised,
  unitRows,
} from '../neighbours/index.ts';
import { DatasetInputError, type Matrix } from '../types.ts';
import { stratifiedFolds } from './folds.ts';
import { linearRows, logisticProbabilities } from './logistic.ts';
import { bestMixture } from './mixture.ts';
import { type Judgement, labelReport } from './report.ts';
import type { LabelInput, LabelOptions, LabelReport, Labels, Probabilities } from './types.ts';
import { assertLabels } from './validate.ts';
import { voteProbabilities } from './vote.ts';

const USUAL_K = 20;
const USUAL_FOLDS = 5;

/**
 * Label errors of rows with features: out-of-sample probabilities by the nearest neighbours (each row judged by all
 * others), by a linear model (stratified folds), or by the best mixture of both, then confident learning. 100,000 × 20
 * takes some seconds, most of them the search for neighbours. Memory O(n · (d + k + classes)). DatasetInputError for
 * features or labels that cannot be judged.
 */
export function* checkLabels(input: LabelInput, options: LabelOptions = {}): Steps<LabelReport> {
  const judgement = yield* judgeLabels(input, options);
  yield { stage: 'labels', done: 0, total: 1 };
  return labelReport(judgement, input.labels, options);
}

/** The out-of-sample probabilities alone. Errors and times as `checkLabels`. */
export function* judgeLabels(input: LabelInput, options: LabelOptions = {}): Steps<Judgement> {
  const { features, labels, metric = 'euclidean' } = input;
  assertLabels(labels, features.rows);
  const prepared = metric === 'cosine' ? unitRows(features) : standardised(features);
  yield { stage: 'features', done: 1, total: 1 };
  const judge = usableJudge(features, labels, options);
  if (judge === 'linear') {
    const probabilities = yield* linear(prepared, labels, options);
    return { probabilities, judge, neighbours: null };
  }
  const k = Math.min(options.k ?? USUAL_K, features.rows - 1);
  const neighbours = input.neighbours ?? (yield* search(prepared, k, input, options));
  const voted = voteProbabilities(neighbours, labels, { k });
  if (judge === 'neighbours') return { probabilities: voted, judge, neighbours };
  const { probabilities, weight } = bestMixture(voted, yield* linear(prepared, labels, options), labels);
  return { probabilities, judge: weight === 1 ? 'neighbours' : weight === 0 ? 'linear' : 'both', neighbours };
}

function usableJudge(features: Matrix, labels: Labels, { judge = 'both' }: LabelOptions): typeof judge {
  if (judge === 'neighbours' || linearRows(features.columns, labels.names.length) !== null) return judge;
  if (judge === 'both') return 'neighbours';
  throw new DatasetInputError(
    `A linear model of ${features.columns} columns and ${labels.names.length} classes takes too long; judge by neighbours.`,
  );
}

function search(prepared: Matrix, k: number, input: LabelInput, options: LabelOptions): Steps<Neighbours> {
  return findNeighbours(prepared, { k, metric: input.metric ?? 'euclidean', seed: options.seed ?? 0 });
}

function* linear(
  prepared: Matrix,
  labels: Labels,
  options: LabelOptions,
): Generator<Progress, Probabilities, void> {
  const seed = options.seed ?? 0;
  const matrix = standardised(prepared);
  const folds = stratifiedFolds(labels.values, labels.names.length, options.folds ?? USUAL_FOLDS, seed);
  const rows = linearRows(matrix.columns, labels.names.length) ?? 0;
  const fits = logisticProbabilities(matrix, labels, { folds, rows, random: createRandom(seed) });
  for (;;) {
    const step = fits.next();
    if (step.done === true) return step.value;
    yield { stage: 'linear model', done: step.value.fold, total: step.value.folds };
  }
}
