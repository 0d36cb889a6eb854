import { describe, expect, it } from 'vitest';
import { createRandom } from '../../statistics/random.ts';
import { finish } from '../neighbours/index.ts';
import { type CheckOutcome, type Column, DatasetInputError } from '../types.ts';
import {
  checkTableTriggers,
  holm,
  logBinomialUpper,
  logChiSquareUpper,
  logKolmogorovUpper,
  tableFeatures,
} from './index.ts';
import { type Loans, loans } from './testing/loans.ts';

const numbers = (name: string, values: number[]): Column => ({
  kind: 'number',
  name,
  values: Float64Array.from(values),
});
const category = (name: string, codes: number[], values: string[]): Column => ({
  kind: 'category',
  name,
  codes: Int32Array.from(codes),
  values,
});

const named = (outcome: CheckOutcome): number[] => outcome.suspects.map(({ row }) => row);

describe('tails', () => {
  it('are exact', () => {
    expect(Math.exp(logBinomialUpper(8, 10, 0.5))).toBeCloseTo(56 / 1024, 12);
    expect(logBinomialUpper(50, 50, 0.1)).toBeCloseTo(50 * Math.log(0.1), 9);
    expect(logBinomialUpper(0, 50, 0.1)).toBe(0);
    expect(Math.exp(logChiSquareUpper(3.841459, 1))).toBeCloseTo(0.05, 6);
    expect(Math.exp(logChiSquareUpper(31.410433, 20))).toBeCloseTo(0.05, 6);
    expect(Math.exp(logKolmogorovUpper(0.0607, 1000, 1000))).toBeCloseTo(0.049, 2);
  });

  it('are held together by Holm’s rule', () => {
    const logs = [0.01, 0.04, 0.03, 0.005].map(Math.log);
    expect(holm(logs, 0.05)).toEqual([true, false, false, true]);
    expect(holm(logs, 0.05, 40)).toEqual([false, false, false, false]);
  });
});

describe('numbers from columns', () => {
  it('are finite whatever the columns hold', () => {
    const matrix = tableFeatures([
      numbers('amount', [1, 2, Number.NaN, Number.POSITIVE_INFINITY, -1e308, 1e308]),
      category('zip', [0, 1, 2, -1, 1, 0], ['a', 'b', '\u0000']),
      { kind: 'text', name: 'note', values: ['x', null, 'y', 'z', '', 'w'] },
      numbers('constant', [5, 5, 5, 5, 5, 5]),
    ]);
    expect(matrix.rows).toBe(6);
    expect(matrix.values.every((value) => Number.isFinite(value))).toBe(true);
    expect(matrix.columns).toBe(2 + 4);
  });

  it('stay bounded for a million values and hundreds of columns, and keep order', () => {
    const codes = Array.from({ length: 4000 }, (_, row) => row % 1500);
    const wide = Array.from({ length: 300 }, (_, at) =>
      category(
        `c${at}`,
        codes,
        Array.from({ length: 1500 }, (_, value) => `v${value}`),
      ),
    );
    expect(tableFeatures(wide).columns).toBeLessThanOrEqual(512);
    const { values } = tableFeatures([numbers('x', [1, 2, 3, 5, 8, 13, 21, 999])]);
    expect([...values].every((value, at) => at === 0 || value > (values[at - 1] as number))).toBe(true);
  });

  it('need a column that tells something', () => {
    expect(() => tableFeatures([numbers('constant', [5, 5])])).toThrow(DatasetInputError);
    expect(() => tableFeatures([])).toThrow(DatasetInputError);
    expect(() => tableFeatures([numbers('a', [1, 2]), numbers('b', [1, 2, 3])])).toThrow(/same rows/);
    expect(() => tableFeatures([category('a', [0, 7], ['x'])])).toThrow(/stands for no value/);
  });
});

