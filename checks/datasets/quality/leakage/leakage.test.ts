import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../statistics/random.ts';
import { finish } from '../../neighbours/index.ts';
import type { Column } from '../../types.ts';
import { categoryColumn, everyday, numberColumn, textColumn } from '../testing/texts.ts';
import { checkLeakage } from './check.ts';

const each = <Value>(rows: number, make: (row: number) => Value): Value[] =>
  Array.from({ length: rows }, (_, row) => make(row));

/** A table whose label depends a little on its numbers; `copy` takes rows from another one. */
function part(rows: number, seed: number) {
  const random = createRandom(seed);
  const numbers = each(5, () => each(rows, () => Math.round(1_000 * random.normal()) / 1_000));
  const values = Int32Array.from(each(rows, (row) => Number((numbers[0]?.[row] ?? 0) + random.normal() > 0)));
  return {
    columns: [
      ...numbers.map((list, at) => numberColumn(`x${at}`, list)),
      categoryColumn(
        'city',
        each(rows, () => ['Ghent', 'Bruges', 'Namur'][random.integer(3)] ?? null),
      ),
    ],
    labels: { values, names: ['no', 'yes'] },
  };
}

/** Puts rows of `from` into `to` at the same places, changed by `change`. */
function withRows(
  to: readonly Column[],
  from: readonly Column[],
  places: readonly number[],
  change: (value: number, column: number) => number = (value) => value,
): Column[] {
  return to.map((column, at) => {
    const source = from[at];
    if (column.kind === 'number' && source?.kind === 'number') {
      const values = Float64Array.from(column.values);
      for (const place of places) values[place] = change(source.values[place] as number, at);
      return { ...column, values };
    }
    if (column.kind === 'category' && source?.kind === 'category') {
      const rows = each(
        column.codes.length,
        (row) =>
          (places.includes(row)
            ? source.values[source.codes[row] as number]
            : column.values[column.codes[row] as number]) ?? null,
      );
      return categoryColumn(column.name, rows);
    }
    return column;
  });
}

describe('overlap of train and test', () => {
  it('is none between independent parts', () => {
    for (let seed = 1; seed < 6; seed++) {
      const outcome = finish(checkLeakage({ ...part(3_000, seed), test: part(1_000, seed + 100) }));
      expect(outcome).toMatchObject({ findings: [], suspects: [], overlaps: [] });
    }
  });

  it('is found, whole and but for one column, by row', () => {
    const train = part(2_000, 1);
    const test = part(500, 2);
    const exact = each(40, (at) => at * 10);
    const near = each(20, (at) => 5 + at * 10);
    const columns = withRows(
      withRows(test.columns, train.columns, exact),
      train.columns,
      near,
      (value, at) => (at === 2 ? value + 1 : value),
    );
    const outcome = finish(checkLeakage({ ...train, test: { columns } }));
    expect(outcome.findings.map(({ title, count, severity }) => [title, count, severity])).toEqual([
      ['Test rows in the training data', 40, 'high'],
      ['Test rows nearly in the training data', 20, 'high'],
    ]);
    expect(outcome.overlaps.map(({ row, testRow, kind }) => [row, testRow, kind])).toEqual(
      [...exact.map((row) => [row, row, 'exact']), ...near.map((row) => [row, row, 'near'])].sort(
        (a, b) => Number(a[1]) - Number(b[1]),
      ),
    );
    expect(outcome.suspects).toEqual([]);
    expect(Math.max(...outcome.scores)).toBeLessThanOrEqual(0.3);
  });

  it('does not depend on how a value is written', () => {
    const train = {
      columns: [
        numberColumn('a', [1.5, 2]),
        textColumn('b', ['Some Words', 'x']),
        textColumn('zip', ['01', '2']),
      ],
    };
    const test = {
      columns: [
        textColumn('zip', ['01', '1']),
        textColumn('a', ['1.50', '9']),
        textColumn('b', ['Some Words', 'y']),
      ],
    };
    expect(finish(checkLeakage({ ...train, test })).overlaps).toEqual([
      { row: 0, testRow: 0, kind: 'exact' },
    ]);
    const folded = {
      columns: [textColumn('zip', ['01']), textColumn('a', ['1.5']), textColumn('b', ['some  words!'])],
    };
    expect(finish(checkLeakage({ ...train, test: folded })).overlaps).toEqual([
      { row: 0, testRow: 0, kind: 'near' },
    ]);
    const code = {
      columns: [textColumn('zip', ['1']), textColumn('a', ['1.5']), textColumn('b', ['Some Words'])],
    };
    expect(finish(checkLeakage({ ...train, test: code })).overlaps).toEqual([]);
  });

  it('by nature is no alarm', () => {
    const small = (rows: number, seed: number) => {
      const random = createRandom(seed);
      return {
        columns: ['a', 'b', 'c', 'd'].map((name) =>
          categoryColumn(
            name,
            each(rows, () => String(random.integer(4))),
          ),
        ),
      };
    };
    const outcome = finish(checkLeakage({ ...small(3_000, 1), test: small(1_000, 2) }));
    expect(outcome.findings.map(({ severity }) => severity)).toEqual(['info']);
    expect(outcome.findings[0]?.message).toContain('no more than chance');
  });

  it('is found in texts with some words changed, and not among texts of one kind', () => {
    const train = everyday(1_000, 1, 8);
    const test = everyday(300, 2, 8);
    for (let at = 0; at < 30; at++)
      test[at * 10] = (train[at * 7] ?? '').replaceAll(/\b(?:was|after)\b/g, 'once');
    const outcome = finish(
      checkLeakage({ columns: [textColumn('text', train)], test: { columns: [textColumn('text', test)] } }),
    );
    const found = new Map(outcome.overlaps.map(({ row, testRow }) => [testRow, row]));
    expect(found.size).toBeGreaterThanOrEqual(27);
    for (const [testRow, row] of found) expect([testRow % 10, row]).toEqual([0, (testRow / 10) * 7]);
  });

  it('needs a column in common and columns of one length', () => {
    const one = { columns: [numberColumn('a', [1])] };
    expect(() => finish(checkLeakage({ ...one, test: { columns: [numberColumn('b', [1])] } }))).toThrow(
      'no column in common',
    );
    expect(() => finish(checkLeakage({ columns: [numberColumn('a', [1]), numberColumn('b', [])] }))).toThrow(
      'rows',
    );
    expect(() =>
      finish(checkLeakage({ ...one, labels: { values: new Int32Array(2), names: ['a'] } })),
    ).toThrow('2 labels');
    expect(finish(checkLeakage({ columns: [] })).findings).toEqual([]);
  });
});

