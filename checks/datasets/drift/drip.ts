import { DatasetInputError } from '../types.ts';
import { logAdd } from './detector.ts';
import {
  createStream,
  evidenceOf,
  fromPlain,
  isKnown,
  learnDay,
  type Stream,
  toPlain,
  usualShare,
  watchDay,
} from './stream.ts';
import type { CreateDripMonitor, DripAlarm, DripCount, DripDay, DripOptions, DripState } from './types.ts';

const DAYS_OF_A_YEAR = 365;
const LONGEST_NAME = 200;
const MOST_NAMED = 10;

interface Settings {
  readonly budgetDays: number;
  readonly learningDays: number;
  readonly mostCounts: number;
  readonly caution: number;
}

function settingsOf({
  falseAlarmsPerYear = 1,
  learningDays = 30,
  mostCounts = 20_000,
  caution = 2,
}: DripOptions): Settings {
  if (!(falseAlarmsPerYear > 0 && falseAlarmsPerYear <= DAYS_OF_A_YEAR))
    throw new DatasetInputError(
      `False alarms a year are above 0 and at most 365, not ${String(falseAlarmsPerYear)}.`,
    );
  if (!Number.isInteger(learningDays) || learningDays < 2 || learningDays > 3650)
    throw new DatasetInputError(`Learning takes 2 to 3,650 days, not ${String(learningDays)}.`);
  if (!Number.isInteger(mostCounts) || mostCounts < 1 || mostCounts > 1_000_000)
    throw new DatasetInputError(`A monitor watches 1 to 1,000,000 counts, not ${String(mostCounts)}.`);
  if (!(caution >= 0 && caution <= 10))
    throw new DatasetInputError(`Caution is 0 to 10 standard errors, not ${String(caution)}.`);
  return { budgetDays: DAYS_OF_A_YEAR / falseAlarmsPerYear, learningDays, mostCounts, caution };
}

/**
 * Watches what sources bring day by day for a slow drip of poisoned records. Every count of every source has an
 * e-detector against its own accepted history (2203.03532; see `createShareDetector`); their mean over all counts is one
 * again, so the mean time to a false alarm is at least 365 / `falseAlarmsPerYear` days over all of them together, however
 * many are watched and whatever hangs together with what, as far as days are alike: days that always differed more than
 * chance are allowed for by their dispersion, and a learnt share by `caution` standard errors. A source alarms when its part of
 * the mean alone reaches the threshold, and again each day until `reset`. History is fixed once learnt: what comes later
 * is never taken as usual by itself, or a patient attacker would teach the monitor. O(counts) a day.
 */
export const createDripMonitor: CreateDripMonitor = (options = {}, state) => {
  const settings = settingsOf(options);
  const streams = new Map<string, Stream>();
  for (const stream of state?.streams ?? [])
    streams.set(keyOf(stream.source, stream.name), fromPlain(stream));
  const streamOf = (source: string, name: string): Stream => {
    const key = keyOf(source, name);
    const known = streams.get(key);
    if (known !== undefined) return known;
    if (streams.size >= settings.mostCounts)
      throw new DatasetInputError(
        `More than ${settings.mostCounts} counts; watch fewer slices or raise mostCounts.`,
      );
    const made = createStream(source, name);
    streams.set(key, made);
    return made;
  };
  const each = (
    reports: readonly DripDay[],
    take: (stream: Stream, report: DripDay, count: DripCount) => void,
  ): void => {
    for (const report of reports) assertReport(report, streams);
    for (const report of reports)
      for (const count of report.counts) {
        const stream = streamOf(report.source, count.name);
        stream.lastDay = report.day;
        take(stream, report, count);
      }
  };
  const learn = (reports: readonly DripDay[]): void =>
    each(reports, (stream, _report, { hits, total }) => learnDay(stream, hits, total));
  const observe = (reports: readonly DripDay[]): readonly DripAlarm[] => {
    each(reports, (stream, { day }, { hits, total }) => {
      if (isKnown(stream, settings.learningDays))
        watchDay(stream, { day, hits, total, caution: settings.caution });
      else learnDay(stream, hits, total);
    });
    return reports.flatMap((report) => alarmOf(report, streams, settings));
  };
  const reset = (source: string): void => {
    for (const stream of streams.values())
      if (stream.source === source)
        Object.assign(stream, { logs: [], run: { since: 0, hits: 0, total: 0, gain: 0 } });
  };
  const stateNow = (): DripState => ({ version: 1, streams: [...streams.values()].map(toPlain) });
  return Object.freeze({ observe, learn, reset, state: stateNow });
};

const keyOf = (source: string, name: string): string => `${source.length}:${source}${name}`;

function assertReport(report: DripDay, streams: ReadonlyMap<string, Stream>): void {
  if (!Number.isSafeInteger(report.day))
    throw new DatasetInputError(`Day ${String(report.day)} is no whole number.`);
  const seen = new Set<string>();
  for (const { name, hits, total } of report.counts) {
    if (name.length === 0 || name.length > LONGEST_NAME)
      throw new DatasetInputError(`A count's name has 1 to ${LONGEST_NAME} characters.`);
    if (!Number.isSafeInteger(hits) || !Number.isSafeInteger(total) || hits < 0 || hits > total)
      throw new DatasetInputError(
        `Count “${name}” has ${String(hits)} hits of ${String(total)}; both are whole, 0 ≤ hits ≤ total.`,
      );
    if (seen.has(name)) throw new DatasetInputError(`Count “${name}” comes twice on day ${report.day}.`);
    seen.add(name);
    const last = streams.get(keyOf(report.source, name))?.lastDay ?? Number.NEGATIVE_INFINITY;
    if (report.day <= last)
      throw new DatasetInputError(
        `Source “${report.source}” has day ${report.day} of “${name}” after day ${last}; days ascend.`,
      );
  }
}

function alarmOf(
  { day, source }: DripDay,
  streams: ReadonlyMap<string, Stream>,
  settings: Settings,
): DripAlarm[] {
  const own = [...streams.values()].filter((stream) => stream.source === source && stream.logs.length > 0);
  const share = -Math.log(Math.max(1, streams.size));
  const log = own.reduce((sum, stream) => logAdd(sum, evidenceOf(stream)), Number.NEGATIVE_INFINITY) + share;
  if (log < Math.log(settings.budgetDays)) return [];
  const strongest = own.toSorted((a, b) => evidenceOf(b) - evidenceOf(a)).slice(0, MOST_NAMED);
  const counts = strongest
    .filter((stream, at) => at === 0 || evidenceOf(stream) + share >= Math.log(settings.budgetDays))
    .map((stream) => {
      const { share: usual } = usualShare(stream, settings.caution);
      const { since, hits, total } = stream.run;
      return {
        name: stream.name,
        usual,
        now: total > 0 ? hits / total : usual,
        excess: Math.max(0, hits - usual * total),
        since,
      };
    });
  return [{ day, source, counts, evidence: Math.exp(Math.min(700, log)), threshold: settings.budgetDays }];
}
