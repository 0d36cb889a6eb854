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

/** Sums of the columns' hashes, so that one column can be taken out again. 8 bytes a cell. */
export function hashRows(
  columns: readonly Column[],
  valueOf: (column: Column, row: number) => string,
): RowHashes {
  const rows = columns[0] === undefined ? 0 : rowsOf(columns[0]);
  const parts = columns.map((column, at) => {
    const [high, low] = [new Uint32Array(rows), new Uint32Array(rows)];
    const known = column.kind === 'category' ? new Map<number, readonly [number, number]>() : null;
    for (let row = 0; row < rows; row++) {
      const code = column.kind === 'category' ? (column.codes[row] as number) : 0;
      const hash = known?.get(code) ?? hashText(valueOf(column, row), at);
      known?.set(code, hash);
      [high[row], low[row]] = hash;
    }
    return { high, low };
  });
  const sum = (row: number, left: number): number => {
    let [high, low] = [0, 0];
    for (let at = 0; at < parts.length; at++) {
      if (at === left) continue;
      const part = parts[at] as (typeof parts)[number];
      high = (high + (part.high[row] as number)) | 0;
      low = (low + (part.low[row] as number)) | 0;
    }
    return bits(high, low);
  };
  return { rows, whole: (row) => sum(row, -1), without: sum };
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
