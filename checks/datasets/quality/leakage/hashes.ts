import type { Column } from '../../types.ts';
import { readNumber, written } from '../cells.ts';
import { rowsOf } from '../content/select.ts';

/** 53 bits of hashes of the rows: of all columns together, and of all but one. Not for secrets. */
export interface RowHashes {
  readonly rows: number;
  readonly whole: (row: number) => number;
  /** Of all columns but the one at this place. */
  readonly without: (row: number, column: number) => number;
}

/** Two streams of MurmurHash3's mixing (Appleby) over the code units. */
export function hashText(text: string, seed: number): readonly [high: number, low: number] {
  let [high, low] = [Math.imul(seed + 1, 0x9e3779b1) ^ text.length, Math.imul(seed + 7, 0x85ebca77)];
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    high = Math.imul(high ^ unit, 0xcc9e2d51);
    high ^= high >>> 15;
    low = Math.imul(low ^ unit, 0x1b873593) + high;
    low ^= low >>> 13;
  }
  high = Math.imul(high ^ (low >>> 16), 0x85ebca6b);
  low = Math.imul(low ^ (high >>> 13), 0xc2b2ae35);
  return [(high ^ (high >>> 16)) >>> 0, (low ^ (low >>> 15)) >>> 0];
}

/** A value apart from how it is written: `1.50` and 1.5 are one. Missing is a value of its own. */
export function canonical(column: Column, row: number): string {
  const text = written(column, row);
  if (text === null) return '\0';
  if (column.kind === 'number' || text.length > 40) return text;
  const number = amountOf(text);
  return Number.isNaN(number) ? text : String(number);
}

/** The number that a text writes; NaN for a code, which may begin with zeros. */
const amountOf = (text: string): number => (/^\s*[+-]?0\d/.test(text) ? Number.NaN : readNumber(text));

/** As `canonical`, without case, marks and repeated blanks, and numbers to six digits. */
export function folded(column: Column, row: number): string {
  if (column.kind === 'number') {
    const value = column.values[row] as number;
    return Number.isNaN(value) ? '\0' : value.toPrecision(6);
  }
  const text = canonical(column, row);
  const number = text.length > 40 ? Number.NaN : amountOf(text);
  if (!Number.isNaN(number)) return number.toPrecision(6);
  const bare = text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
  return bare === '' ? text : bare;
}

const bits = (high: number, low: number): number => (high >>> 0) * 2 ** 21 + (low >>> 11);

interface Lanes {
  readonly high: Uint32Array;
  readonly low: Uint32Array;
}

const lanes = (rows: number): Lanes => ({ high: new Uint32Array(rows), low: new Uint32Array(rows) });

function hashColumn(column: Column, at: number, valueOf: ValueOf, into: Lanes): void {
  const known = column.kind === 'category' ? new Map<number, readonly [number, number]>() : null;
  for (let row = 0; row < into.high.length; row++) {
    const code = column.kind === 'category' ? (column.codes[row] as number) : 0;
    const hash = known?.get(code) ?? hashText(valueOf(column, row), at);
    known?.set(code, hash);
    [into.high[row], into.low[row]] = hash;
  }
}

/** How a value is written before it is hashed. */
type ValueOf = (column: Column, row: number) => string;

/**
 * Sums of the columns' hashes: 8 bytes a row, and with `apart`, which `without` needs, 8 bytes a cell more, so that one
 * column can be taken out again.
 */
export function hashRows(columns: readonly Column[], valueOf: ValueOf, apart = false): RowHashes {
  const rows = columns[0] === undefined ? 0 : rowsOf(columns[0]);
  const sum = lanes(rows);
  let part = lanes(rows);
  const parts: Lanes[] = [];
  for (const [at, column] of columns.entries()) {
    if (apart) part = lanes(rows);
    hashColumn(column, at, valueOf, part);
    for (let row = 0; row < rows; row++) {
      sum.high[row] = (sum.high[row] as number) + (part.high[row] as number);
      sum.low[row] = (sum.low[row] as number) + (part.low[row] as number);
    }
    if (apart) parts.push(part);
  }
  return {
    rows,
    whole: (row) => bits(sum.high[row] as number, sum.low[row] as number),
    without: (row, column) => {
      const left = parts[column];
      if (left === undefined) throw new RangeError('These hashes were not kept apart.');
      const high = (sum.high[row] as number) - (left.high[row] as number);
      return bits(high | 0, ((sum.low[row] as number) - (left.low[row] as number)) >>> 0);
    },
  };
}

/** Rows by hash: the first with it, and whether there are more. */
export interface Index {
  /** -1 where none has it. */
  readonly first: (hash: number) => number;
  /** Share of the rows that have a twin among the others. */
  readonly twins: number;
}

export function indexOf(rows: number, hash: (row: number) => number): Index {
  const known = new Map<number, number>();
  const twice = new Set<number>();
  let twins = 0;
  for (let row = 0; row < rows; row++) {
    const key = hash(row);
    if (!known.has(key)) known.set(key, row);
    else {
      twins += twice.has(key) ? 1 : 2;
      twice.add(key);
    }
  }
  return { first: (key) => known.get(key) ?? -1, twins: rows === 0 ? 0 : twins / rows };
}
