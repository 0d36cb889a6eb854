import { readFile, writeFile } from 'node:fs/promises';

/** A set of rows that is asked in ascending order, or in any. */
export interface RowSet {
  readonly size: number;
  readonly has: (row: number) => boolean;
  /** Ascending. */
  readonly rows: Uint32Array;
}

export async function readRows(path: string): Promise<RowSet> {
  const bytes = await readFile(path);
  const rows = new Uint32Array(Math.floor(bytes.length / 4));
  for (let at = 0; at < rows.length; at++) rows[at] = bytes.readUInt32LE(at * 4);
  const last = rows.at(-1) ?? 0;
  const bits = new Uint8Array(Math.floor(last / 8) + 1);
  for (const row of rows) bits[row >>> 3] = (bits[row >>> 3] as number) | (1 << (row & 7));
  return {
    size: rows.length,
    rows,
    has: (row) => row <= last && ((bits[row >>> 3] as number) & (1 << (row & 7))) !== 0,
  };
}

export async function writeRows(path: string, rows: readonly number[]): Promise<void> {
  const bytes = Buffer.alloc(rows.length * 4);
  for (const [at, row] of rows.entries()) bytes.writeUInt32LE(row, at * 4);
  await writeFile(path, bytes, { flag: 'wx', mode: 0o600 });
}
