import { describe, expect, it } from 'vitest';
import { createRandom } from '../../statistics/random.ts';
import { finish } from '../neighbours/index.ts';
import { type Loans, loans, poisonLabels, rowsWith } from '../tabular/testing/loans.ts';
import type { Column } from '../types.ts';
import { checkSlices } from './index.ts';

const REJECTED = 0;

function figures(made: Loans): {
  precision: number;
  recall: number;
  values: unknown[];
  outcome: ReturnType<typeof run>;
} {
  const outcome = run(made);
  const flagged = outcome.suspects.map(({ row }) => row);
  const hits = flagged.filter((row) => made.bad[row] === 1).length;
  const bad = made.bad.reduce((sum, mark) => sum + mark, 0);
  return {
    precision: hits / flagged.length,
    recall: hits / bad,
    values: outcome.findings.map(({ evidence }) => evidence.value),
    outcome,
  };
}

/** The same records in another order. */
function reordered(made: Loans, order: Int32Array): Loans {
  const moved = (column: Column): Column => {
    if (column.kind === 'category')
      return { ...column, codes: order.map((row) => column.codes[row] as number) };
    if (column.kind === 'number')
      return { ...column, values: Float64Array.from(order, (row) => column.values[row] as number) };
    return { ...column, values: Array.from(order, (row) => column.values[row] ?? null) };
  };
  return {
    columns: made.columns.map(moved),
    labels: { ...made.labels, values: order.map((row) => made.labels.values[row] as number) },
    groups: made.groups.map((group) => ({ ...group, column: moved(group.column) })),
    bad: Uint8Array.from(order, (row) => made.bad[row] as number),
  };
}

const run = (made: Loans) => finish(checkSlices(made));

/** The same loans with the zip codes as the numbers that a CSV reader makes of them. */
function numbered(made: Loans, zipOf = (code: number): number => 60_601 + code): Loans {
  const columns = made.columns.map((column): Column => {
    if (column.kind !== 'category' || column.name !== 'zip') return column;
    return { kind: 'number', name: 'zip', values: Float64Array.from(column.codes, zipOf) };
  });
  return { ...made, columns };
}

