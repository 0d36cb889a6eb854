import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../statistics/random.ts';
import { associate, binned } from '../association.ts';
import { categoryColumn, everyday, numberColumn, textColumn } from '../testing/texts.ts';
import { checkMissing } from './check.ts';

const ROWS = 2_000;

function table(seed: number) {
  const random = createRandom(seed);
  const each = <Value>(make: (row: number) => Value): Value[] =>
    Array.from({ length: ROWS }, (_, row) => make(row));
  const labels = { values: Int32Array.from(each(() => random.integer(2))), names: ['no', 'yes'] };
  const columns = [
    numberColumn(
      'income',
      each(() => random.normal()),
    ),
    numberColumn(
      'visits',
      each(() => random.integer(5_000)),
    ),
    categoryColumn(
      'state',
      each(() => 'ABC'[random.integer(3)] ?? null),
    ),
    textColumn('note', everyday(ROWS, seed)),
  ];
  return { random, each, labels, columns };
}

describe('gaps', () => {
  it('are not seen in clean tables', () => {
    for (let seed = 1; seed < 9; seed++) {
      const { columns, labels } = table(seed);
      expect(checkMissing(columns, { labels })).toMatchObject({ findings: [], suspects: [] });
    }
  });

  it('are named by column, with marks, constants and identifiers', () => {
    const { each, labels, columns } = table(1);
    const { findings, scores } = checkMissing(
      [
        ...columns,
        numberColumn(
          'score',
          each((row) => (row % 4 === 0 ? Number.NaN : row % 7)),
        ),
        categoryColumn(
          'job',
          each((row) => (row % 10 === 0 ? '?' : 'clerk')),
        ),
        categoryColumn(
          'country',
          each(() => 'NL'),
        ),
        numberColumn(
          'number',
          each((row) => 1_000 + row),
        ),
        textColumn(
          'code',
          each((row) => `c-${(row * 7_919) % 99_991}`),
        ),
      ],
      { labels },
    );
    expect(findings.map(({ title, count }) => [title, count])).toEqual([
      ['Missing values in “score”', 500],
      ['Missing values written as values in “job”', 200],
      ['Only one value in “country”', 0],
      ['“number” names the rows', 0],
      ['“code” names the rows', 0],
    ]);
    expect(Math.max(...scores)).toBe(0);
  });

  it('that go with the label are named, as are identifiers and orders that do', () => {
    const { each, labels, random } = table(2);
    const sorted = { names: labels.names, values: Int32Array.from(labels.values).sort() };
    const gone = numberColumn(
      'income',
      each((row) => (labels.values[row] === 1 && random.next() < 0.3 ? Number.NaN : 1 + random.next())),
    );
    expect(checkMissing([gone], { labels }).findings[0]).toMatchObject({
      title: 'Gaps in “income” go with the label',
      severity: 'medium',
    });
    const runs = checkMissing(
      [
        numberColumn(
          'id',
          each((row) => row),
        ),
        textColumn(
          'file',
          each((row) => `${sorted.values[row] === 1 ? 'bad' : 'good'}${row}.txt`),
        ),
      ],
      { labels: sorted },
    );
    expect(runs.findings.map(({ title }) => title).slice(0, 3)).toEqual([
      'The identifier “id” tells the label',
      'The identifier “file” tells the label',
      'Rows are in the order of their labels',
    ]);
  });

  it('of labels, and rare ones, are named', () => {
    const { columns, each } = table(3);
    const values = Int32Array.from(each((row) => (row % 100 === 0 ? 1 : row % 100 === 1 ? -1 : 0)));
    const { findings } = checkMissing(columns, { labels: { values, names: ['good', 'bad\n\u202e'] } });
    expect(findings.map(({ title, count }) => [title, count])).toEqual([
      ['Rows without a label', 20],
      ['Class “bad  ” is rare', 20],
    ]);
  });

  it('of a whole row score, but little', () => {
    const { scores, suspects } = checkMissing([
      numberColumn('a', [1, Number.NaN]),
      textColumn('b', ['x', null]),
    ]);
    expect([...scores]).toEqual([0, expect.closeTo(0.3, 5)]);
    expect(suspects).toEqual([]);
  });

  it('can be looked for in nothing, and labels must fit', () => {
    expect(checkMissing([]).findings).toEqual([]);
    expect(
      checkMissing([numberColumn('a', [])], { labels: { values: new Int32Array(0), names: [] } }).findings,
    ).toEqual([]);
    expect(() =>
      checkMissing([numberColumn('a', [1])], { labels: { values: Int32Array.of(0, 1), names: ['a', 'b'] } }),
    ).toThrow('2 labels for 1 rows');
    expect(() =>
      checkMissing([numberColumn('a', [1])], { labels: { values: Int32Array.of(2), names: ['a', 'b'] } }),
    ).toThrow('label 2');
  });
});

describe('association', () => {
  it('is that of the textbook', () => {
    // Chi-squared of [[30, 10], [10, 30]] is 20 with one degree of freedom: V without correction .5, deviate 4.34.
    const left = Int32Array.from({ length: 80 }, (_, row) => (row < 40 ? 0 : 1));
    const right = Int32Array.from({ length: 80 }, (_, row) => (row < 30 || row >= 70 ? 0 : 1));
    const { v, z, rows } = associate(left, right, [2, 2]);
    expect(rows).toBe(80);
    expect(v).toBeCloseTo(Math.sqrt((0.25 - 1 / 79) / (1 - 1 / 79)), 10);
    expect(z).toBeCloseTo((Math.cbrt(20) - 7 / 9) / Math.sqrt(2 / 9), 10);
    expect(associate(left, left, [2, 2]).v).toBeCloseTo(1, 2);
    expect(associate(Int32Array.of(-1), Int32Array.of(0), [2, 2])).toEqual({ v: 0, z: 0, rows: 0 });
  });
  it('has bins of one size', () => {
    expect([...binned(Float64Array.of(3, 1, Number.NaN, 2, 4), 2)]).toEqual([1, 0, -1, 0, 1]);
    expect(new Set(binned(new Float64Array(100).fill(7), 10)).size).toBe(1);
  });
});
