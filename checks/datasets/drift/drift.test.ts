import { describe, expect, it } from 'vitest';
import { createRandom } from '../../statistics/random.ts';
import { finish } from '../neighbours/index.ts';
import { loans } from '../tabular/testing/loans.ts';
import { type Column, DatasetInputError } from '../types.ts';
import {
  checkBatchShift,
  createDripMonitor,
  createShareDetector,
  createShareProcess,
  type DripDay,
  dripDays,
  dripReference,
  eBenjaminiHochberg,
} from './index.ts';

const quantile = (values: number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor(share * values.length)] as number;

/** Decisions until the alarm, over many runs. */
function delays(
  make: () => { observe: (hit: boolean) => number },
  share: number,
  limit: number,
  runs: number,
): number[] {
  const random = createRandom(4);
  return Array.from({ length: runs }, () => {
    const detector = make();
    for (let decisions = 1; ; decisions++)
      if (detector.observe(random.next() < share) >= limit || decisions === 20_000) return decisions;
  });
}

describe('shares that grow', () => {
  it('are found in about the decisions of the reference table, 10% before', () => {
    const made = (share: number): number[] =>
      delays(() => createShareDetector(0.1), share, Math.log(10_000), 300);
    const half = made(0.5);
    expect(Math.abs(quantile(half, 0.5) - 18)).toBeLessThanOrEqual(3);
    expect(quantile(half, 0.95)).toBeLessThanOrEqual(40);
    expect(Math.abs(quantile(made(0.3), 0.5) - 46)).toBeLessThanOrEqual(8);
  });

  it('alarm falsely after 10,000 decisions in the mean, no sooner', () => {
    const runs = delays(() => createShareDetector(0.1), 0.1, Math.log(1000), 200);
    expect(runs.reduce((sum, run) => sum + run, 0) / runs.length).toBeGreaterThan(1000);
  });

  it('name one zip code of 500 that rejects .95 instead of .30 after 11 decisions', () => {
    const runs = delays(() => createShareProcess(0.3), 0.95, Math.log(500 / 0.01), 2000);
    expect(quantile(runs, 0.5)).toBe(11);
    expect(quantile(runs, 0.95)).toBeLessThanOrEqual(18);
    const early = delays(() => createShareProcess(0.3), 0.3, Math.log(100), 100).filter(
      (run) => run < 20_000,
    );
    expect(early.length).toBeLessThanOrEqual(3);
  });

  it('stand by e-BH', () => {
    const logs = [100, 3, 50, 0.2].map(Math.log);
    expect(eBenjaminiHochberg(logs, 0.1)).toEqual([0, 2]);
    expect(eBenjaminiHochberg(logs, 0.1, 1000)).toEqual([]);
  });

  it('need a usual share inside 0 to 1', () => {
    expect(() => createShareDetector(0)).toThrow(DatasetInputError);
  });
});

/** Days of a source: 1,000 records, of which a share is rejected; 30 of one zip code. */
function days(from: number, to: number, extra: number, seed: number): DripDay[] {
  const random = createRandom(seed);
  const draw = (total: number, share: number): number => {
    let hits = 0;
    for (let at = 0; at < total; at++) hits += Number(random.next() < share);
    return hits;
  };
  return Array.from({ length: to - from }, (_, at) => {
    const rejected = draw(1000, 0.3);
    const zip = draw(30, 0.3);
    return {
      day: from + at,
      source: 'web',
      counts: [
        { name: 'label rejected', hits: rejected + extra, total: 1000 + extra },
        { name: 'zip = 60607 label rejected', hits: zip + extra, total: 30 + extra },
      ],
    };
  });
}

