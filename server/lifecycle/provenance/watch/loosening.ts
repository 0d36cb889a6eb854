import type { DataWatchLoosening, DataWatchSettings } from '@bartizan/contracts';

type Demand = Pick<DataWatchSettings, 'enabled' | 'falseAlarmsPerYear'>;

/** With what the watch was before. */
export interface StoredLoosening extends DataWatchLoosening {
  readonly before: Demand;
}

const TOLD_MS = 30 * 86_400_000;
const MOST = 20;

export const LEARNS_ANEW = 'what is usual is learnt anew, and nothing alarms until then';

/** What a watch as `after` sees less of than one as `before`, in words; empty where it sees as much or more. */
export function looseningOf(before: Demand, after: Demand): string[] {
  const fewer = after.falseAlarmsPerYear < before.falseAlarmsPerYear;
  return [
    ...(before.enabled && !after.enabled ? ['it was switched off'] : []),
    ...(fewer
      ? [
          `false alarms a year went from ${before.falseAlarmsPerYear} to ${after.falseAlarmsPerYear}: it alarms later`,
        ]
      : []),
  ];
}

/** With one more; as it was where that sees less of nothing. */
export function withLoosening(
  list: readonly StoredLoosening[],
  one: StoredLoosening,
): readonly StoredLoosening[] {
  return one.what.length === 0 ? list : [one, ...list].slice(0, MOST);
}

/** Those of the last 30 days, and those that the watch has not made up for. */
export function standingLoosenings(
  list: readonly StoredLoosening[],
  now: Demand,
  nowMs: number,
): readonly DataWatchLoosening[] {
  return list
    .filter(({ at, before }) => nowMs - at < TOLD_MS || looseningOf(before, now).length > 0)
    .map(({ before: _before, ...told }) => told);
}
