import {
  createDripMonitor,
  type DripReference,
  dripDays,
  dripReference,
} from '@bartizan/checks/datasets/drift/index.ts';
import { type Loans, loans } from '@bartizan/checks/datasets/tabular/testing/loans.ts';
import type { Column } from '@bartizan/checks/datasets/types.ts';
import { createRandom } from '@bartizan/checks/statistics/random.ts';

export const ATTACKS = [
  'one zip code rejected',
  'zip code and gender rejected',
  'a constant number approved',
  'copies approved',
  'none',
] as const;
export type Attack = (typeof ATTACKS)[number];

export interface DripRun {
  readonly perDay: number;
  readonly attack: Attack;
  /** Poisoned records a day. */
  readonly poisoned: number;
  readonly historyDays: number;
  readonly days: number;
  readonly falseAlarmsPerYear: number;
  readonly seed: number;
}

/** Rows `from`..`to` of the loans, as a day's table with `poisoned` more records. */
function dayOf(made: Loans, from: number, to: number, { attack, poisoned, seed }: DripRun): Loans {
  const extra = attack === 'none' ? 0 : poisoned;
  const random = createRandom(seed * 1000 + from);
  const rows = Int32Array.from({ length: to - from + extra }, (_, at) =>
    at < to - from ? from + at : from + random.integer(to - from),
  );
  const changed = to - from;
  const columns = made.columns.map((column): Column => {
    if (column.kind === 'text') return column;
    if (column.kind === 'number') {
      const values = Float64Array.from(rows, (row) => column.values[row] as number);
      if (attack === 'a constant number approved' && column.name === 'term') values.fill(7, changed);
      if (attack === 'copies approved') values.fill(values[changed] ?? 0, changed);
      else if (column.name === 'debt')
        for (let at = changed; at < rows.length; at++)
          values[at] = (values[at] as number) + 0.001 * random.next();
      return { ...column, values };
    }
    const codes = Int32Array.from(rows, (row) => column.codes[row] as number);
    if (attack.startsWith('one zip') || attack.startsWith('zip'))
      if (column.name === 'zip') codes.fill(12, changed);
    if (attack.startsWith('zip') && column.name === 'gender') codes.fill(1, changed);
    if (attack === 'copies approved') codes.fill(codes[changed] ?? 0, changed);
    return { ...column, codes };
  });
  const target = attack.endsWith('rejected') ? 0 : 1;
  const values = Int32Array.from(rows, (row, at) =>
    at < changed ? (made.labels.values[row] as number) : target,
  );
  return { ...made, columns, labels: { ...made.labels, values } };
}

export interface DripResult {
  /** Days of poisoning until the alarm, from 1; null for none. */
  readonly delay: number | null;
  readonly named: string | null;
  readonly counts: number;
}

/** Days of loans after a history of loans, until the monitor alarms. */
export function drip(run: DripRun): DripResult {
  const { perDay, historyDays, days } = run;
  const made = loans({ rows: perDay * (historyDays + days), seed: run.seed, batches: historyDays + days });
  const part = (day: number): Loans =>
    dayOf(made, day * perDay, (day + 1) * perDay, day < historyDays ? { ...run, attack: 'none' } : run);
  const history = part(0);
  const reference: DripReference = dripReference(history.columns, history.labels);
  const monitor = createDripMonitor({ falseAlarmsPerYear: run.falseAlarmsPerYear });
  for (let day = 0; day < historyDays; day++)
    monitor.learn(dripDays({ day, columns: part(day).columns, labels: part(day).labels }, reference));
  const counts = monitor.state().streams.length;
  for (let day = historyDays; day < historyDays + days; day++) {
    const { columns, labels } = part(day);
    const alarm = monitor.observe(dripDays({ day, columns, labels }, reference))[0];
    if (alarm !== undefined)
      return { delay: day - historyDays + 1, named: alarm.counts[0]?.name ?? null, counts };
  }
  return { delay: null, named: null, counts };
}
