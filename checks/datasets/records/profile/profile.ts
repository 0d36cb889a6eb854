import { createRandom } from '../../../statistics/random.ts';
import { DatasetInputError } from '../../types.ts';
import { schemaBytes } from '../schema.ts';
import type { Chunk, ColumnChunk, ColumnType, Field, Schema, Value } from '../types.ts';
import { type Cells, createCells, shown } from './cells.ts';
import { createDistinctCounter } from './distinct.ts';
import { createGrouping } from './groups.ts';
import { createQuantileSketch } from './quantiles.ts';
import { createTopCounter, type TopValue } from './top.ts';

/** Of numbers, and of the lengths of texts and byte strings (in bytes of UTF-8) and of lists (in items). */
export interface NumberSummary {
  /** NaN and infinities are counted by themselves and left out of the rest. */
  readonly count: number;
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  /** Of the sample (n − 1); 0 for one value. */
  readonly standardDeviation: number;
  /** At 1, 5, 25, 50, 75, 95 and 99%; ranks within 0.33%. */
  readonly quantiles: Readonly<Record<'p01' | 'p05' | 'p25' | 'p50' | 'p75' | 'p95' | 'p99', number>>;
}

export interface ColumnProfile {
  readonly name: string;
  readonly type: ColumnType;
  readonly count: number;
  readonly missing: number;
  /** Different values, missing ones left out: exact up to 1,024, then within about 0.8%. */
  readonly distinct: number;
  /** NaN and infinities. */
  readonly notFinite: number;
  /** Of numbers, dates (days) and times (microseconds); null for other types, or where there are none. */
  readonly numbers: NumberSummary | null;
  readonly lengths: NumberSummary | null;
  /** Most frequent values, cut to 200 characters. */
  readonly top: readonly TopValue[];
}

export interface DatasetProfile {
  readonly rows: number;
  readonly columns: readonly ColumnProfile[];
}

export interface Profiler {
  readonly add: (chunk: Chunk) => void;
  /** Takes in what another profiler of the same schema has seen; it must not be used afterwards. */
  readonly merge: (other: Profiler) => void;
  readonly profile: () => DatasetProfile;
  readonly parts: () => {
    readonly schema: Schema;
    readonly rows: number;
    readonly columns: readonly Column[];
  };
}

const MAX_SHOWN = 200;
const TOP = 10;

interface Moments {
  readonly count: number;
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  /** Sum of squares of the differences from the mean. */
  readonly m2: number;
}

function momentsOf(values: Float64Array): Moments {
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  // From the first value on, so that the sum keeps small what is large in all of them.
  const origin = values[0] ?? 0;
  let sum = 0;
  for (const value of values) {
    if (value < min) min = value;
    if (value > max) max = value;
    sum += value - origin;
  }
  const mean = values.length === 0 ? 0 : origin + sum / values.length;
  let m2 = 0;
  for (const value of values) m2 += (value - mean) * (value - mean);
  return { count: values.length, min, max, mean, m2 };
}

/** Mean and variance, chunk by chunk (Chan, Golub, LeVeque 1979). */
function createMoments(seed: number) {
  const sketch = createQuantileSketch(createRandom(seed));
  const state = { ...momentsOf(new Float64Array(0)) };
  function enter({ count, min, max, mean, m2 }: Moments): void {
    if (count === 0) return;
    const total = state.count + count;
    const delta = mean - state.mean;
    state.m2 += m2 + (delta * delta * state.count * count) / total;
    state.mean += (delta * count) / total;
    state.count = total;
    state.min = Math.min(state.min, min);
    state.max = Math.max(state.max, max);
  }
  return {
    state,
    sketch,
    addAll(values: Float64Array): void {
      enter(momentsOf(values));
      sketch.addAll(values);
    },
    merge(other: { readonly state: Moments; readonly sketch: typeof sketch }): void {
      enter(other.state);
      sketch.merge(other.sketch);
    },
    summary(): NumberSummary | null {
      const { count, min, max, mean, m2 } = state;
      if (count === 0) return null;
      const [p01, p05, p25, p50, p75, p95, p99] = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99].map((p) =>
        sketch.quantile(p),
      ) as [number, number, number, number, number, number, number];
      const standardDeviation = count > 1 ? Math.sqrt(m2 / (count - 1)) : 0;
      return { count, min, max, mean, standardDeviation, quantiles: { p01, p05, p25, p50, p75, p95, p99 } };
    },
  };
}

function createColumn(seed: number) {
  return {
    count: 0,
    missing: 0,
    notFinite: 0,
    distinct: createDistinctCounter(),
    top: createTopCounter(),
    numbers: createMoments(seed),
    lengths: createMoments(seed + 1),
  };
}
type Column = ReturnType<typeof createColumn>;

