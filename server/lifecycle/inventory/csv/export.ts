import type { Caller } from '../../../reviews/index.ts';
import type { ListFilter, SystemReading } from '../reading.ts';
import { line } from './cells.ts';
import { COLUMNS } from './columns.ts';
import { namesFor } from './names.ts';
import type { Names } from './values.ts';

/**
 * Systems as CSV, UTF-8 with a byte order mark, in the columns that an import takes. What is linked and hidden from
 * the caller is left out, and an import leaves it linked.
 */
export async function* exportCsv(
  systems: Pick<SystemReading, 'everything'>,
  caller: Caller,
  filter: ListFilter,
): AsyncGenerator<string, void> {
  const { systems: all, facts } = await systems.everything(caller, filter);
  const names: Names = { ...namesFor(caller, facts, new Map()), warn: () => undefined };
  yield `\ufeff${line(COLUMNS.map(({ name }) => name))}`;
  for (const system of all) yield line(COLUMNS.map(({ write }) => write(system, names)));
}
