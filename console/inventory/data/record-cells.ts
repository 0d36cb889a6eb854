import type { DatasetDiffRecords } from '@bartizan/contracts';

/** A value of a record with its column. */
export interface Cell {
  readonly name: string;
  readonly value: unknown;
  /** Longer than was sent. */
  readonly isCut: boolean;
}

export interface Change {
  readonly name: string;
  /** Null where the version has no such column. */
  readonly was: Cell | null;
  readonly now: Cell | null;
}

/** The record at a row, column by column; null where it was not sent. */
export function cellsOf(side: DatasetDiffRecords['was'], row: number | null): readonly Cell[] | null {
  const item = side?.items.find((each) => each.row === row);
  if (!side || item === undefined) return null;
  return side.schema.columns.map(({ name }, at) => ({
    name,
    value: item.values[at],
    isCut: item.cut.includes(name),
  }));
}

/** Columns that differ: those that are known to, or else those whose values are not the same. */
export function changesOf(
  before: readonly Cell[],
  after: readonly Cell[],
  known: readonly string[],
): readonly Change[] {
  const [was, now] = [before, after].map((cells) => new Map(cells.map((cell) => [cell.name, cell])));
  const names = new Set([...before, ...after].map(({ name }) => name));
  const all = [...names].map((name) => ({ name, was: was?.get(name) ?? null, now: now?.get(name) ?? null }));
  const written = (cell: Cell | null): string => (cell === null ? '' : JSON.stringify(cell.value ?? null));
  return all.filter((change) =>
    known.length > 0 ? known.includes(change.name) : written(change.was) !== written(change.now),
  );
}
