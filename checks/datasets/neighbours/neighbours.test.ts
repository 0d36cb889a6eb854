import { describe, expect, it } from 'vitest';
import { createRandom } from '../../statistics/random.ts';
import { DatasetInputError, type Matrix } from '../types.ts';
import { descentLists, PLAN } from './descent.ts';
import { squaredDistance } from './distance.ts';
import { exactLists } from './exact.ts';
import { projectionTree } from './forest.ts';
import {
  findNeighbours,
  finish,
  finishAsync,
  type Neighbours,
  type Steps,
  standardised,
  unitRows,
} from './index.ts';

function normals(rows: number, columns: number, seed: number): Matrix {
  const random = createRandom(seed);
  return { rows, columns, values: Float32Array.from({ length: rows * columns }, random.normal) };
}

/** Rows by distance from `row`, the plain way. */
function sorted({ rows, columns, values }: Matrix, row: number): { other: number; distance: number }[] {
  return Array.from({ length: rows }, (_, other) => {
    let sum = 0;
    for (let c = 0; c < columns; c++)
      sum += ((values[row * columns + c] as number) - (values[other * columns + c] as number)) ** 2;
    return { other, distance: Math.fround(sum) };
  })
    .filter(({ other }) => other !== row)
    .sort((a, b) => a.distance - b.distance || a.other - b.other);
}

const listOf = ({ indices, k }: Neighbours, row: number): number[] => [
  ...indices.subarray(row * k, (row + 1) * k),
];

describe('nearest neighbours', () => {
  it('are those of the plain definition', () => {
    for (const [rows, columns] of [
      [2, 1],
      [37, 3],
      [600, 11],
      [300, 16],
    ] as const) {
      const matrix = normals(rows, columns, rows);
      const found = finish(findNeighbours(matrix, { k: 7 }));
      expect(found.k).toBe(Math.min(7, rows - 1));
      expect(found.recall).toEqual({ value: 1, low: 1, high: 1 });
      for (const row of [0, 1, rows >> 1, rows - 1]) {
        const plain = sorted(matrix, row).slice(0, found.k);
        expect(listOf(found, row)).toEqual(plain.map(({ other }) => other));
        plain.forEach(({ distance }, place) =>
          expect(found.distances[row * found.k + place]).toBeCloseTo(Math.sqrt(distance), 5),
        );
      }
    }
  });

  it('come by row where distances are equal, and never the row itself', () => {
    const matrix = { rows: 50, columns: 2, values: new Float32Array(100).fill(3) };
    for (const search of ['exact', 'approximate'] as const) {
      const found = finish(findNeighbours(matrix, { k: 5, search }));
      for (let row = 0; row < 50; row++) {
        const list = listOf(found, row);
        expect(new Set(list).size).toBe(5);
        expect(list).not.toContain(row);
        expect(list).toEqual(list.toSorted((a, b) => a - b));
      }
    }
    expect(listOf(finish(findNeighbours(matrix, { k: 3 })), 1)).toEqual([0, 2, 3]);
  });

  it('are by angle for cosine', () => {
    const matrix = { rows: 5, columns: 2, values: Float64Array.of(1, 0, 900, 1, 0, 1, -1, 0, 0, 0) };
    const found = finish(findNeighbours(matrix, { k: 4, metric: 'cosine' }));
    expect(listOf(found, 0)).toEqual([1, 4, 2, 3]);
    expect([...found.distances.subarray(0, 4)].map((distance) => distance.toFixed(4))).toEqual([
      '0.0000',
      '0.5000',
      '1.0000',
      '2.0000',
    ]);
  });

  it('are mostly found by the approximate search, which knows its recall', () => {
    const matrix = normals(2500, 8, 5);
    const exact = finish(findNeighbours(matrix, { k: 10, search: 'exact' }));
    const near = finish(findNeighbours(matrix, { k: 10, search: 'approximate', seed: 3 }));
    let found = 0;
    for (let row = 0; row < matrix.rows; row++) {
      const known = new Set(listOf(exact, row));
      for (const other of listOf(near, row)) if (known.has(other)) found++;
    }
    const recall = found / (10 * matrix.rows);
    expect(recall).toBeGreaterThan(0.9);
    expect(Math.abs(near.recall.value - recall)).toBeLessThan(0.03);
    expect(near.recall.low).toBeLessThanOrEqual(near.recall.value);
    const again = finish(findNeighbours(matrix, { k: 10, search: 'approximate', seed: 3 }));
    expect(again.indices).toEqual(near.indices);
  });

  it('are missed by a poor plan, whatever the rest does', () => {
    const matrix = normals(1500, 30, 1);
    const plan = { ...PLAN, trees: 1, leafRows: 16, rounds: 0 };
    const lists = run(descentLists(matrix, 10, 0, plan));
    const exact = run(exactLists(matrix, 10));
    let found = 0;
    lists.indices.forEach((other, at) => {
      const from = at - (at % 10);
      if (exact.indices.subarray(from, from + 10).includes(other)) found++;
    });
    expect(found / lists.indices.length).toBeLessThan(0.4);
  });

  it('refuse what cannot be compared', () => {
    const good = normals(4, 2, 1);
    const bad =
      (change: Partial<Matrix>, k = 2) =>
      () =>
        finish(findNeighbours({ ...good, ...change }, { k }));
    expect(bad({ columns: 3 })).toThrow(DatasetInputError);
    expect(bad({ rows: 0, values: new Float32Array(0) })).toThrow(DatasetInputError);
    expect(bad({ values: Float32Array.of(1, 2, 3, Number.NaN, 5, 6, 7, 8) })).toThrow('Row 1, column 1');
    expect(bad({ values: Float64Array.of(1, 2, 3, 4, 5, 6, 7, Number.POSITIVE_INFINITY) })).toThrow(
      'not a finite',
    );
    expect(bad({ rows: 1, values: new Float32Array(2) })).toThrow('two rows');
    for (const k of [0, -1, 1.5, 1001]) expect(bad({}, k)).toThrow('Neighbours are 1 to 1000');
  });
});

