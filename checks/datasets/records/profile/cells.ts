import type { ColumnChunk, ColumnType, PackedBytes, Value } from '../types.ts';
import { isThere } from '../write.ts';

/** The cells of a column of a chunk that hold a value, in their order. Good until the next chunk. */
export interface Cells {
  readonly count: number;
  /** Row of each. */
  readonly rows: Uint32Array;
  /** 64 bits of a hash of each, as two halves, which depend on the value and its type alone; not for secrets. */
  readonly high: Int32Array;
  readonly low: Int32Array;
  /** Whether two cells hold the same value. */
  readonly same: (one: number, other: number) => boolean;
}

const utf8 = new TextDecoder();

/** The value of a row as one writes it. */
export function shown(column: ColumnChunk, row: number, type: ColumnType): string {
  if (column.store === 'packed') {
    const { bytes, starts, ends } = column.values;
    const cell = bytes.subarray(starts[row], ends[row]);
    return type.kind === 'bytes'
      ? Buffer.from(cell.buffer, cell.byteOffset, cell.byteLength).toString('hex')
      : utf8.decode(cell);
  }
  if (column.store === 'bits') return column.values[row] === 0 ? 'false' : 'true';
  const value = column.values[row] as Value;
  if (typeof value === 'object' && value !== null)
    return JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? String(each) : each));
  return Object.is(value, -0) ? '-0' : String(value);
}

const C1 = 0x85ebca6b;
const C2 = 0xc2b2ae35;

/** The finaliser of MurmurHash3 (Appleby). */
function mix(word: number): number {
  let h = Math.imul(word ^ (word >>> 16), C1);
  h = Math.imul(h ^ (h >>> 13), C2);
  return h ^ (h >>> 16);
}

const double = new Float64Array(1);
const halves = new Int32Array(double.buffer);

/** Reads the cells of one column after the other into the same arrays. */
export function createCells() {
  let rows = new Uint32Array(0);
  let high = new Int32Array(0);
  let low = new Int32Array(0);

  function enter(at: number, one: number, other: number): void {
    const first = mix(one ^ 0x9747b28c);
    low[at] = mix(other ^ first);
    high[at] = mix(first + (low[at] as number) + other);
  }
  function enterNumber(at: number, value: number): void {
    double[0] = value === value ? value : Number.NaN;
    enter(at, halves[0] as number, halves[1] as number);
  }
  function enterBytes(at: number, bytes: Uint8Array, start: number, end: number): void {
    let one = 0x3c6ef372;
    let other = end - start;
    let i = start;
    for (; i + 4 <= end; i += 4) {
      const word =
        (bytes[i] as number) |
        ((bytes[i + 1] as number) << 8) |
        ((bytes[i + 2] as number) << 16) |
        ((bytes[i + 3] as number) << 24);
      one = Math.imul(one ^ word, C1);
      one ^= one >>> 15;
      other = (Math.imul(other ^ word, C2) + one) | 0;
      other ^= other >>> 13;
    }
    for (; i < end; i++) {
      one = Math.imul(one ^ (bytes[i] as number), C2);
      other = (Math.imul(other ^ one, C1) + one) | 0;
    }
    enter(at, one, other);
  }
  /** A value that came by itself, hashed as it would be out of a typed array where it could lie in one. */
  function enterValue(at: number, column: ColumnChunk, row: number, type: ColumnType): void {
    const value = column.values as ArrayLike<Value>;
    const cell = value[row] as Value;
    const real = type.kind === 'double' || type.kind === 'float';
    if (typeof cell === 'boolean') return enter(at, cell ? 1 : 0, 0);
    if (real && typeof cell === 'number')
      return enterNumber(at, type.kind === 'float' ? Math.fround(cell) : cell);
    if (typeof cell === 'bigint' || (typeof cell === 'number' && Number.isSafeInteger(cell))) {
      const whole = BigInt(cell);
      if (BigInt.asIntN(64, whole) === whole)
        return enter(at, Number(BigInt.asIntN(32, whole)), Number(BigInt.asIntN(32, whole >> 32n)));
    }
    const bytes = cell instanceof Uint8Array ? cell : Buffer.from(shown(column, row, type));
    enterBytes(at, bytes, 0, bytes.length);
  }

  function hash(column: ColumnChunk, count: number, type: ColumnType): void {
    const { values } = column;
    if (column.store === 'packed') {
      const { bytes, starts, ends } = column.values;
      for (let at = 0; at < count; at++) {
        const row = rows[at] as number;
        enterBytes(at, bytes, starts[row] as number, ends[row] as number);
      }
    } else if (column.store === 'float32' || column.store === 'float64')
      for (let at = 0; at < count; at++) enterNumber(at, column.values[rows[at] as number] as number);
    else if (values instanceof BigInt64Array) {
      const words = new Int32Array(values.buffer, values.byteOffset, values.length * 2);
      for (let at = 0; at < count; at++) {
        const row = rows[at] as number;
        enter(at, words[2 * row] as number, words[2 * row + 1] as number);
      }
    } else if (column.store === 'bits')
      for (let at = 0; at < count; at++) enter(at, column.values[rows[at] as number] === 0 ? 0 : 1, 0);
    else if (column.store === 'integers' && !(values instanceof BigUint64Array)) {
      const whole = values as Int32Array;
      for (let at = 0; at < count; at++) {
        const value = whole[rows[at] as number] as number;
        enter(at, value | 0, value < 0 ? -1 : 0);
      }
    } else for (let at = 0; at < count; at++) enterValue(at, column, rows[at] as number, type);
  }

  return (column: ColumnChunk, chunkRows: number, type: ColumnType): Cells => {
    if (rows.length < chunkRows) {
      rows = new Uint32Array(chunkRows);
      high = new Int32Array(chunkRows);
      low = new Int32Array(chunkRows);
    }
    const nulls = column.store === 'values' ? column.values : null;
    let count = 0;
    for (let row = 0; row < chunkRows; row++)
      if (isThere(column.valid, row) && (nulls === null || (nulls[row] ?? null) !== null))
        rows[count++] = row;
    hash(column, count, type);
    const at = rows;
    const same =
      column.store === 'packed'
        ? (one: number, other: number) => sameBytes(column.values, at[one] as number, at[other] as number)
        : (one: number, other: number) => sameValue(column, [at[one] as number, at[other] as number], type);
    return { count, rows, high, low, same };
  };
}

function sameBytes({ bytes, starts, ends }: PackedBytes, one: number, other: number): boolean {
  const [from, to] = [starts[one] as number, starts[other] as number];
  const length = (ends[one] as number) - from;
  if ((ends[other] as number) - to !== length) return false;
  for (let i = 0; i < length; i++) if (bytes[from + i] !== bytes[to + i]) return false;
  return true;
}

function sameValue(column: ColumnChunk, [one, other]: [number, number], type: ColumnType): boolean {
  const values = column.values as ArrayLike<Value>;
  if (Object.is(values[one], values[other])) return true;
  return column.store === 'values' && shown(column, one, type) === shown(column, other, type);
}
