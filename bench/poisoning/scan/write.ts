import { writeFileSync } from 'node:fs';
import { makeArray } from '@bartizan/checks/artifacts/numpy/samples.ts';

const cell = (value: string | number): string => {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/** A CSV file (RFC 4180). */
export function writeCsv(
  path: string,
  header: readonly string[],
  rows: Iterable<readonly (string | number)[]>,
): void {
  const lines = [header.map(cell).join(',')];
  for (const row of rows) lines.push(row.map(cell).join(','));
  writeFileSync(path, `${lines.join('\n')}\n`);
}

/** An npy file of bytes or 32-bit numbers. */
export function writeNpy(
  path: string,
  values: Uint8Array | Int32Array | Float32Array,
  shape: readonly number[],
): void {
  const descr = values instanceof Uint8Array ? '|u1' : values instanceof Int32Array ? '<i4' : '<f4';
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  writeFileSync(path, makeArray(descr, `${shape.join(', ')},`, bytes));
}
