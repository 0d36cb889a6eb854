import type { Labels } from '../labels/index.ts';
import { DatasetInputError } from '../types.ts';

/** DatasetInputError unless there is a label for each of `rows` rows, 0 to the number of names − 1, or -1 where missing. */
export function assertFits(labels: Labels, rows: number): void {
  if (labels.values.length !== rows)
    throw new DatasetInputError(
      `There are ${labels.values.length} labels for ${rows} rows; each row needs one, -1 where it is missing.`,
    );
  const outside = labels.values.findIndex((label) => label < -1 || label >= labels.names.length);
  if (outside >= 0)
    throw new DatasetInputError(
      `Row ${outside} has label ${labels.values[outside]}; labels go from 0 to ${labels.names.length - 1}, -1 is a missing one.`,
    );
}