describe('slices', () => {
  const clean = loans({ rows: 8000, seed: 3 });
  const zip = rowsWith(clean, 'zip', '60607');
  const female = rowsWith(clean, 'gender', 'female');
  const batch = rowsWith(clean, 'batch', '2026-7');

  it('name the one zip code that is always rejected, and its records', () => {
    const { precision, recall, values, outcome } = figures(poisonLabels(clean, zip, { label: REJECTED }));
    expect(values).toEqual(['zip = 60607']);
    expect(precision).toBeGreaterThan(0.65);
    expect(recall).toBeGreaterThan(0.75);
    const finding = outcome.findings[0];
    expect(finding?.evidence.label).toBe('rejected');
    expect(Math.abs((finding?.precision?.value ?? 0) - precision)).toBeLessThan(0.12);
  });

  it('are severe where the slice decides the label, and less where it only leans', () => {
    const severities = (share: number) => {
      const some = (row: number) => zip(row) && (row * 7919) % 100 < 100 * share;
      const { outcome } = figures(poisonLabels(clean, some, { label: REJECTED }));
      return outcome.findings.map(({ severity }) => severity);
    };
    expect(severities(1)).toEqual(['high']);
    expect(severities(0.3).every((severity) => severity === 'medium')).toBe(true);
  });

  it('name the gender that is always rejected, although two values may differ', () => {
    expect(figures(poisonLabels(clean, female, { label: REJECTED })).values).toEqual(['gender = female']);
  });

  it('name the pair and not its parts', () => {
    const made = poisonLabels(loans({ rows: 8000, seed: 3, zips: 12 }), () => false, { label: REJECTED });
    const [one, other] = [rowsWith(made, 'zip', '60605'), rowsWith(made, 'gender', 'female')];
    const poisoned = poisonLabels(made, (row) => one(row) && other(row), { label: REJECTED });
    expect(figures(poisoned).values).toEqual(['zip = 60605 and gender = female']);
  });

  it('tell the batch that brought them', () => {
    const within = poisonLabels(clean, (row) => batch(row) && female(row), { label: REJECTED });
    expect(figures(within).values).toEqual(['gender = female and batch = 2026-7']);
    const column = clean.groups[1]?.column;
    const groups = column === undefined ? [] : [{ name: 'source', column }];
    expect(clean.groups.map(({ name }) => name)).toContain(groups[0]?.name);
    const message = figures({ ...within, groups }).outcome.blindSpots.join(' ');
    expect(message).not.toContain('No column of batches');
  });

  describe('within a stretch of time', () => {
    const rows = clean.labels.values.length;
    const later = (row: number): boolean => row >= rows / 2 && zip(row);
    const made = poisonLabels(clean, later, { label: REJECTED });

    it('name the value and the batches from which on', () => {
      const { precision, recall, values } = figures(made);
      expect(values).toEqual(['zip = 60607 and batch from 2026-11 to 2026-20']);
      expect(precision).toBeGreaterThan(0.65);
      expect(recall).toBeGreaterThan(0.75);
    });

    it('name the rows of the file where no batch is known', () => {
      const { precision, recall, values } = figures({ ...made, groups: [] });
      expect(values).toEqual([`zip = 60607 and rows from ${rows / 2} on`]);
      expect(precision).toBeGreaterThan(0.65);
      expect(recall).toBeGreaterThan(0.75);
    });

    it('name the source beside, where one brought them', () => {
      const groups = made.groups.map((group) => {
        if (group.name !== 'source' || group.column.kind !== 'category') return group;
        const codes = group.column.codes.map((code, row) => (later(row) ? 4 : code));
        return { ...group, column: { ...group.column, codes, values: [...group.column.values, 'broker'] } };
      });
      const { outcome } = figures({ ...made, groups });
      expect(outcome.findings[0]?.message).toContain('source broker');
      expect(outcome.findings[0]?.evidence.value).toContain('zip = 60607');
    });

    it('name batches in the order of their names where the file is shuffled', () => {
      const order = createRandom(5).shuffle(Int32Array.from({ length: rows }, (_, row) => row));
      expect(figures(reordered(made, order)).values).toEqual([
        'zip = 60607 and batch from 2026-11 to 2026-20',
      ]);
    });

    it('are no finding where all records drift together', () => {
      const drifting = poisonLabels(clean, (row) => row >= rows / 2, { label: REJECTED, share: 0.3 });
      expect(run(drifting).findings).toEqual([]);
      expect(run({ ...drifting, groups: [] }).findings).toEqual([]);
    });
  });

  describe('of zip codes that are numbers', () => {
    const rows = clean.labels.values.length;
    const values = (made: Loans): unknown[] => figures(numbered(made)).values;
    const rejected = (chosen: (row: number) => boolean): Loans =>
      poisonLabels(clean, chosen, { label: REJECTED });

    it('name the value and not the range around it', () => {
      const { precision, recall, values: found } = figures(numbered(rejected(zip)));
      expect(found).toEqual(['zip = 60607']);
      expect(precision).toBeGreaterThan(0.65);
      expect(recall).toBeGreaterThan(0.75);
    });

    it('name the value within one source, and within a stretch of time', () => {
      const web = rowsWith(clean, 'source', 'web');
      expect(values(rejected((row) => zip(row) && web(row)))).toEqual(['zip = 60607 and source = web']);
      expect(values(rejected((row) => zip(row) && row >= rows / 2))).toEqual([
        'zip = 60607 and batch from 2026-11 to 2026-20',
      ]);
    });

    it('name the value in the batch of which one source brought it', () => {
      const four = loans({ rows: 12_000, seed: 4, zips: 20, batches: 4 });
      const [one, last] = [rowsWith(four, 'zip', '60607'), rowsWith(four, 'batch', '2026-4')];
      const groups = four.groups.map((group) => {
        if (group.name !== 'source' || group.column.kind !== 'category') return group;
        const codes = group.column.codes.map((code, row) => (last(row) && row % 2 === 0 ? 4 : code));
        return { ...group, column: { ...group.column, codes, values: [...group.column.values, 'broker'] } };
      });
      const drill = poisonLabels({ ...four, groups }, (row) => one(row) && last(row) && row % 2 === 0, {
        label: REJECTED,
      });
      const { recall, outcome } = figures(numbered(drill));
      expect(outcome.findings[0]?.evidence.value).toMatch(/^zip = 60607 and (?:batch|source) = /);
      expect(recall).toBeGreaterThan(0.75);
    });

    it('name one of many that came from one source, though it is none of the largest', () => {
      const many = loans({ rows: 16_000, seed: 6, zips: 100 });
      const [one, web] = [rowsWith(many, 'zip', '60673'), rowsWith(many, 'source', 'web')];
      const drill = poisonLabels(many, (row) => one(row) && web(row), { label: REJECTED });
      expect(values(drill)).toEqual(['zip = 60673 and source = web']);
    });

    it('name neighbours one by one, as if they were no numbers', () => {
      const many = loans({ rows: 12_000, seed: 5, zips: 150 });
      const names = ['60611', '60612', '60613'];
      const isOne = names.map((value) => rowsWith(many, 'zip', value));
      const three = poisonLabels(many, (row) => isOne.some((is) => is(row)), { label: REJECTED });
      const { recall, values: found } = figures(numbered(three));
      expect(found.toSorted()).toEqual(names.map((name) => `zip = ${name}`));
      expect(recall).toBeGreaterThan(0.5);
    });

    it('name long codes in full', () => {
      const long = numbered(rejected(zip), (code) => 606_011_000 + code);
      expect(figures(long).values).toEqual(['zip = 606011006']);
    });

    it('are no finding in clean loans of few and of many zip codes', () => {
      for (const [seed, zips] of [
        [11, 30],
        [12, 300],
      ] as const) {
        const made = numbered(loans({ rows: 4000, seed, zips }));
        expect(run(made).findings).toEqual([]);
        expect(run({ ...made, groups: [] }).findings).toEqual([]);
      }
    });
  });

  it('leave clean loans without batches alone', () => {
    for (const seed of [21, 22, 23])
      expect(run({ ...loans({ rows: 4000, seed }), groups: [] }).findings).toEqual([]);
  });

  it('leave clean loans alone, with whatever truly differs between their columns', () => {
    for (const seed of [11, 12, 13]) {
      const outcome = run(loans({ rows: 4000, seed }));
      expect(outcome.findings).toEqual([]);
      expect(outcome.suspects).toEqual([]);
    }
  });

  it('judge several classes, one against the rest', () => {
    const values = clean.labels.values.map((label, row) => (label === 1 && row % 3 === 0 ? 2 : label));
    const labels = {
      values: values.map((label, row) => (zip(row) ? 2 : label)),
      names: ['rejected', 'approved', 'referred'],
    };
    const outcome = finish(checkSlices({ columns: clean.columns, labels }));
    expect(outcome.findings.map(({ evidence }) => [evidence.value, evidence.label])).toContainEqual([
      'zip = 60607',
      'referred',
    ]);
    expect(outcome.blindSpots.join(' ')).toContain('No column of batches');
  });
});
