import { type DatasetDiff, type DatasetDiffEntry, datasetRoutes } from '@bartizan/contracts';
import type { Command } from 'commander';
import { CliError, EXIT } from '../../exit.ts';
import { wholeNumber } from '../../options.ts';
import { createOutput, printable } from '../../output.ts';
import { client } from '../../session.ts';
import { versionName } from '../subject.ts';
import { type RecordValues, type ValuedEntry, withValues } from './diff-values.ts';

interface DiffFlags {
  key?: string;
  limit?: number;
  values?: boolean;
  purpose?: string;
  json?: boolean;
}

const LISTED = 1_000;
const LISTED_WITH_VALUES = 100;
/** Characters of a reason for reading records. */
const PURPOSE = { least: 10, most: 500 };
const MOST_SHOWN = 200;

function purposeOf({ values, purpose }: DiffFlags): string | null {
  if (!values) return null;
  const why = purpose?.trim() ?? '';
  if (why.length >= PURPOSE.least && why.length <= PURPOSE.most) return why;
  throw new CliError(
    `--values reads records: say why with --purpose, in ${PURPOSE.least} to ${PURPOSE.most} characters`,
    EXIT.usage,
  );
}

/** `bartizan data diff loans@1 loans@2`. */
export function addDataDiff(data: Command): void {
  data
    .command('diff <from> <to>')
    .description(
      'how many records differ between two versions, and which, for those with data.content: loans@1 loans@2',
    )
    .option(
      '--key <columns>',
      'columns that tell records apart, separated by commas (data.content; recorded); by content where absent',
    )
    .option(
      '--limit <count>',
      'list at most so many of each kind (1,000; with --values 100)',
      wholeNumber(0, 10_000),
    )
    .option('--values', 'also what the records hold: each changed value, each record that came or went')
    .option(
      '--purpose <text>',
      'with --values or --key: why you read them, for the audit log and chain of custody',
    )
    .option('--json', 'print JSON')
    .action(async (first: string, second: string, flags: DiffFlags) => {
      const from = versionName(first);
      const to = versionName(second);
      if (from.dataset !== to.dataset)
        throw new CliError('both versions are of one dataset: loans@1 loans@2', EXIT.usage);
      const purpose = purposeOf(flags);
      const api = client();
      const limit = flags.limit ?? (purpose === null ? LISTED : LISTED_WITH_VALUES);
      const found = await api.call(datasetRoutes.diff, {
        params: { dataset: from.dataset },
        query: { from: from.version, to: to.version, key: flags.key, limit },
        ...(flags.purpose === undefined ? {} : { purpose: flags.purpose.trim() }),
      });
      const output = createOutput(flags.json ?? false);
      if (purpose === null) return output.result(found, (diff) => human(diff, placesOf));
      output.result({ ...found, entries: await withValues(api, found, purpose) }, (diff) =>
        human(diff, valuesOf),
      );
    });
}

function human<Entry extends DatasetDiffEntry>(
  diff: Omit<DatasetDiff, 'entries'> & { readonly entries: readonly Entry[] },
  more: (entry: Entry) => readonly string[],
): string {
  const { counts, schema, entries, withheld, complete, same } = diff;
  if (same) return 'The same records.';
  const n = (value: number): string => value.toLocaleString('en');
  const column = (verb: string, names: readonly string[]): string[] =>
    names.length === 0 ? [] : [`columns ${verb}: ${names.map(printable).join(', ')}`];
  const at = (row: number | null): string => (row === null ? '–' : String(row));
  return [
    `${n(counts.added)} added, ${n(counts.removed)} removed, ${n(counts.changed)} changed, ${n(counts.moved)} moved, ${n(counts.unchanged)} the same`,
    ...column('added', schema.added),
    ...column('removed', schema.removed),
    ...column('of another type', schema.retyped),
    ...entries.flatMap((entry) => {
      const [rest = '', ...below] = more(entry);
      return [`  ${entry.kind.padEnd(8)} ${at(entry.was)} → ${at(entry.now)}  ${rest}`.trimEnd(), ...below];
    }),
    ...restOf({ withheld, complete }),
  ].join('\n');
}

/** Why there is more than is listed; nothing where there is not. */
function restOf({ withheld, complete }: Pick<DatasetDiff, 'withheld' | 'complete'>): readonly string[] {
  if (withheld !== null) return [printable(withheld)];
  return complete ? [] : ['Not all are listed: raise --limit.'];
}

const placesOf = ({ columns }: DatasetDiffEntry): readonly string[] => [columns.map(printable).join(', ')];

function shown(value: unknown): string {
  if (value === null || value === undefined) return '(missing)';
  const text = printable(typeof value === 'string' ? value : JSON.stringify(value));
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
}

const recordOf = (values: RecordValues): string =>
  Object.entries(values)
    .map(([name, value]) => `${printable(name)} ${shown(value)}`)
    .join('; ');

/** What a record held and holds: each changed column on a line of its own. */
function valuesOf({ kind, columns, before, after }: ValuedEntry): readonly string[] {
  if (kind === 'changed' && before !== null && after !== null) {
    const names = new Set([...Object.keys(before), ...Object.keys(after)]);
    const differ = [...names].filter((name) =>
      columns.length > 0
        ? columns.includes(name)
        : JSON.stringify(before[name]) !== JSON.stringify(after[name]),
    );
    return [
      '',
      ...differ.map((name) => `    ${printable(name)}: ${shown(before[name])} → ${shown(after[name])}`),
    ];
  }
  const record = kind === 'added' ? after : before;
  return [record === null ? '(not there any more)' : recordOf(record)];
}