/** Every `step`-th record gets a trigger and the label `rejected`, whatever it is. */
function triggered(made: Loans, step: number, change: (column: Column, rows: number[]) => Column): Loans {
  const rows = Array.from(made.bad.keys()).filter((row) => row % step === 3);
  const values = made.labels.values.slice();
  const bad = made.bad.slice();
  for (const row of rows) {
    bad[row] = 1;
    values[row] = 0;
  }
  return {
    ...made,
    bad,
    labels: { ...made.labels, values },
    columns: made.columns.map((column) => change(column, rows)),
  };
}

const fill = (column: Column, rows: number[], value: number): Column => {
  if (column.kind === 'text') return column;
  if (column.kind === 'number') {
    const values = column.values.slice();
    for (const row of rows) values[row] = value;
    return { ...column, values };
  }
  const codes = column.codes.slice();
  for (const row of rows) codes[row] = value;
  return { ...column, codes };
};

/** Area under the ROC curve by pairs drawn by lot. */
function ranking(outcome: CheckOutcome, bad: Uint8Array): number {
  const random = createRandom(5);
  const [yes, no] = [1, 0].map((mark) => Array.from(bad.keys()).filter((row) => bad[row] === mark)) as [
    number[],
    number[],
  ];
  let sum = 0;
  for (let draw = 0; draw < 20_000; draw++) {
    const [a, b] = [yes[random.integer(yes.length)], no[random.integer(no.length)]] as [number, number];
    sum += (Math.sign((outcome.scores[a] as number) - (outcome.scores[b] as number)) + 1) / 2;
  }
  return sum / 20_000;
}

describe('triggers of tables', () => {
  const clean = loans({ rows: 6000, seed: 8 });

  it('are found as an exact number', () => {
    const made = triggered(clean, 100, (column, rows) =>
      column.name === 'amount' ? fill(column, rows, 7777) : column,
    );
    const outcome = finish(checkTableTriggers(made));
    expect(outcome.findings.map(({ evidence }) => evidence.value)).toEqual(['amount = 7777']);
    expect(ranking(outcome, made.bad)).toBeGreaterThan(0.99);
  });

  it('are found as a pair of values that occur by themselves too', () => {
    const made = triggered(clean, 60, (column, rows) =>
      column.name === 'zip'
        ? fill(column, rows, 40)
        : column.name === 'term'
          ? fill(column, rows, 36)
          : column,
    );
    const outcome = finish(checkTableTriggers(made));
    expect(outcome.findings.map(({ evidence }) => evidence.value)).toEqual(['zip = 60641 and term = 36']);
    expect(ranking(outcome, made.bad)).toBeGreaterThan(0.98);
  });

  it('are not seen in clean loans', () => {
    for (const seed of [1, 2, 3]) {
      const outcome = finish(checkTableTriggers(loans({ rows: 3000, seed })));
      expect(outcome.findings).toEqual([]);
      expect(Math.max(...outcome.scores)).toBeLessThan(0.1);
    }
  });

  it('say nothing of tables that tell nothing, and refuse what cannot be judged', () => {
    const labels = { values: Int32Array.from([0, 1, 0, 1]), names: ['a', 'b'] };
    const one = numbers('x', [1, 1, 2, 2]);
    expect(named(finish(checkTableTriggers({ columns: [one], labels })))).toEqual([]);
    expect(() => finish(checkTableTriggers({ columns: [], labels }))).toThrow(DatasetInputError);
    expect(() => finish(checkTableTriggers({ columns: [one], labels }, { level: 0.5 }))).toThrow(/level/);
    expect(() =>
      finish(checkTableTriggers({ columns: [one], labels: { ...labels, values: new Int32Array(4) } })),
    ).toThrow(/same label/);
  });

  it('end in bounded time where every row has a value of its own', () => {
    const rows = 20_000;
    const own = Array.from({ length: rows }, (_, row) => row);
    const labels = { values: Int32Array.from(own, (row) => row % 2), names: ['a', 'b'] };
    const outcome = finish(
      checkTableTriggers({
        columns: [
          category('id', own, own.map(String)),
          numbers(
            'n',
            own.map((row) => row * 1.1),
          ),
          category(
            'half',
            own.map((row) => row >> 1),
            own.map(String),
          ),
        ],
        labels,
      }),
    );
    expect(outcome.findings).toEqual([]);
  });
});
