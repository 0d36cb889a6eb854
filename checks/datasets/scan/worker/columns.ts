import type { ColumnChunk, ColumnType, PackedBytes, Value } from '../../records/index.ts';
import { type Column, DatasetInputError } from '../../types.ts';

/** Distinct texts up to which a column is kept as categories; a column with more is text. */
const MOST_CATEGORIES = 50_000;
const LONGEST_CATEGORY = 200;

/** Gathers the values of one column over the chunks of a file. */
export interface ColumnBuilder {
  readonly append: (chunk: ColumnChunk, rows: number) => void;
  readonly column: () => Column;
}

/** What all builders of a table may hold together. */
export interface Budget {
  /** Bytes of text, as UTF-8, that are left. */
  textBytes: number;
}

const isValid = ({ valid }: ColumnChunk, row: number): boolean =>
  valid === null || ((valid[row >> 3] as number) & (1 << (row & 7))) !== 0;

/**
 * A builder for a column of this type; null for lists, structs and byte strings, which are not scanned. Whole numbers
 * past 2⁵³ lose their last digits; dates and times become days and microseconds since 1970.
 */
export function createColumnBuilder(name: string, type: ColumnType, budget: Budget): ColumnBuilder | null {
  switch (type.kind) {
    case 'bytes':
    case 'list':
    case 'struct':
      return null;
    case 'text':
      return textBuilder(name, budget);
    case 'boolean':
      return booleanBuilder(name);
    case 'decimal':
      return numberBuilder(name, 10 ** type.scale);
    default:
      return numberBuilder(name, 1);
  }
}

/** An array that grows by half. */
function grown<Numbers extends Float64Array | Int32Array>(values: Numbers, needed: number): Numbers {
  if (needed <= values.length) return values;
  const size = Math.max(needed, Math.ceil(values.length * 1.5), 4096);
  const wider = (values instanceof Float64Array ? new Float64Array(size) : new Int32Array(size)) as Numbers;
  wider.set(values);
  return wider;
}

function numberBuilder(name: string, divisor: number): ColumnBuilder {
  let values = new Float64Array(0);
  let count = 0;
  return {
    append(chunk, rows) {
      values = grown(values, count + rows);
      const given = chunk.values as ArrayLike<Value>;
      for (let row = 0; row < rows; row++)
        values[count++] = isValid(chunk, row) ? Number(given[row]) / divisor : Number.NaN;
    },
    column: () => ({ kind: 'number', name, values: values.slice(0, count) }),
  };
}

function booleanBuilder(name: string): ColumnBuilder {
  let codes = new Int32Array(0);
  let count = 0;
  return {
    append(chunk, rows) {
      codes = grown(codes, count + rows);
      const given = chunk.values as ArrayLike<Value>;
      for (let row = 0; row < rows; row++)
        codes[count++] = isValid(chunk, row) ? Number(given[row] === true || given[row] === 1) : -1;
    },
    column: () => ({ kind: 'category', name, codes: codes.slice(0, count), values: ['false', 'true'] }),
  };
}

/** Texts as categories as long as they are few and short, each kept once; else one by one. */
function textBuilder(name: string, budget: Budget): ColumnBuilder {
  const numbers = new Map<string, number>();
  const distinct: string[] = [];
  let codes = new Int32Array(0);
  let texts: (string | null)[] | null = null;
  let count = 0;
  let longest = 0;
  const addText = (text: string | null): void => {
    if (texts !== null) {
      texts.push(text);
      return;
    }
    if (text === null) {
      codes[count++] = -1;
      return;
    }
    let code = numbers.get(text);
    if (code === undefined) {
      code = distinct.push(text) - 1;
      numbers.set(text, code);
      longest = Math.max(longest, text.length);
    }
    codes[count++] = code;
    if (distinct.length > MOST_CATEGORIES) texts = spelledOut();
  };
  const spelledOut = (): (string | null)[] => {
    const all: (string | null)[] = [];
    for (let row = 0; row < count; row++) all.push(distinct[codes[row] as number] ?? null);
    numbers.clear();
    codes = new Int32Array(0);
    return all;
  };
  return {
    append(chunk, rows) {
      if (texts === null) codes = grown(codes, count + rows);
      const read = textReader(chunk, name, budget);
      for (let row = 0; row < rows; row++) addText(isValid(chunk, row) ? read(row) : null);
    },
    column() {
      if (texts === null && (longest > LONGEST_CATEGORY || distinct.length > Math.max(20, count / 2)))
        texts = spelledOut();
      if (texts !== null) return { kind: 'text', name, values: texts };
      return { kind: 'category', name, codes: codes.slice(0, count), values: distinct };
    },
  };
}

function textReader(chunk: ColumnChunk, name: string, budget: Budget): (row: number) => string | null {
  if (chunk.store !== 'packed') {
    const values = chunk.values as ArrayLike<Value>;
    return (row) => String(values[row]);
  }
  const { bytes, starts, ends } = chunk.values as PackedBytes;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return (row) => {
    const [start, end] = [starts[row] as number, ends[row] as number];
    budget.textBytes -= end - start;
    if (budget.textBytes < 0)
      throw new DatasetInputError(
        `The texts are too large to scan at once (column “${name}” and those before it); scan a part of the records, or name fewer columns.`,
      );
    return buffer.toString('utf8', start, end);
  };
}
