import { readFile } from 'node:fs/promises';
import type { Column } from '@bartizan/checks/datasets/types.ts';
import type { DataScanOptions } from '@bartizan/contracts';
import type { Loaded } from './load.ts';
import type { RecordedOrigins } from './protocol.ts';

/** `name`, or that in brackets where a column has it. */
const freeName = (columns: readonly Column[], name: string): string =>
  columns.some((column) => column.name === name) ? `(${name})` : name;

function columnOf(name: string, values: readonly (string | null)[], places: Int32Array): Column | null {
  const known = [...new Set(values.filter((value) => value !== null))];
  if (known.length < 2) return null;
  const codeOf = values.map((value) => (value === null ? -1 : known.indexOf(value)));
  return {
    kind: 'category',
    name,
    codes: places.map((place) => codeOf[place] ?? -1),
    values: known,
  };
}

/**
 * Adds batch and source of each record, as the chain of custody has them, where the caller named no columns of their
 * own: slices and drift are then told by delivery.
 */
export async function withOrigins(
  loaded: Loaded,
  options: DataScanOptions,
  origins: RecordedOrigins | null,
): Promise<readonly [Loaded, DataScanOptions]> {
  if (origins === null) return [loaded, options];
  const bytes = await readFile(origins.path);
  const places = new Int32Array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.byteLength / 4)).slice();
  if (places.length !== loaded.rows) return [loaded, options];
  const { columns } = loaded;
  const batch =
    options.batch === undefined ? columnOf(freeName(columns, 'batch'), origins.batches, places) : null;
  const source =
    options.source === undefined ? columnOf(freeName(columns, 'source'), origins.sources, places) : null;
  return [
    { ...loaded, columns: [...columns, ...(batch ? [batch] : []), ...(source ? [source] : [])] },
    {
      ...options,
      ...(batch ? { batch: batch.name } : {}),
      ...(source ? { source: source.name } : {}),
    },
  ];
}
