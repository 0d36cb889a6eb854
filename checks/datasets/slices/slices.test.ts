import { describe, expect, it } from 'vitest';
import { finish } from '../neighbours/index.ts';
import { type Loans, loans, poisonLabels, rowsWith } from '../tabular/testing/loans.ts';
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

const run = (made: Loans) => finish(checkSlices(made));

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
