import { assertLabels, type Labels } from '../labels/index.ts';
import { assertMatrix } from '../neighbours/index.ts';
import type { Matrix } from '../types.ts';

/** Fewest rows of a class that can be judged. */
export const FEWEST_CLASS_ROWS = 20;

/** Rows of each class that is large enough to be judged. DatasetInputError for activations or labels that are none. */
export function classesOf(activations: Matrix, labels: Labels): { label: number; rows: Int32Array }[] {
  assertMatrix(activations);
  assertLabels(labels, activations.rows);
  const lists = labels.names.map((): number[] => []);
  labels.values.forEach((label, row) => lists[label]?.push(row));
  return lists
    .map((rows, label) => ({ label, rows: Int32Array.from(rows) }))
    .filter(({ rows }) => rows.length >= FEWEST_CLASS_ROWS);
}
