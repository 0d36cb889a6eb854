import { type DataWatch, dataWatchRoutes } from '@bartizan/contracts';
import type { Command } from 'commander';
import { createOutput, printable } from '../../output.ts';
import { client } from '../../session.ts';

/** `bartizan data watch DATASET`. */
export function addDataWatch(data: Command): void {
  data
    .command('watch <dataset>')
    .description(
      'how incoming records lie to the accepted history: the slow drip, source by source, and endpoints that bad records reached',
    )
    .option('--json', 'print JSON')
    .action(async (dataset: string, flags: { json?: boolean }) => {
      const found = await client().call(dataWatchRoutes.get, { params: { dataset } });
      createOutput(flags.json ?? false).result(found, human);
    });
}

const count = (value: number): string => value.toLocaleString('en');
const percent = (share: number): string => `${(100 * share).toFixed(2)}%`;
const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

const STATES: Readonly<Record<DataWatch['state'], string>> = {
  off: 'switched off',
  'no-label': 'not watched: it has no label that is a class',
  waiting: 'waits for a next version',
  learning: 'learns what is usual',
  watching: 'watched',
};

const countLine = ({
  what,
  usual,
  now,
  excess,
  since,
}: DataWatch['sources'][number]['counts'][number]): string =>
  `    ${printable(what)}: ${percent(usual)} before, ${percent(now)} since ${printable(since) || '–'} (${count(Math.round(excess))} records more)`;

function sourceLines({
  source,
  learnt,
  needed,
  evidence,
  threshold,
  counts,
}: DataWatch['sources'][number]): string[] {
  const state =
    learnt < needed
      ? `learnt from ${learnt} of ${needed} days or batches`
      : `evidence ${evidence < 0.01 ? '0' : evidence.toPrecision(3)} of ${threshold.toPrecision(3)}`;
  return [`  ${printable(source)}  ${state}`, ...(learnt < needed ? [] : counts.map(countLine))];
}

function alarmLines({
  source,
  since,
  until,
  at,
  counts,
  batches,
  dealtBy,
  reason,
}: DataWatch['alarms'][number]): string[] {
  const dealt = dealtBy === null ? 'open' : `dealt with by ${printable(dealtBy)}: ${printable(reason ?? '')}`;
  const versions = [...new Set(batches.map(({ version }) => version))].join(', ');
  return [
    `  ${day(at)}  ${printable(source)}, ${printable(since)} to ${printable(until)}, versions ${versions || '–'}  (${dealt})`,
    ...counts.map(countLine),
  ];
}

const looseningLine = ({ at, by, reason, what }: DataWatch['loosened'][number]): string =>
  `  ${day(at)}  ${printable(by)}: ${what.map(printable).join('; ')} (${printable(reason)})`;

function human(watch: DataWatch): string {
  const { dataset, state, settings, loosened, sources, alarms, exposures, counts, notes } = watch;
  const standing = exposures.filter(({ clearedAt }) => clearedAt === null);
  return [
    `${printable(dataset)}: ${STATES[state]}`,
    `  ${count(counts)} counts, ${settings.falseAlarmsPerYear} false ${settings.falseAlarmsPerYear === 1 ? 'alarm' : 'alarms'} a year at most`,
    ...(loosened.length === 0 ? [] : ['made to see less', ...loosened.map(looseningLine)]),
    ...(sources.length === 0 ? [] : ['sources', ...sources.flatMap(sourceLines)]),
    ...(alarms.length === 0 ? [] : ['alarms', ...alarms.flatMap(alarmLines)]),
    ...(standing.length === 0
      ? []
      : [
          'endpoints that serve what was made from records that are no longer trusted',
          ...standing.map(
            ({ endpoint, version, cause }) =>
              `  ${printable(endpoint)}  version ${version}, ${cause === 'quarantined' ? 'records taken out' : 'a grave finding'}`,
          ),
        ]),
    'blind spots',
    ...notes.map((note) => `  ${printable(note)}`),
  ].join('\n');
}
