import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../statistics/random.ts';
import { chunkOf, typedColumn } from '../testing/chunks.ts';
import type { Schema, Value } from '../types.ts';
import { createDistinctCounter } from './distinct.ts';
import { createProfiler } from './profile.ts';
import { createQuantileSketch } from './quantiles.ts';
import { createTopCounter } from './top.ts';

describe('different values', () => {
  it.each([1, 1000, 1024, 1025, 20_000, 300_000])(
    'of %i are counted within 3%%, repeats or not, merged or not',
    (count) => {
      const random = createRandom(count);
      const [one, other] = [createDistinctCounter(), createDistinctCounter()];
      for (let i = 0; i < count; i++) {
        const [high, low] = [random.uint32(), random.uint32()];
        for (const counter of i % 3 === 0 ? [one, other] : [i % 2 ? one : other]) counter.add(high, low);
      }
      one.merge(other);
      expect(Math.abs(one.count() - count)).toBeLessThanOrEqual(count <= 1024 ? 0 : 0.03 * count);
    },
  );
});

describe('quantiles', () => {
  it.each(['rising', 'falling', 'random'])('of %s numbers have ranks within 1%%', (order) => {
    const random = createRandom(7);
    const count = 60_000;
    const values = Array.from({ length: count }, (_, i) => (order === 'falling' ? count - 1 - i : i));
    if (order === 'random') random.shuffle(values);
    const [one, other] = [createQuantileSketch(random), createQuantileSketch(random)];
    values.forEach((value, i) => (i < 20_000 ? one : other).add(value));
    one.merge(other);
    for (const p of [0.01, 0.25, 0.5, 0.99]) expect(Math.abs(one.quantile(p) / count - p)).toBeLessThan(0.01);
    expect(one.levels().flat().length).toBeLessThan(4000);
  });
  it('of few are exact, of none are NaN', () => {
    const sketch = createQuantileSketch(createRandom(1));
    expect(sketch.quantile(0.5)).toBeNaN();
    for (const value of [3, 1, 2]) sketch.add(value);
    expect([0, 0.5, 1].map(sketch.quantile)).toEqual([1, 2, 3]);
  });
});

describe('frequent values', () => {
  it('are among the counted, with bounds that hold', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(40), { maxLength: 400 }), (values) => {
        const truth = new Map<string, number>();
        const [one, other] = [createTopCounter(8), createTopCounter(8)];
        values.forEach((value, i) => {
          truth.set(String(value), (truth.get(String(value)) ?? 0) + 1);
          (i % 2 ? one : other).add(String(value));
        });
        one.merge(other);
        for (const { value, count, over } of one.top(8)) {
          expect(count).toBeGreaterThanOrEqual(over);
          expect(truth.get(value) ?? 0).toBeGreaterThanOrEqual(count - over - (values.length >> 3));
        }
        const single = createTopCounter(8);
        for (const value of values) single.add(String(value));
        const top = new Map(single.top(8).map((each) => [each.value, each]));
        for (const [value, count] of truth) {
          if (count > values.length / 8) expect(top.has(value)).toBe(true);
          const found = top.get(value);
          if (found) expect(found.count >= count && found.count - found.over <= count).toBe(true);
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe('a profile', () => {
  const schema: Schema = {
    columns: [
      { name: 'n', type: { kind: 'double' } },
      { name: 't', type: { kind: 'text' } },
      { name: 'l', type: { kind: 'list', item: { kind: 'integer' } } },
    ],
  };
  const rows: Value[][] = [
    [1, 'a', [1n]],
    [3, 'ü', []],
    [Number.NaN, 'a', null],
    [null, null, [1, 2]],
  ];

  it('says what the columns hold, typed or one by one, whole or merged', () => {
    const whole = createProfiler(schema);
    whole.add(chunkOf(schema, rows));
    const columns = schema.columns.map(({ type }, at) =>
      typedColumn(
        type,
        rows.map((row) => row[at] ?? null),
      ),
    );
    const typed = createProfiler(schema);
    typed.add({
      rows: 4,
      columns: columns
        .map((column, at) => column ?? chunkOf(schema, rows).columns[at])
        .filter((column) => column !== undefined),
    });
    const [left, right] = [createProfiler(schema), createProfiler(schema)];
    left.add(chunkOf(schema, rows.slice(0, 1)));
    right.add(chunkOf(schema, rows.slice(1)));
    left.merge(right);
    const [n, t, l] = whole.profile().columns;
    expect(n).toMatchObject({
      count: 3,
      missing: 1,
      notFinite: 1,
      distinct: 3,
      numbers: { count: 2, min: 1, max: 3, mean: 2, standardDeviation: Math.SQRT2 },
    });
    expect(t).toMatchObject({
      count: 3,
      distinct: 2,
      numbers: null,
      lengths: { min: 1, max: 2 },
      top: [
        { value: 'a', count: 2, over: 0 },
        { value: 'ü', count: 1, over: 0 },
      ],
    });
    expect(l).toMatchObject({ count: 3, missing: 1, lengths: { min: 0, max: 2 } });
    expect(typed.profile()).toEqual(whole.profile());
    expect(left.profile()).toEqual(whole.profile());
    expect(() => left.merge(createProfiler({ columns: [] }))).toThrow('different schemas');
  });
});
