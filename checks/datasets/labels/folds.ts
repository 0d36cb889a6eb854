import { createRandom } from '../../statistics/random.ts';
import { DatasetInputError } from '../types.ts';

/**
 * A fold 0..`folds`−1 for every row, drawn by lot so that every class is spread over the folds as evenly as it can be.
 * O(n). DatasetInputError unless `folds` is 2..20; a class with fewer rows than folds is missing in some.
 */
export function stratifiedFolds(
  labels: Int32Array,
  classes: number,
  folds: number,
  seed: number,
): Uint8Array {
  if (!Number.isInteger(folds) || folds < 2 || folds > 20)
    throw new DatasetInputError(`Folds are 2 to 20, not ${String(folds)}.`);
  const random = createRandom(seed);
  const order = random.shuffle(Int32Array.from(labels, (_, row) => row));
  const next = Int32Array.from({ length: classes }, () => random.integer(folds));
  const result = new Uint8Array(labels.length);
  for (const row of order) {
    const label = labels[row] as number;
    const fold = next[label] as number;
    result[row] = fold;
    next[label] = (fold + 1) % folds;
  }
  return result;
}
