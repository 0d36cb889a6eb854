import { type Loans, loans } from '@bartizan/checks/datasets/tabular/testing/loans.ts';
import type { Column } from '@bartizan/checks/datasets/types.ts';
import { createRandom } from '@bartizan/checks/statistics/random.ts';
import { describe, expect, test, vi } from 'vitest';
import { standingsOf, type WatchMemory } from '../memory.ts';
import { countRows, referenceOf, type WatchRows, watchRows } from './counting.ts';
import { dealtWith, learn, type Observed, observe, settled } from './watching.ts';

vi.setConfig({ testTimeout: 120_000 });

interface Run {
  readonly perDay: number;
  /** Days of accepted history, and those that are watched. */
  readonly history: number;
  readonly days: number;
  readonly seed: number;
  /** Records a day that are added to those watched: applicants of one zip code, all rejected. */
  readonly poison: number;
}

const ATTACKED = 12;
const REJECTED = 0;
const NAMED = { label: 'outcome', source: null };

/** Days of loans as a table. */
function table(
  made: Loans,
  { from, to, perDay, poison }: Pick<Run, 'perDay' | 'poison'> & { from: number; to: number },
) {
  const random = createRandom(from + 7);
  const perBatch = perDay + poison;
  const count = (to - from) * perBatch;
  const rows = Int32Array.from({ length: count }, (_, at) => {
    const start = (from + Math.floor(at / perBatch)) * perDay;
    return start + (at % perBatch < perDay ? at % perBatch : random.integer(perDay));
  });
  const isBad = (at: number): boolean => at % perBatch >= perDay;
  const columns = made.columns.map((column): Column => {
    if (column.kind === 'category') {
      const given = column.name === 'zip' ? ATTACKED : null;
      return {
        ...column,
        codes: rows.map((row, at) => (isBad(at) && given !== null ? given : (column.codes[row] as number))),
      };
    }
    if (column.kind === 'text') return column;
    const shift = (at: number): number => (column.name === 'debt' && isBad(at) ? 0.001 * random.next() : 0);
    return {
      ...column,
      values: Float64Array.from(rows, (row, at) => (column.values[row] as number) + shift(at)),
    };
  });
  const codes = rows.map((row, at) => (isBad(at) ? REJECTED : (made.labels.values[row] as number)));
  const label: Column = { kind: 'category', name: 'outcome', codes, values: [...made.labels.names] };
  const day: Column = {
    kind: 'category',
    name: 'day',
    codes: rows.map((_, at) => Math.floor(at / perBatch)),
    values: Array.from({ length: to - from }, (_, at) => `day ${from + at}`),
  };
  return [...columns, label, day];
}

const all = (count: number): Int32Array => Int32Array.from({ length: count }, (_, row) => row);

/** What is said day by day, with the history told by days or, as people push it, in one piece. */
function run({ history, days, perDay, seed, poison }: Run, told: boolean) {
  const made = loans({ rows: perDay * (history + days), seed });
  const batch = told ? 'day' : null;
  const past = watchRows(table(made, { from: 0, to: history, perDay, poison: 0 }), { ...NAMED, batch });
  const learnt = learn(past, all(past.rows), perDay);
  if (!learnt) throw new Error('nothing was learnt');
  const next = watchRows(table(made, { from: history, to: history + days, perDay, poison }), {
    ...NAMED,
    batch: 'day',
  });
  const given = { rows: all(next.rows), date: '', falseAlarmsPerYear: 1 };
  return observe(learnt.memory, next, given);
}

/** Days of poisoning until the alarm, from 1; 0 for none. */
const delayOf = (observed: readonly Observed[]): number =>
  observed.findIndex(({ alarms }) => alarms.length > 0) + 1;

describe('a drip of records of one zip code that are all rejected', () => {
  test.each([
    [1, true],
    [2, false],
    [3, true],
  ])(
    'of 20 among 1,000 a day is found within 10 days, and named (seed %i, history told by days: %s)',
    (seed, told) => {
      const { observed } = run({ perDay: 1_000, days: 10, history: 30, seed, poison: 20 }, told);
      const delay = delayOf(observed);
      expect(delay).toBeGreaterThan(0);
      expect(delay).toBeLessThanOrEqual(10);
      const [alarm] = observed[delay - 1]?.alarms ?? [];
      expect(alarm?.counts[0]?.name).toBe('zip = 60613 label rejected');
      expect(alarm?.threshold).toBe(365);
    },
  );

  test('shows in what stands against its source, as the alarm says it', () => {
    const { memory, observed } = run({ perDay: 1_000, days: 4, history: 30, seed: 4, poison: 20 }, true);
    const [source] = standingsOf(settled(memory, 1));
    expect(source).toMatchObject({ source: 'not named', learnt: 23 });
    expect(source?.counts[0]?.name).toBe('zip = 60613 label rejected');
    const last = observed.at(-1);
    expect(last?.sources[0]?.evidence).toBeCloseTo(last?.alarms[0]?.evidence ?? 0, 3);
  });
});

describe('a clean year', () => {
  test.each([1, 2, 3])('raises no alarm (seed %i)', (seed) => {
    const { observed } = run({ perDay: 60, days: 365, history: 60, seed, poison: 0 }, seed % 2 === 0);
    expect(observed).toHaveLength(365);
    expect(delayOf(observed)).toBe(0);
  });
});

