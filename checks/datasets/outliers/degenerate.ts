import { type DatasetFinding, MAX_ROWS_NAMED, type Matrix } from '../types.ts';

/** Columns from which a row of one and the same number is no chance, and the share of rows up to which it is odd. */
const LEAST_COLUMNS = 5;
const LARGEST_SHARE = 0.1;

export interface Degenerate {
  readonly rows: readonly number[];
  readonly reason: string;
  readonly finding: Omit<DatasetFinding, 'check' | 'maps'>;
}

/** Rows whose numbers are all the same (all zeros, a blank picture); null for none or where they are usual. O(n · d). */
export function degenerateRows({ rows, columns, values }: Matrix): Degenerate | null {
  if (columns < LEAST_COLUMNS) return null;
  const found: number[] = [];
  for (let row = 0; row < rows; row++) {
    const first = values[row * columns];
    let at = row * columns + 1;
    while (at < (row + 1) * columns && values[at] === first) at++;
    if (at === (row + 1) * columns) found.push(row);
  }
  if (found.length === 0 || found.length > LARGEST_SHARE * rows) return null;
  return {
    rows: found,
    reason: 'all its numbers are the same: it has no content',
    finding: {
      title: 'Records without content',
      severity: 'medium',
      message: `${found.length} of ${rows} records have the same number in every column; they teach a model nothing but their label.`,
      rows: found.slice(0, MAX_ROWS_NAMED),
      count: found.length,
      precision: null,
      evidence: { rows, withoutContent: found.length },
    },
  };
}
