import type { ColumnChunk, RecordStream } from '@bartizan/checks/datasets/records/index.ts';
import type { ReleaseValues } from '@bartizan/checks/privacy/index.ts';
import { AppError } from '../../../kernel/error.ts';
import { cellOf } from '../datasets/cells.ts';

/** Values that are held in memory at a time. */
export const MOST_VALUES = 20_000_000;

const wrong = (message: string, path: string): AppError =>
  new AppError('invalid_input', message, { issues: [{ path: `query.${path}`, message }] });

/**
 * The values of a column, or nothing but their number where no column is asked for: a missing value keeps its place, so
 * that one record is one value. `invalid_input` for a column that is not there or holds something else.
 */
export async function valuesOf(
  data: RecordStream,
  column: string | undefined,
  as: ReleaseValues['kind'],
  equals?: string,
): Promise<ReleaseValues> {
  const { columns } = data.schema;
  const index = column === undefined ? -1 : columns.findIndex(({ name }) => name === column);
  const type = columns[index]?.type;
  if (column !== undefined && type === undefined) throw wrong(`there is no column "${column}"`, 'column');
  if (as === 'number' && type !== undefined && !NUMBERS.has(type.kind))
    throw wrong(`the column "${column}" holds ${type.kind}, not numbers`, 'column');
  const numbers: number[] = [];
  const categories: (string | null)[] = [];
  let counted = 0;
  for await (const chunk of data.chunks()) {
    if (numbers.length + categories.length + chunk.rows > MOST_VALUES)
      throw wrong(`the version has more than ${MOST_VALUES} records`, 'version');
    if (index === -1 || type === undefined) {
      counted += chunk.rows;
      continue;
    }
    for (let row = 0; row < chunk.rows; row += 1) {
      const { value } = cellOf(chunk.columns[index] as ColumnChunk, row, type);
      if (as === 'number') numbers.push(value === null ? Number.NaN : Number(value));
      else {
        const text = value === null ? null : typeof value === 'string' ? value : JSON.stringify(value);
        categories.push(equals === undefined || text === equals ? text : null);
      }
    }
  }
  if (index === -1) return { kind: 'number', values: ones(counted) };
  return as === 'number' ? { kind: 'number', values: numbers } : { kind: 'category', values: categories };
}

function* ones(count: number): Generator<number> {
  for (let at = 0; at < count; at += 1) yield 1;
}

const NUMBERS: ReadonlySet<string> = new Set(['integer', 'decimal', 'float', 'double', 'boolean']);