const NUMERIC: readonly ColumnType['kind'][] = [
  'integer',
  'decimal',
  'float',
  'double',
  'date',
  'time',
  'timestamp',
  'instant',
];

/** What is used for one column after the other. */
function createScratch() {
  const cells = createCells();
  const groups = createGrouping();
  let numbers = new Float64Array(0);
  return {
    cells,
    groups,
    numbers: (count: number): Float64Array => {
      if (numbers.length < count) numbers = new Float64Array(count);
      return numbers;
    },
  };
}
type Scratch = ReturnType<typeof createScratch>;

/** The number that is summed up of a cell: itself, or a length; null where its type has none. */
function measureOf(column: ColumnChunk, type: ColumnType): ((row: number) => number) | null {
  const values = column.values as ArrayLike<Value>;
  if (type.kind === 'decimal') {
    const unit = 10 ** type.scale;
    return (row) => Number(values[row]) / unit;
  }
  if (NUMERIC.includes(type.kind)) return (row) => Number(values[row]);
  if (column.store === 'packed') {
    const { starts, ends } = column.values;
    return (row) => (ends[row] as number) - (starts[row] as number);
  }
  if (type.kind === 'list') return (row) => (values[row] as readonly Value[]).length;
  return type.kind === 'text' ? (row) => Buffer.byteLength(values[row] as string) : null;
}

function addNumbers(
  into: Column,
  column: ColumnChunk,
  { count, rows }: Cells,
  work: [ColumnType, Scratch],
): void {
  const [type, scratch] = work;
  const measure = measureOf(column, type);
  if (measure === null) return;
  const numbers = scratch.numbers(count);
  let finite = 0;
  for (let at = 0; at < count; at++) {
    const number = measure(rows[at] as number);
    if (Number.isFinite(number)) numbers[finite++] = number;
  }
  into.notFinite += count - finite;
  (NUMERIC.includes(type.kind) ? into.numbers : into.lengths).addAll(numbers.subarray(0, finite));
}

const cut = (text: string): string => (text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text);

function addColumn(into: Column, column: ColumnChunk, chunkRows: number, work: [ColumnType, Scratch]): void {
  const [type, scratch] = work;
  const cells = scratch.cells(column, chunkRows, type);
  const { count, rows, high, low } = cells;
  into.missing += chunkRows - count;
  into.count += count;
  const { count: different, first, times } = scratch.groups(cells);
  const cell = (group: number): number => first[group] as number;
  for (let group = 0; group < different; group++)
    into.distinct.add(high[cell(group)] as number, low[cell(group)] as number);
  into.top.addAll({
    count: different,
    times: (group) => times[group] as number,
    hash: (group) => low[cell(group)] as number,
    text: (group) => cut(shown(column, rows[cell(group)] as number, type)),
  });
  addNumbers(into, column, cells, work);
}

/**
 * A profile in one pass: O(1) time a cell, at most about 200 KiB a column whatever the number of rows. `seed` steers
 * the quantile sketches; the same seed and order of rows give the same profile.
 */
export function createProfiler(schema: Schema, { seed = 1 }: { readonly seed?: number } = {}): Profiler {
  const columns = schema.columns.map((_, index) => createColumn(seed + 2 * index));
  const scratch = createScratch();
  let rows = 0;
  const parts = () => ({ schema, rows, columns });
  return Object.freeze({
    parts,
    add: (chunk: Chunk) => {
      if (chunk.columns.length !== columns.length)
        throw new DatasetInputError('A chunk has another number of columns than the schema.');
      rows += chunk.rows;
      chunk.columns.forEach((column, index) => {
        const { type } = schema.columns[index] as Field;
        addColumn(columns[index] as Column, column, chunk.rows, [type, scratch]);
      });
    },
    merge: (other: Profiler) => {
      const theirs = other.parts();
      if (!schemaBytes(schema).equals(schemaBytes(theirs.schema)))
        throw new DatasetInputError('Profiles of different schemas cannot be merged.');
      rows += theirs.rows;
      columns.forEach((column, index) => {
        const from = theirs.columns[index] as Column;
        column.count += from.count;
        column.missing += from.missing;
        column.notFinite += from.notFinite;
        for (const part of ['distinct', 'top', 'numbers', 'lengths'] as const)
          column[part].merge(from[part] as never);
      });
    },
    profile: () => ({
      rows,
      columns: columns.map((column, index) => ({
        ...(schema.columns[index] as Field),
        count: column.count,
        missing: column.missing,
        notFinite: column.notFinite,
        distinct: Math.min(column.count, column.distinct.count()),
        numbers: column.numbers.summary(),
        lengths: column.lengths.summary(),
        top: column.top.top(TOP),
      })),
    }),
  });
}
