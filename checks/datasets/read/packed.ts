import duckdb from '@duckdb/node-bindings';
import { type ColumnChunk, MAX_CELL_BYTES } from '../records/index.ts';
import { ReadError } from './types.ts';

/** Bytes of a string in a vector of DuckDB: its length, then up to 12 bytes, or 4 bytes and where it lies. */
const ITEM = 16;
const INLINE = 12;
/**
 * Strings with fewer bytes than this between them are read at once. Memory is mapped by pages of 4,096 bytes or more:
 * what lies between two strings that are nearer than that is on a page of one of them.
 */
const NEAR = 4096;
/** Bytes read at once. */
const MAX_READ = 1 << 22;

export interface StringVector {
  readonly vector: duckdb.Vector;
  readonly rows: number;
  readonly valid: Uint8Array | null;
  readonly name: string;
  /** Rows in front of the vector's, for messages. */
  readonly before: number;
}

/** A stretch of memory that holds the strings of some rows. */
interface Stretch {
  /** The first row, which holds the address. */
  readonly row: number;
  readonly address: number;
  end: number;
  /** Where it will lie in the packed bytes. */
  readonly place: number;
}

/**
 * The texts or byte strings of a vector as bytes. DuckDB lays strings of a chunk one behind the other, so a few reads
 * get all of them, without a JavaScript string for each. ReadError for a cell of more than 16 MiB.
 */
export function packedColumn({ vector, rows, valid, name, before }: StringVector): ColumnChunk {
  const items = duckdb.vector_get_data(vector, rows * ITEM);
  const words = new Uint32Array(items.buffer, items.byteOffset, rows * 4);
  const starts = new Uint32Array(rows);
  const ends = new Uint32Array(rows);
  const stretches: Stretch[] = [];
  let total = items.length;
  let open: Stretch | null = null;
  for (let row = 0; row < rows; row++) {
    if (valid !== null && ((valid[row >> 3] as number) & (1 << (row & 7))) === 0) continue;
    const length = words[row * 4] as number;
    if (length <= INLINE) {
      starts[row] = row * ITEM + 4;
      ends[row] = row * ITEM + 4 + length;
      continue;
    }
    if (length > MAX_CELL_BYTES)
      throw new ReadError(
        `Column ${JSON.stringify(name)} holds a value of ${length} bytes in record ${before + row}, more than ${MAX_CELL_BYTES}.`,
        { column: name },
      );
    const address = (words[row * 4 + 2] as number) + (words[row * 4 + 3] as number) * 0x1_0000_0000;
    if (
      open === null ||
      address < open.address ||
      address - open.end >= NEAR ||
      address + length - open.address > MAX_READ
    ) {
      open = { row, address, end: address, place: total };
      stretches.push(open);
    }
    total += Math.max(open.end, address + length) - open.end;
    open.end = Math.max(open.end, address + length);
    starts[row] = open.place + (address - open.address);
    ends[row] = (starts[row] as number) + length;
    if (total > 0xffff_ffff)
      throw new ReadError(`Column ${JSON.stringify(name)} holds more than 4 GiB in ${rows} records.`, {
        column: name,
      });
  }
  return { store: 'packed', valid, values: { bytes: gather(items, stretches, total), starts, ends } };
}

function gather(items: Uint8Array, stretches: readonly Stretch[], total: number): Uint8Array {
  if (stretches.length === 0) return items;
  const bytes = Buffer.allocUnsafeSlow(total);
  bytes.set(items);
  for (const { row, address, end, place } of stretches)
    bytes.set(
      duckdb.get_data_from_pointer(
        items.buffer as ArrayBuffer,
        items.byteOffset + row * ITEM + 8,
        end - address,
      ),
      place,
    );
  return bytes;
}
