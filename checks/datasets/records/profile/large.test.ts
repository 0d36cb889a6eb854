import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../statistics/random.ts';
import { chunkOf, typedColumn } from '../testing/chunks.ts';
import type { Chunk, ColumnType, Schema, Value } from '../types.ts';
import { createCells } from './cells.ts';
import { createGrouping } from './groups.ts';
import { createProfiler } from './profile.ts';

const CHUNK = 2048;

function typedChunk(schema: Schema, rows: readonly (readonly Value[])[]): Chunk {
  const one = chunkOf(schema, rows);
  const columns = schema.columns.map(
    ({ type }, at) =>
      typedColumn(
        type,
        rows.map((row) => row[at] ?? null),
      ) ?? (one.columns[at] as Chunk['columns'][0]),
  );
  return { rows: rows.length, columns };
}

/** Rare values, most of them once, among few frequent ones, the rarest of these in a little more than 1 of 256 rows. */
function skewed(seed: number): () => number {
  const random = createRandom(seed);
  return () => {
    const lot = random.uint32() / 2 ** 32;
    return lot < 0.5 ? Math.floor(lot * 200) : 1_000 + (random.uint32() % 1_000_000);
  };
}

describe('the profile of many rows', () => {
  const schema: Schema = {
    columns: [
      { name: 'text', type: { kind: 'text' } },
      { name: 'whole', type: { kind: 'integer' } },
      { name: 'real', type: { kind: 'double' } },
    ],
  };
  const next = skewed(3);
  const values = Array.from({ length: 60 * CHUNK }, next);
  const rowsOf = (part: readonly number[]): Value[][] =>
    part.map((value) => [`value ${value}`, BigInt(value), value / 8]);
  const profileOf = (chunk: (rows: Value[][]) => Chunk) => {
    const profiler = createProfiler(schema);
    for (let at = 0; at < values.length; at += CHUNK)
      profiler.add(chunk(rowsOf(values.slice(at, at + CHUNK))));
    return profiler.profile();
  };
  const typed = profileOf((rows) => typedChunk(schema, rows));
  const truth = new Map<number, number>();
  for (const value of values) truth.set(value, (truth.get(value) ?? 0) + 1);

  it('has the frequent values first, within their bounds', () => {
    for (const [at, name] of [
      (value: number) => `value ${value}`,
      String,
      (value: number) => String(value / 8),
    ].entries()) {
      const shown = new Map([...truth].map(([value, count]) => [name(value), count]));
      const top = typed.columns[at]?.top ?? [];
      expect(top).toHaveLength(10);
      for (const { value, count, over } of top) {
        expect(shown.get(value)).toBeLessThanOrEqual(count);
        expect(shown.get(value)).toBeGreaterThanOrEqual(count - over);
        expect(shown.get(value)).toBeGreaterThan(values.length / 256);
      }
    }
  });

  it('has means, spread and ends as they are, and quantiles and different values within what is stated', () => {
    const numbers = typed.columns[2]?.numbers;
    const all = values.map((value) => value / 8).toSorted((a, b) => a - b);
    const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
    const spread = Math.sqrt(all.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (all.length - 1));
    expect([numbers?.min, numbers?.max]).toEqual([all[0], all.at(-1)]);
    expect(numbers?.mean).toBeCloseTo(mean, 6);
    expect(numbers?.standardDeviation).toBeCloseTo(spread, 6);
    for (const [name, share] of [
      ['p75', 0.75],
      ['p95', 0.95],
      ['p99', 0.99],
    ] as const) {
      const value = numbers?.quantiles[name] ?? Number.NaN;
      expect(Math.abs(all.findIndex((each) => each >= value) / all.length - share)).toBeLessThan(0.005);
    }
    for (const { distinct } of typed.columns) expect(Math.abs(distinct / truth.size - 1)).toBeLessThan(0.03);
  });

  it('is the same for values that came one by one', () => {
    expect(profileOf((rows) => chunkOf(schema, rows))).toEqual(typed);
  });
});

it.each([
  [{ kind: 'text' }, ['a', '', 'a', null, 'ä', 'ab', '']],
  [{ kind: 'integer' }, [1n, -1n, 1n, null, 2n ** 40n, -(2n ** 63n), 1n]],
  [{ kind: 'double' }, [0, -0, Number.NaN, null, 0.5, Number.NaN, 0]],
  [{ kind: 'boolean' }, [true, false, true, null, true, false, true]],
  [{ kind: 'date' }, [1, -1, 1, null, 20_000, 0, 1]],
] as const)('cells of %o are hashed and told apart alike, typed or one by one', (kind, values) => {
  const type = kind as ColumnType;
  const found = [
    typedColumn(type, values),
    chunkOf(
      { columns: [{ name: 'c', type }] },
      values.map((value) => [value]),
    ).columns[0],
  ].map((column) => {
    if (!column) throw new Error('there is such a column');
    const cells = createCells()(column, values.length, type);
    const { count, first, times } = createGrouping()(cells);
    return {
      rows: [...cells.rows.subarray(0, cells.count)],
      hashes: [...cells.high.subarray(0, cells.count), ...cells.low.subarray(0, cells.count)],
      groups: [...first.subarray(0, count)].map((cell, group) => [cell, times[group]]),
    };
  });
  expect(found[0]?.rows).toEqual([0, 1, 2, 4, 5, 6]);
  expect(found[1]).toEqual(found[0]);
  expect(found[0]?.groups.reduce((sum, [, times]) => sum + (times ?? 0), 0)).toBe(6);
  const different = new Set(
    values.filter((value) => value !== null).map((value) => (Object.is(value, -0) ? '-0' : String(value))),
  );
  expect(found[0]?.groups).toHaveLength(different.size);
});

it('values of one hash are not taken for one', () => {
  const cells = {
    count: 3,
    rows: Uint32Array.of(0, 1, 2),
    high: Int32Array.of(7, 7, 7),
    low: Int32Array.of(5, 5, 5),
    same: (one: number, other: number) => one % 2 === other % 2,
  };
  const { count, first, times } = createGrouping()(cells);
  expect(count).toBe(2);
  expect([...first.subarray(0, 2), ...times.subarray(0, 2)]).toEqual([0, 1, 2, 1]);
});