describe('the slow drip', () => {
  it('of 20 records a day is found within 10 days, and named with its beginning', () => {
    const monitor = createDripMonitor();
    monitor.learn(days(0, 60, 0, 1));
    expect(days(60, 90, 0, 2).flatMap((day) => monitor.observe([day]))).toEqual([]);
    const alarms = days(90, 100, 20, 3).flatMap((day) => monitor.observe([day]));
    expect(alarms.length).toBeGreaterThan(0);
    expect(alarms[0]?.day).toBeLessThan(100);
    expect(alarms[0]?.counts[0]?.name).toBe('zip = 60607 label rejected');
    expect(alarms[0]?.counts[0]?.since).toBeGreaterThanOrEqual(88);
    expect(alarms.at(-1)?.counts[0]?.excess).toBeGreaterThan(100);
  });

  it('keeps within its budget of false alarms', () => {
    let alarms = 0;
    for (let seed = 10; seed < 30; seed++) {
      const monitor = createDripMonitor({ falseAlarmsPerYear: 1 });
      monitor.learn(days(0, 60, 0, seed));
      if (days(60, 425, 0, seed + 100).some((day) => monitor.observe([day]).length > 0)) alarms++;
    }
    expect(alarms).toBeLessThanOrEqual(6);
  });

  it('goes on from its state, is quiet after a reset, and never takes what it watches as usual', () => {
    const first = createDripMonitor();
    first.learn(days(0, 60, 0, 1));
    const poisoned = days(60, 70, 20, 3);
    for (const day of poisoned.slice(0, 5)) first.observe([day]);
    const second = createDripMonitor({}, JSON.parse(JSON.stringify(first.state())));
    const rest = poisoned.slice(5);
    expect(rest.map((day) => second.observe([day]))).toEqual(rest.map((day) => first.observe([day])));
    expect(second.state().streams[0]?.days).toBe(60);
    second.reset('web');
    expect(second.observe(days(70, 71, 0, 5))).toEqual([]);
  });

  it('refuses days twice, impossible counts and floods of names', () => {
    const monitor = createDripMonitor({ mostCounts: 3 });
    monitor.observe(days(0, 1, 0, 1));
    expect(() => monitor.observe(days(0, 1, 0, 1))).toThrow(/days ascend/);
    const report = (counts: DripDay['counts']): DripDay[] => [{ day: 5, source: 'web', counts }];
    expect(() => monitor.observe(report([{ name: 'x', hits: 3, total: 2 }]))).toThrow(/hits/);
    const flood = Array.from({ length: 9 }, (_, at) => ({ name: `n${at}`, hits: 0, total: 1 }));
    expect(() => monitor.observe(report(flood))).toThrow(/More than 3 counts/);
    expect(() => createDripMonitor({ falseAlarmsPerYear: 0 })).toThrow(/False alarms/);
  });

  it('is counted from tables: labels, values, new values and copies', () => {
    const made = loans({ rows: 400, seed: 6 });
    const reference = dripReference(made.columns, made.labels);
    const columns = made.columns.map((column): Column => {
      if (column.kind === 'number' && column.name === 'age')
        return { ...column, values: column.values.map((age, row) => (row < 3 ? 999 : age)) };
      return column;
    });
    const [day] = dripDays({ day: 1, columns, labels: made.labels }, reference);
    const count = (name: string) => day?.counts.find((each) => each.name === name);
    expect(count('age is new')).toEqual({ name: 'age is new', hits: 3, total: 400 });
    expect(count('label rejected')?.hits).toBe(made.labels.values.filter((label) => label === 0).length);
    expect(count('copies of another record of the day')?.hits).toBe(0);
    expect(count('gender = male label rejected')?.total).toBe(400);
    expect(new Set(day?.counts.map(({ name }) => name)).size).toBe(day?.counts.length);
  });
});

describe('batches', () => {
  const made = loans({ rows: 6000, seed: 2, batches: 6 });
  const batch = made.groups[0]?.column as Extract<Column, { kind: 'category' }>;
  const source = made.groups[1]?.column as Column;

  it('that are like their history are left alone, with sources and without', () => {
    for (const input of [{}, { source }, { accepted: ['2026-1', '2026-2'] }]) {
      const outcome = finish(checkBatchShift({ columns: made.columns, batch, ...input }));
      expect(outcome.findings).toEqual([]);
      expect(Math.max(...outcome.scores)).toBe(0);
      expect(outcome.batches.length).toBeGreaterThan(3);
    }
  });

  it('that are not are named with their columns and records', () => {
    const odd = (row: number): boolean => batch.codes[row] === 3 && row % 3 === 0;
    const columns = made.columns.map(
      (column): Column =>
        column.kind === 'number' && column.name === 'income'
          ? { ...column, values: column.values.map((value, row) => (odd(row) ? value * 6 : value)) }
          : column,
    );
    const outcome = finish(checkBatchShift({ columns, batch }));
    expect(outcome.findings.map(({ evidence }) => evidence.batch)).toEqual(['2026-4']);
    expect(outcome.findings[0]?.message).toContain('income');
    const shift = outcome.batches
      .find(({ shifted }) => shifted)
      ?.columns.find(({ column }) => column === 'income');
    expect(shift?.distance).toBeGreaterThan(0.2);
    expect(outcome.suspects.filter(({ row }) => odd(row)).length / outcome.suspects.length).toBeGreaterThan(
      0.7,
    );
  });

  it('must be named by a category', () => {
    const column: Column = { kind: 'number', name: 'batch', values: new Float64Array(6000) };
    expect(() => finish(checkBatchShift({ columns: made.columns, batch: column }))).toThrow(/as a category/);
  });
});
