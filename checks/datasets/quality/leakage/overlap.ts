import type { Steps } from '../../neighbours/index.ts';
import { type Column, DatasetInputError, MAX_ROWS_NAMED } from '../../types.ts';
import { written } from '../cells.ts';
import { rowsOf } from '../content/select.ts';
import type { Overlap, Part } from '../types.ts';
import { canonical, folded, hashRows, indexOf, type RowHashes } from './hashes.ts';
import { nearCopies } from './passages.ts';

/** Fewer columns say too little once one is left out. */
const LEAST_COLUMNS = 4;
/** Cells beyond which rows are not compared but for one column. */
const MOST_CELLS = 20_000_000;
/** Rows that agree but for this column by nature, as a share of the dataset: above it the column is not left out. */
const USUAL = 0.01;
/** Mean length in characters from which a column holds texts. */
const TEXT_LENGTH = 40;

export interface OverlapFound {
  readonly overlaps: readonly Overlap[];
  readonly exact: number;
  readonly near: number;
  /** Rows of the dataset that overlap, ascending, exact ones and near ones. */
  readonly rows: Readonly<Record<'exact' | 'near', readonly number[]>>;
  /** Share of the dataset's rows that equal another of its own rows: as much overlap comes about by itself. */
  readonly twins: number;
  readonly skipped: readonly string[];
}

interface Pair {
  readonly train: readonly Column[];
  readonly test: readonly Column[];
}

/** The columns that both parts have, in the same order. */
export function shared(train: Part, test: Part): Pair {
  const both = train.columns
    .map((column) => [column, test.columns.find(({ name }) => name === column.name)] as const)
    .filter((pair): pair is readonly [Column, Column] => pair[1] !== undefined);
  if (both.length === 0)
    throw new DatasetInputError('The two parts have no column in common: name their columns alike.');
  return { train: both.map(([column]) => column), test: both.map(([, column]) => column) };
}

type Match = (testRow: number) => number;

function* leaveOneOut(train: RowHashes, test: RowHashes, columns: number): Steps<Match[]> {
  const matches: Match[] = [];
  for (let left = 0; left < columns; left++) {
    const index = indexOf(train.rows, (row) => train.without(row, left));
    // Kept only where it found something: an index of all rows for each column is too much memory.
    const found = new Int32Array(test.rows).fill(-1);
    let any = false;
    for (let row = 0; row < test.rows && index.twins <= USUAL; row++) {
      found[row] = index.first(test.without(row, left));
      any ||= (found[row] as number) >= 0;
    }
    if (any) matches.push((row) => found[row] as number);
    yield { stage: 'overlap but for one column', done: left + 1, total: columns };
  }
  return matches;
}

function isText(column: Column): boolean {
  if (column.kind === 'number') return false;
  const rows = Math.min(1_000, rowsOf(column));
  let length = 0;
  for (let row = 0; row < rows; row++) length += written(column, row)?.length ?? 0;
  return rows > 0 && length / rows >= TEXT_LENGTH;
}

/** For each test row the row of the dataset whose text it nearly repeats; -1 where there is none. */
function* copiedTexts({ train, test }: Pair): Steps<Int32Array> {
  const rows = test[0] === undefined ? 0 : rowsOf(test[0]);
  const copied = new Int32Array(rows).fill(-1);
  for (const [at, column] of train.entries()) {
    const other = test[at];
    if (other === undefined || !isText(column) || !isText(other)) continue;
    const lookup = nearCopies(other);
    const total = rowsOf(column);
    for (let row = 0; row < total; row++) {
      const testRow = lookup(written(column, row) ?? '');
      if (testRow >= 0 && copied[testRow] === -1) copied[testRow] = row;
      if (row % 500 === 499) yield { stage: 'near copies', done: row, total };
    }
  }
  return copied;
}

/** Test rows that are also in the dataset, or nearly. Time and memory grow with rows × columns. */
export function* findOverlap(input: Part, other: Part): Steps<OverlapFound> {
  const pair = shared(input, other);
  const skipped: string[] = [];
  const whole = { train: hashRows(pair.train, canonical), test: hashRows(pair.test, canonical) };
  const index = indexOf(whole.train.rows, whole.train.whole);
  yield { stage: 'overlap', done: 1, total: 3 };
  const columns = pair.train.length;
  const apart = columns >= LEAST_COLUMNS && (whole.train.rows + whole.test.rows) * columns <= MOST_CELLS;
  const bare = { train: hashRows(pair.train, folded, apart), test: hashRows(pair.test, folded, apart) };
  const byFold = indexOf(bare.train.rows, bare.train.whole);
  const near: Match[] = [(row) => byFold.first(bare.test.whole(row))];
  yield { stage: 'overlap', done: 2, total: 3 };
  if (apart) near.push(...(yield* leaveOneOut(bare.train, bare.test, columns)));
  else
    skipped.push(
      'Rows of both parts that differ in one column were not looked for: too few columns or too many rows.',
    );
  const copied = yield* copiedTexts(pair);
  near.push((row) => copied[row] as number);
  return {
    ...matched(whole.test, (row) => index.first(whole.test.whole(row)), near),
    twins: index.twins,
    skipped,
  };
}

function matched(
  test: RowHashes,
  exact: Match,
  near: readonly Match[],
): Pick<OverlapFound, 'overlaps' | 'exact' | 'near' | 'rows'> {
  const overlaps: Overlap[] = [];
  const counts = { exact: 0, near: 0 };
  const rows = { exact: new Set<number>(), near: new Set<number>() };
  const add = (row: number, testRow: number, kind: 'exact' | 'near'): void => {
    counts[kind] += 1;
    rows[kind].add(row);
    if (overlaps.length < MAX_ROWS_NAMED) overlaps.push({ row, testRow, kind });
  };
  for (let testRow = 0; testRow < test.rows; testRow++) {
    const same = exact(testRow);
    if (same >= 0) {
      add(same, testRow, 'exact');
      continue;
    }
    for (const match of near) {
      const row = match(testRow);
      if (row < 0) continue;
      add(row, testRow, 'near');
      break;
    }
  }
  const sorted = (set: ReadonlySet<number>): number[] => [...set].sort((a, b) => a - b);
  return { overlaps, ...counts, rows: { exact: sorted(rows.exact), near: sorted(rows.near) } };
}