describe('columns that give the label away', () => {
  it('are named, good ones are not', () => {
    const { columns, labels } = part(2_000, 3);
    const good = numberColumn(
      'good',
      each(2_000, (row) => (labels.values[row] === 1 ? 1 : 0) + 0.8 * createRandom(row).normal()),
    );
    const leaks = [
      categoryColumn(
        'outcome_code',
        each(2_000, (row) => (labels.values[row] === 1 ? 'R7' : 'A1')),
      ),
      numberColumn(
        'days_late',
        each(2_000, (row) => (labels.values[row] === 1 ? 30 + createRandom(row).integer(60) : 0)),
      ),
      numberColumn(
        'risk',
        each(2_000, (row) => (labels.values[row] === 1 ? 5 : 0) + createRandom(row).next()),
      ),
      textColumn(
        'remark',
        each(2_000, (row) => `${everyday(1, row)[0]} [${labels.values[row] === 1 ? 'default' : 'repaid'}]`),
      ),
    ];
    const named = { values: labels.values, names: ['repaid', 'default'] };
    const outcome = finish(checkLeakage({ columns: [...columns, good, ...leaks], labels: named }));
    expect(outcome.findings.map(({ evidence }) => evidence['column'])).toEqual([
      'outcome_code',
      'days_late',
      'risk',
      'remark',
    ]);
    expect(Math.max(...outcome.scores)).toBe(0);
  });
});

describe('equal rows', () => {
  it('with a lone other label are suspected where equal rows agree', () => {
    const keys = each(4_000, (row) => `case ${Math.floor(row / 8)}`);
    const values = Int32Array.from(each(4_000, (row) => Math.floor(row / 8) % 2));
    const flipped = [3, 800, 2_001];
    for (const row of flipped) values[row] = 1 - (values[row] as number);
    const outcome = finish(
      checkLeakage({ columns: [textColumn('text', keys)], labels: { values, names: ['a', 'b'] } }),
    );
    expect(outcome.suspects.map(({ row }) => row)).toEqual(flipped);
    expect(outcome.findings).toMatchObject([
      { title: 'Equal rows with different labels', rows: flipped, severity: 'medium' },
    ]);
  });
  it('with different labels by nature are not', () => {
    const random = createRandom(5);
    const columns = [
      categoryColumn(
        'a',
        each(5_000, () => String(random.integer(30))),
      ),
    ];
    const labels = {
      values: Int32Array.from(each(5_000, () => Number(random.next() < 0.04))),
      names: ['a', 'b'],
    };
    const outcome = finish(checkLeakage({ columns, labels }));
    expect(outcome.suspects).toEqual([]);
    expect(outcome.findings).toMatchObject([{ severity: 'low' }]);
  });
});

it('ends in bounded time on hostile parts', () => {
  const texts = [
    `${'word '.repeat(400_000)}`,
    ...each(
      3_000,
      () => 'the same eight words over and over again, the same eight words over and over again',
    ),
  ];
  const start = performance.now();
  finish(
    checkLeakage({
      columns: [textColumn('t', texts)],
      test: { columns: [textColumn('t', texts)] },
      labels: { values: new Int32Array(3_001), names: ['a', 'b'] },
    }),
  );
  expect(performance.now() - start).toBeLessThan(15_000);
});