function run<Result>(steps: Generator<unknown, Result, void>): Result {
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  return step.value;
}

describe('distances', () => {
  it('are the same both ways and stop at the limit', () => {
    const matrix = normals(2, 21, 9);
    const one = squaredDistance(matrix, 0, 21, Number.POSITIVE_INFINITY);
    expect(squaredDistance(matrix, 21, 0, Number.POSITIVE_INFINITY)).toBe(one);
    expect(squaredDistance(matrix, 0, 21, one / 10)).toBeGreaterThan(one / 10);
    expect(squaredDistance(matrix, 0, 21, one * 2)).toBe(one);
  });
});

describe('projection trees', () => {
  it('put every row into one leaf of bounded size, also where all rows are equal', () => {
    for (const matrix of [normals(1000, 3, 2), { rows: 1000, columns: 3, values: new Float32Array(3000) }]) {
      const { order, ends } = run(projectionTree(matrix, 20, createRandom(1)));
      expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, row) => row));
      ends.forEach((end, leaf) => expect(end - (ends[leaf - 1] ?? 0)).toBeLessThanOrEqual(20));
      expect(ends.at(-1)).toBe(1000);
    }
  });
});

describe('features', () => {
  it('are standardised whatever their unit', () => {
    const random = createRandom(4);
    const values = Float64Array.from({ length: 4000 }, (_, at) =>
      at % 2 === 0 ? 5e11 + 1e9 * random.normal() : 1e-9 * random.normal(),
    );
    const { values: scaled } = standardised({ rows: 2000, columns: 2, values });
    for (const c of [0, 1]) {
      const column = [...scaled].filter((_, at) => at % 2 === c);
      const mean = column.reduce((sum, value) => sum + value, 0) / 2000;
      expect(mean).toBeCloseTo(0, 1);
      expect(Math.sqrt(column.reduce((sum, value) => sum + value ** 2, 0) / 2000)).toBeCloseTo(1, 1);
    }
  });

  it('are not flattened by a few absurd records', () => {
    const values = Float64Array.from({ length: 1000 }, (_, row) => (row < 4 ? 1e300 : row % 10));
    const { values: scaled } = standardised({ rows: 1000, columns: 1, values });
    expect(Math.abs((scaled[10] as number) - (scaled[19] as number))).toBeGreaterThan(2);
    expect(Math.max(...scaled)).toBe(10);
  });

  it('keep rare values and drop constants', () => {
    const values = Float64Array.from({ length: 2000 }, (_, at) => (at % 2 === 0 ? 7 : Number(at === 101)));
    const { values: scaled } = standardised({ rows: 1000, columns: 2, values });
    expect(scaled[100]).toBe(0);
    expect(scaled[101]).toBe(10);
  });

  it('of unit length do not overflow', () => {
    const { values } = unitRows({ rows: 2, columns: 2, values: Float64Array.of(3e300, 4e300, 0, 0) });
    expect([...values].map((value) => value.toFixed(3))).toEqual(['0.600', '0.800', '0.000', '0.000']);
  });
});

describe('slices', () => {
  const search = (): Steps<Neighbours> => findNeighbours(normals(4000, 20, 1), { k: 5 });

  it('tell how far they are and let others in', async () => {
    const seen: number[] = [];
    let pauses = 0;
    const found = await finishAsync(search(), {
      pause: () => {
        pauses++;
        return Promise.resolve();
      },
      onProgress: ({ done, total }) => seen.push(done / total),
    });
    expect(found.rows).toBe(4000);
    expect(pauses).toBe(seen.length);
    expect(seen.length).toBeGreaterThan(2);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  });

  it('end when they are aborted', async () => {
    const abort = new AbortController();
    let slices = 0;
    const steps = search();
    const running = finishAsync(steps, {
      signal: abort.signal,
      pause: () => {
        if (++slices === 2) abort.abort(new Error('enough'));
        return Promise.resolve();
      },
    });
    await expect(running).rejects.toThrow('enough');
    expect(slices).toBe(2);
    expect(steps.next().done).toBe(true);
  });
});
