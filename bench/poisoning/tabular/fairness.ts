import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Labels } from '@bartizan/checks/datasets/labels/index.ts';
import type { Column } from '@bartizan/checks/datasets/types.ts';

export interface LabelledTable {
  readonly name: string;
  readonly columns: readonly Column[];
  readonly labels: Labels;
}

/** The loan and income tables of the reference data: file, label column, columns that are no features. */
export const TABLES = {
  german: { file: 'german.csv', label: 'credit', drop: [] },
  hmda: { file: 'hmda_train.csv', label: 'high_priced', drop: ['row_id'] },
  adult: { file: 'adult.csv', label: 'income-per-year', drop: ['fnlwgt'] },
} as const;

export type TableName = keyof typeof TABLES;

/** A table under `folder` (which has fairness/); at most the first `most` rows. Its fields hold no commas or quotes. */
export function readTable(folder: string, name: TableName, most = Number.POSITIVE_INFINITY): LabelledTable {
  const { file, label, drop } = TABLES[name];
  const lines = readFileSync(join(folder, 'fairness', file), 'utf8')
    .trimEnd()
    .split('\n');
  const header = (lines[0] as string).trim().split(',');
  const rows = lines.slice(1, 1 + Math.min(most, lines.length)).map((line) => line.trim().split(','));
  const columns = header.flatMap((title, at): Column[] => {
    if (title === label || (drop as readonly string[]).includes(title)) return [];
    return [
      columnOf(
        title,
        rows.map((row) => (row[at] ?? '').trim()),
      ),
    ];
  });
  const given = columnOf(
    label,
    rows.map((row) => `=${(row[header.indexOf(label)] ?? '').trim()}`),
  );
  if (given.kind !== 'category') throw new Error(`${label} is no label`);
  return {
    name,
    columns,
    labels: { values: given.codes, names: given.values.map((value) => value.slice(1)) },
  };
}

function columnOf(name: string, cells: readonly string[]): Column {
  if (cells.every((cell) => cell === '' || Number.isFinite(Number(cell))))
    return {
      kind: 'number',
      name,
      values: Float64Array.from(cells, (cell) => (cell === '' ? Number.NaN : Number(cell))),
    };
  const values = [...new Set(cells)].filter((cell) => cell !== '').sort();
  const places = new Map(values.map((value, at) => [value, at]));
  return { kind: 'category', name, codes: Int32Array.from(cells, (cell) => places.get(cell) ?? -1), values };
}
