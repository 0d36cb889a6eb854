import { setTimeout as sleep } from 'node:timers/promises';
import { type DataVerification, datasetRoutes } from '@bartizan/contracts';
import type { Command } from 'commander';
import { CliError, EXIT } from '../../exit.ts';
import { wholeNumber } from '../../options.ts';
import { createOutput, printable } from '../../output.ts';
import { client } from '../../session.ts';
import { versionName } from '../subject.ts';
import { verifyHere } from './verify-here.ts';

const POLL_MS = 500;

interface VerifyFlags {
  against?: string;
  limit: number;
  json?: boolean;
}

type Found = Pick<
  DataVerification,
  'state' | 'rows' | 'tamperings' | 'counts' | 'failure' | 'contentRead'
> & {
  /** Where data lie that were pushed by reference. */
  readonly location?: string | null;
  /** What could not be checked. */
  readonly notes?: readonly string[];
};

async function onServer(text: string): Promise<Found> {
  const api = client();
  const asked = versionName(text);
  const { datasetId, number, location } = await api.call(datasetRoutes.version, { params: asked });
  const params = { dataset: datasetId, version: String(number) };
  const begun = await api.call(datasetRoutes.verify, { params });
  for (;;) {
    const now = await api.call(datasetRoutes.verification, { params: { ...params, id: begun.id } });
    if (now.state !== 'running') return { ...now, location };
    await sleep(POLL_MS);
  }
}

/** Of a version whose records nobody read: nothing is said of them. */
const unread = (location: string | null | undefined): string =>
  location
    ? `Hashes and the database are what they were; the data stay at ${printable(location)} and were not read: verify them with --against.`
    : 'Hashes and the database are what they were; the content was removed and was not read: hold a copy of it against them with --against.';

const human = (found: Found): string =>
  [verdict(found), ...(found.notes ?? []).map((note) => `Not checked: ${printable(note)}`)].join('\n');

function verdict({ state, rows, tamperings, counts, failure, contentRead, location }: Found): string {
  if (state === 'error') return `It could not be told: ${printable(failure ?? '')}`;
  if (state === 'intact' && !contentRead) return unread(location);
  if (state === 'intact') return `Nothing was changed: ${(rows ?? 0).toLocaleString('en')} records.`;
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return [
    `${total.toLocaleString('en')} ${total === 1 ? 'change' : 'changes'} found`,
    ...tamperings.map(({ kind, was, now, message }) => {
      const row = was ?? now;
      return `  ${kind}${row === null ? '' : ` row ${row}`}  ${printable(message)}`;
    }),
    ...(total > tamperings.length ? [`  and ${(total - tamperings.length).toLocaleString('en')} more`] : []),
  ].join('\n');
}

/** `bartizan data verify loans@3`; exits with 1 where something was changed, 2 where it could not be told. */
export function addDataVerify(data: Command): void {
  data
    .command('verify <version>')
    .description(
      'read a version again and name every record that was altered, added, removed or moved since it was pushed',
    )
    .option(
      '--against <path>',
      'hold a file or folder here against the version, e.g. data that were pushed by reference',
    )
    .option('--limit <count>', 'list at most so many', wholeNumber(1, 10_000), 1_000)
    .option('--json', 'print JSON')
    .action(async (text: string, flags: VerifyFlags) => {
      const output = createOutput(flags.json ?? false);
      const found =
        flags.against === undefined
          ? await onServer(text)
          : await verifyHere({
              api: client(),
              ...versionName(text),
              path: flags.against,
              limit: flags.limit,
            });
      output.result({ ...found, tamperings: found.tamperings.slice(0, flags.limit) }, human);
      if (found.state === 'tampered') process.exitCode = EXIT.findings;
      else if (found.state !== 'intact')
        throw new CliError(found.failure ?? 'it could not be told', EXIT.failed);
    });
}
