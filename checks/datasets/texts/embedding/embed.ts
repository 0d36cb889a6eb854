import { createRandom } from '../../../statistics/random.ts';
import { finish, type Steps } from '../../neighbours/index.ts';
import { DatasetInputError, type Matrix } from '../../types.ts';
import type { EmbedOptions, EmbedTexts } from '../types.ts';
import { inverseFactor } from './cholesky.ts';
import { type Dense, dense, gaussian, gram, multiply, times, transposedTimes } from './dense.ts';
import { symmetricEigen } from './eigen.ts';
import { readVocabulary, type Sparse, weighTerms } from './terms.ts';

const USUAL_DIMENSIONS = 128;
const MOST_DIMENSIONS = 256;
/** Columns beyond those wanted while the subspace is sought, and rounds of it. */
const SPARE = 10;
const ROUNDS = 2;
/** Texts, drawn by lot, that the directions are found on. */
const ENOUGH = 12_000;
const BLOCK = 4096;
/** Share of the largest eigenvalue below which a direction is noise of rounding. */
const NOTHING = 1e-10;

/** `EmbedTexts` at once; see `embedSteps`. */
export const embedTexts: EmbedTexts = (texts, options = {}) => finish(embedSteps(texts, options));

/**
 * Latent semantic analysis (Deerwester et al., JASIS 41, 1990) in slices: TF-IDF of words, pairs of words and, of short
 * texts, four letters in a row, on its main directions by a randomised SVD (Halko, Martinsson and Tropp, SIAM Review 53,
 * 2011, algorithm 4.4) of up to 12,000 texts; each direction divided by the root of its strength. Time O(terms ·
 * dimensions). DatasetInputError unless dimensions are 2 to 256.
 */
export function* embedSteps(
  texts: readonly (string | null)[],
  { dimensions = USUAL_DIMENSIONS, seed = 0 }: EmbedOptions = {},
): Steps<Matrix> {
  if (!Number.isInteger(dimensions) || dimensions < 2 || dimensions > MOST_DIMENSIONS)
    throw new DatasetInputError(`Dimensions are 2 to ${MOST_DIMENSIONS}, not ${String(dimensions)}.`);
  const values = new Float32Array(texts.length * dimensions);
  const vocabulary = readVocabulary(texts);
  yield { stage: 'vocabulary', done: 1, total: 1 };
  if (vocabulary.columns === 0) return { rows: texts.length, columns: dimensions, values };
  const random = createRandom(seed);
  const order = random.shuffle(Int32Array.from({ length: texts.length }, (_, row) => row));
  const sample = weighTerms(texts, order.subarray(0, ENOUGH).sort(), vocabulary);
  const width = Math.min(dimensions + SPARE, sample.rows, sample.columns);
  const directions = yield* mainDirections(sample, gaussian(sample.columns, width, random));
  const kept = Math.min(dimensions, width);
  for (let from = 0; from < texts.length; from += BLOCK) {
    const rows = Int32Array.from({ length: Math.min(BLOCK, texts.length - from) }, (_, row) => from + row);
    const block = times(weighTerms(texts, rows, vocabulary), directions, dense(rows.length, width));
    rows.forEach((row, place) => {
      values.set(unit(block.values.subarray(place * width, place * width + kept)), row * dimensions);
    });
    yield { stage: 'embedding', done: from, total: texts.length };
  }
  return { rows: texts.length, columns: dimensions, values };
}

function unit(line: Float64Array): Float64Array {
  const length = Math.sqrt(line.reduce((sum, value) => sum + value * value, 0));
  return length === 0 ? line : line.map((value) => value / length);
}

/** Terms × directions, the strongest first, each divided by the root of its singular value. */
function* mainDirections(a: Sparse, start: Dense): Steps<Dense> {
  const { columns } = start;
  let terms = start;
  const texts = dense(a.rows, columns);
  for (let round = 0; round < ROUNDS; round++) {
    times(a, terms, texts);
    orthonormalise(texts);
    yield { stage: 'directions', done: 2 * round, total: 2 * ROUNDS };
    terms = transposedTimes(a, texts, dense(a.columns, columns));
    yield { stage: 'directions', done: 2 * round + 1, total: 2 * ROUNDS };
  }
  const { values, vectors } = symmetricEigen(gram(terms));
  scaleColumns(vectors, values, 0.75);
  multiply(terms, vectors);
  return terms;
}

/** Makes the columns orthonormal but for rounding, by Cholesky's factor of their products with a little ridge. */
function orthonormalise(x: Dense): void {
  multiply(x, inverseFactor(gram(x)));
}

/** Divides each column by its value to a power; columns of next to no value become 0. */
function scaleColumns({ rows, columns, values: cells }: Dense, values: Float64Array, power: number): void {
  const least = NOTHING * (values[0] ?? 0);
  for (let column = 0; column < columns; column++) {
    const value = values[column] as number;
    const factor = value > least ? value ** -power : 0;
    for (let row = 0; row < rows; row++)
      cells[row * columns + column] = (cells[row * columns + column] as number) * factor;
  }
}
