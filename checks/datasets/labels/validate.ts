import { DatasetInputError } from '../types.ts';
import type { Labels, Probabilities } from './types.ts';

/** How far the probabilities of a row may be from 1 together. */
const SUM_TOLERANCE = 1e-3;
/** Most rows × classes. */
export const MOST_PROBABILITIES = 200_000_000;

/**
 * DatasetInputError unless there is a label from 0 to the number of names − 1 for each of `rows` rows, and at least two
 * classes occur.
 */
export function assertLabels(labels: Labels, rows: number): void {
  const { values, names } = labels;
  if (values.length !== rows)
    throw new DatasetInputError(`There are ${values.length} labels for ${rows} rows; each row needs one.`);
  if (rows * names.length > MOST_PROBABILITIES)
    throw new DatasetInputError(
      `${names.length} classes of ${rows} rows are too many to judge; is the label column an identifier or a number?`,
    );
  const outside = values.findIndex((label) => label < 0 || label >= names.length);
  if (outside >= 0)
    throw new DatasetInputError(
      `Row ${outside} has label ${values[outside]}; labels go from 0 to ${names.length - 1}.`,
    );
  const first = values[0];
  if (values.every((label) => label === first))
    throw new DatasetInputError('All rows have the same label; label errors need at least two classes.');
}

/**
 * Probabilities that a user gives, with their labels: 0..1, each row summing to 1, both ± .001; as many classes as
 * the labels have names. They must be out of sample, which cannot be told from them. DatasetInputError otherwise.
 */
export function assertProbabilities({ rows, classes, values }: Probabilities, labels: Labels): void {
  if (values.length !== rows * classes)
    throw new DatasetInputError(
      `${rows} rows of ${classes} probabilities are ${rows * classes} numbers, not ${values.length}.`,
    );
  if (classes !== labels.names.length)
    throw new DatasetInputError(
      `There are probabilities of ${classes} classes and labels of ${labels.names.length}.`,
    );
  assertLabels(labels, rows);
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let at = row * classes; at < (row + 1) * classes; at++) {
      const value = values[at] as number;
      if (!(value >= 0 && value <= 1 + SUM_TOLERANCE))
        throw new DatasetInputError(
          `Row ${row}, class ${at % classes}: ${value} is not a probability; scores and logits need a softmax first.`,
        );
      sum += value;
    }
    if (Math.abs(sum - 1) > SUM_TOLERANCE)
      throw new DatasetInputError(`The probabilities of row ${row} sum to ${sum.toPrecision(6)}, not to 1.`);
  }
}