describe('what came', () => {
  const made = loans({ rows: 6_000, seed: 1 });
  const part = (from: number, to: number, batch: string | null = null) =>
    watchRows(table(made, { from, to, perDay: 200, poison: 0 }), { ...NAMED, batch });
  const memoryOf = () => {
    const past = part(0, 20);
    const learnt = learn(past, all(past.rows), 200);
    if (!learnt) throw new Error('nothing was learnt');
    return learnt.memory;
  };
  const seen = (memory: WatchMemory, data: WatchRows, date: string) =>
    observe(memory, data, { rows: all(data.rows), date, falseAlarmsPerYear: 1 });

  test('on one day in two pushes counts as if it had come in one', () => {
    const memory = memoryOf();
    const once = seen(memory, part(20, 22), '2026-11-22');
    const first = seen(memory, part(20, 21), '2026-11-22');
    const twice = seen(first.memory, part(21, 22), '2026-11-22');
    expect(twice.observed[0]).toMatchObject({ day: once.observed[0]?.day, sources: [{ records: 400 }] });
    const values = (one: typeof once) =>
      one.memory.today?.reports[0]?.counts.filter(({ name }) => name.startsWith('label'));
    expect(values(twice)).toEqual(values(once));
  });

  test('under many names is watched together past the twelfth', () => {
    const data = part(20, 22);
    const values = Array.from({ length: 400 }, (_, at) => `source ${at}`);
    const source = { kind: 'category' as const, name: 's', codes: all(400), values };
    const { observed, memory } = seen(memoryOf(), { ...data, source }, 'day');
    expect(memory.sources).toHaveLength(12);
    expect(observed[0]?.sources.map((each) => each.source)).toContain('other sources');
    expect(memory.today?.reports.flatMap(({ counts }) => counts).length).toBeLessThan(60_000);
  });

  test('is not taken as usual by dealing with an alarm, unless somebody says that it is', () => {
    const after = seen(memoryOf(), part(20, 21), 'day');
    const source = 'not named';
    const reset = dealtWith(after.memory, { source, accept: false, falseAlarmsPerYear: 1 });
    expect(standingsOf(reset.before)).toMatchObject([{ evidence: 0, learnt: 20 }]);
    const anew = dealtWith(after.memory, { source, accept: true, falseAlarmsPerYear: 1 });
    expect(standingsOf(anew.before)).toEqual([]);
  });
});

describe('what is counted', () => {
  test('is not too little, and has a label', () => {
    const few = watchRows(table(loans({ rows: 99, seed: 1 }), { from: 0, to: 1, perDay: 99, poison: 0 }), {
      ...NAMED,
      batch: null,
    });
    expect(learn(few, all(99), 10)).toBeNull();
    const rows = 200;
    const names: Column = {
      kind: 'category',
      name: 'who',
      codes: all(rows),
      values: Array.from({ length: rows }, (_, at) => `person ${at}`),
    };
    expect(() => watchRows([names], { label: 'who', batch: null, source: null })).toThrow(/no class/);
    expect(() => watchRows([names], { label: 'what', batch: null, source: null })).toThrow(
      /no column “what”/,
    );
  });

  test('are codes written as numbers: each is counted by itself', () => {
    const rows = 2_000;
    const number = (name: string, value: (row: number) => number): Column => ({
      kind: 'number',
      name,
      values: Float64Array.from(all(rows), value),
    });
    const label: Column = {
      kind: 'category',
      name: 'y',
      codes: all(rows).map((row) => row % 2),
      values: ['a', 'b'],
    };
    const columns = [
      number('zip', (row) => 60_601 + (row % 50)),
      number('income', (row) => row * 1.5),
      label,
    ];
    const data = watchRows(columns, { label: 'y', batch: null, source: null });
    const { reference } = referenceOf(data, all(rows));
    expect(reference.columns.map(({ kind }) => kind)).toEqual(['category', 'number']);
    const counts = countRows(data, all(rows), { reference, chunk: 500 });
    expect(counts.find(({ name }) => name === 'zip = 60613')).toMatchObject({ hits: 40, total: rows });
  });

  test('has names that collide on purpose, and is counted all the same', () => {
    const rows = 400;
    const label: Column = {
      kind: 'category',
      name: 'y',
      codes: all(rows).map((row) => row % 3),
      values: ['b', 'a label b', 'x'.repeat(500)],
    };
    const column = (name: string): Column => ({
      kind: 'category',
      name,
      codes: all(rows).map((row) => row % 2),
      values: ['v', 'v label a'],
    });
    const data = watchRows([column('c'.repeat(70)), column(`${'c'.repeat(70)}d`), column('c'), label], {
      label: 'y',
      batch: null,
      source: null,
    });
    const learnt = learn(data, all(rows), 50);
    if (!learnt) throw new Error('nothing was learnt');
    expect(learnt.memory.reference.columns).toHaveLength(2);
    expect(() =>
      observe(learnt.memory, data, { rows: all(rows), date: 'x', falseAlarmsPerYear: 1 }),
    ).not.toThrow();
  });
});
