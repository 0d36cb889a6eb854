import { setTimeout as sleep } from 'node:timers/promises';
import { type CleaningSelection, cleaningRoutes, type Quarantine } from '@bartizan/contracts';
import type { Command } from 'commander';
import { CliError, EXIT } from '../../exit.ts';
import { createOutput, printable } from '../../output.ts';
import { client } from '../../session.ts';
import { versionName } from '../subject.ts';

const POLL_MS = 500;

interface QuarantineFlags {
  rows?: string;
  scan?: string;
  finding?: string;
  score?: string;
  source?: string;
  batch?: string;
  where?: string;
  reason?: string;
  preview?: boolean;
  json?: boolean;
}

const wrong = (message: string): CliError => new CliError(message, EXIT.usage);

/** `3,7,10-20`: rows from 0. */
export function rowsOf(text: string): number[] {
  const rows = new Set<number>();
  for (const part of text.split(',')) {
    const match = /^\s*(\d{1,15})(?:-(\d{1,15}))?\s*$/.exec(part);
    if (!match?.[1]) throw wrong(`write rows like 3,7,10-20, not "${printable(part)}"`);
    const first = Number(match[1]);
    const last = Number(match[2] ?? match[1]);
    if (last < first || last - first >= 1_000_000) throw wrong(`"${printable(part)}" is no range of rows`);
    for (let row = first; row <= last; row += 1) rows.add(row);
    if (rows.size > 1_000_000) throw wrong('at most 1,000,000 rows at a time');
  }
  return [...rows].toSorted((a, b) => a - b);
}

function scanOf(flags: QuarantineFlags): string {
  if (flags.scan !== undefined) return flags.scan;
  throw wrong('--finding and --score are of a scan: name it with --scan');
}

function selectionOf(flags: QuarantineFlags): CleaningSelection {
  const given: CleaningSelection[] = [];
  if (flags.rows !== undefined) given.push({ by: 'rows', rows: rowsOf(flags.rows) });
  if (flags.finding !== undefined) {
    if (!/^\d{1,6}$/.test(flags.finding)) throw wrong('--finding is the number of a finding, from 0');
    given.push({ by: 'finding', scan: scanOf(flags), finding: Number(flags.finding) });
  }
  if (flags.score !== undefined) {
    const atLeast = Number(flags.score);
    if (!(atLeast >= 0.5 && atLeast <= 1)) throw wrong('--score is a number from 0.5 to 1');
    given.push({ by: 'score', scan: scanOf(flags), atLeast });
  }
  if (flags.source !== undefined) given.push({ by: 'source', source: flags.source });
  if (flags.batch !== undefined) given.push({ by: 'batch', batch: flags.batch });
  if (flags.where !== undefined) {
    const equals = flags.where.indexOf('=');
    if (equals < 1) throw wrong('write --where like zip=94110');
    given.push({
      by: 'rule',
      column: flags.where.slice(0, equals),
      values: [flags.where.slice(equals + 1)],
    });
  }
  const [selection, ...others] = given;
  if (selection !== undefined && others.length === 0) return selection;
  throw wrong('say which records with one of --rows, --finding, --score, --source, --batch, --where');
}

function human(made: Quarantine): string {
  if (made.state === 'failed')
    return `Nothing was taken out of version ${made.fromVersion}: ${printable(made.failure ?? 'it broke off')}`;
  const to = made.toVersion === null ? '' : ` → version ${made.toVersion}`;
  return [
    `${made.removed.toLocaleString('en')} records taken out of version ${made.fromVersion}${to} (${made.state})`,
    ...(made.dependants.length === 0 ? [] : ['what else holds them, or was made from them:']),
    ...made.dependants.map(({ kind, label }) => `  ${kind.replace('-', ' ')} ${printable(label)}`),
  ].join('\n');
}

/** `bartizan data quarantine loans@3 --where zip=94110 --reason …`. */
export function addDataQuarantine(data: Command): void {
  data
    .command('quarantine <version>')
    .description('take records out: makes a version without them, and names what was made from them')
    .option('--rows <rows>', 'rows from 0: 3,7,10-20')
    .option('--finding <number>', 'the records of a finding of --scan, from 0')
    .option('--score <score>', 'records that --scan suspects from this score on')
    .option('--scan <id>', 'the scan that --finding or --score is of')
    .option('--source <name>', 'what this source brought in')
    .option('--batch <name>', 'what this batch brought in')
    .option('--where <column=value>', 'records whose column has this value')
    .option('--reason <text>', 'why, in at least 10 characters')
    .option('--preview', 'only say which records that would be')
    .option('--json', 'print JSON')
    .action(async (text: string, flags: QuarantineFlags) => {
      const output = createOutput(flags.json ?? false);
      const params = versionName(text);
      const selection = selectionOf(flags);
      const api = client();
      if (flags.preview) {
        const preview = await api.call(cleaningRoutes.preview, { params, body: { selection } });
        output.result(
          preview,
          ({ removed, kept, rows }) =>
            `${removed.toLocaleString('en')} records would go, ${kept.toLocaleString('en')} would stay${
              rows.length > 0 ? `; rows ${rows.slice(0, 20).join(', ')}${removed > 20 ? ', …' : ''}` : ''
            }`,
        );
        return;
      }
      if (flags.reason === undefined) throw wrong('say why with --reason, in at least 10 characters');
      let made = await api.call(cleaningRoutes.quarantine, {
        params,
        body: { selection, reason: flags.reason },
      });
      while (made.state === 'working') {
        await sleep(POLL_MS);
        made = await api.call(cleaningRoutes.get, { params: { id: made.id } });
      }
      output.result(made, human);
      if (made.state === 'failed') process.exitCode = EXIT.failed;
      if (made.state === 'awaiting-review') process.exitCode = EXIT.waiting;
    });
}
