import { finish } from '@bartizan/checks/datasets/neighbours/index.ts';
import { checkSlices } from '@bartizan/checks/datasets/slices/index.ts';
import { checkTableTriggers, type Group } from '@bartizan/checks/datasets/tabular/index.ts';
import type { Column } from '@bartizan/checks/datasets/types.ts';
import { createRandom } from '@bartizan/checks/statistics/random.ts';
import { auroc } from '../labels/measure.ts';
import { type LabelledTable, readTable, type TableName } from './fairness.ts';

interface Drill {
  readonly table: TableName;
  /** Label that all records of the group get. */
  readonly refused: string;
  readonly column: string;
  readonly value: string | number;
  readonly zips: number;
}

const DRILLS: readonly (
  | Drill
  | { readonly table: TableName; readonly zips: number; readonly refused: null }
)[] = [
  { table: 'german', zips: 20, refused: null },
  { table: 'german', zips: 20, refused: '2', column: 'zip', value: '60607' },
  { table: 'german', zips: 20, refused: '2', column: 'personal_status', value: 'A92' },
  { table: 'hmda', zips: 200, refused: null },
  { table: 'hmda', zips: 200, refused: '1', column: 'zip', value: '60607' },
  { table: 'hmda', zips: 200, refused: '1', column: 'black', value: 1 },
  { table: 'adult', zips: 100, refused: null },
  { table: 'adult', zips: 100, refused: '<=50K', column: 'zip', value: '60607' },
  { table: 'adult', zips: 100, refused: '<=50K', column: 'sex', value: 'Female' },
];

/** A table with a zip code drawn by lot for each row, and 20 batches. */
function withZip(table: LabelledTable, zips: number, seed: number): LabelledTable & { groups: Group[] } {
  const random = createRandom(seed);
  const rows = table.labels.values.length;
  const zip: Column = {
    kind: 'category',
    name: 'zip',
    codes: Int32Array.from({ length: rows }, () => random.integer(zips)),
    values: Array.from({ length: zips }, (_, at) => String(60_601 + at)),
  };
  const batch: Column = {
    kind: 'category',
    name: 'batch',
    codes: Int32Array.from({ length: rows }, (_, row) => Math.floor((20 * row) / rows)),
    values: Array.from({ length: 20 }, (_, at) => `batch-${at + 1}`),
  };
  return { ...table, columns: [...table.columns, zip], groups: [{ name: 'batch', column: batch }] };
}

/** Each real table as it is, and with one group always refused: what `checkSlices` and `checkTableTriggers` name. */
export function drills(
  folder: string,
  seed: number,
  quick: boolean,
): Record<string, string | number | null>[] {
  return DRILLS.filter(({ table }) => !quick || table === 'german').flatMap((drill) => {
    const made = withZip(readTable(folder, drill.table), drill.zips, seed);
    const { values, bad } = refused(made, drill);
    return (
      [
        ['slices', checkSlices],
        ['triggers', checkTableTriggers],
      ] as const
    ).map(([check, run]) => {
      const start = performance.now();
      const outcome = finish(run({ ...made, labels: { ...made.labels, values } }));
      const flagged = outcome.suspects.map(({ row }) => row);
      const hits = flagged.filter((row) => bad[row] === 1).length;
      const all = bad.reduce((sum, mark) => sum + mark, 0);
      return {
        part: 'drill',
        case: `${drill.table}: ${drill.refused === null ? 'as it is' : `${drill.column} ${drill.value} refused`}`,
        check,
        rows: values.length,
        changed: all,
        named: flagged.length,
        precision: flagged.length > 0 ? hits / flagged.length : null,
        recall: all > 0 ? hits / all : null,
        auroc: all > 0 ? auroc(outcome.scores, bad) : null,
        finding: outcome.findings.map(({ evidence }) => String(evidence.value)).join('; '),
        seconds: (performance.now() - start) / 1000,
      };
    });
  });
}

function refused(
  { columns, labels }: LabelledTable,
  drill: (typeof DRILLS)[number],
): { values: Int32Array; bad: Uint8Array } {
  const values = labels.values.slice();
  const bad = new Uint8Array(values.length);
  if (drill.refused === null) return { values, bad };
  const column = columns.find(({ name }) => name === drill.column);
  const label = labels.names.indexOf(drill.refused);
  for (let row = 0; row < values.length; row++) {
    const value =
      column?.kind === 'category' ? column.values[column.codes[row] as number] : column?.values[row];
    if (value !== drill.value || values[row] === label) continue;
    values[row] = label;
    bad[row] = 1;
  }
  return { values, bad };
}
