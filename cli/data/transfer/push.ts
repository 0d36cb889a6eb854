import { resolve } from 'node:path';
import { type Format, formatOf, ReadError } from '@bartizan/checks/datasets/read/index.ts';
import { DATA_FORMATS, REFERENCE_LEAVES, REFERENCE_MANIFEST } from '@bartizan/contracts';
import type { Command } from 'commander';
import { Option } from 'commander';
import { CliError, EXIT } from '../../exit.ts';
import { localFiles } from '../../model/transfer/files.ts';
import { hashFiles } from '../../model/transfer/hashing.ts';
import { bytesText, createByteProgress } from '../../model/transfer/progress.ts';
import { createOutput, printable } from '../../output.ts';
import { readSession } from '../../session.ts';
import { measure, sizeOf } from './measure.ts';
import { rowNotes } from './row-notes.ts';
import { sendPush } from './send.ts';

interface PushFlags {
  dataset: string;
  format?: Format;
  source?: string;
  batch?: string;
  reason?: string;
  label?: string;
  delimiter?: string;
  header: boolean;
  reference?: boolean;
  location?: string;
  same?: boolean;
  json?: boolean;
}

const PICTURES = /\.(?:png|jpe?g|gif|webp|bmp|tiff?)$/i;

function formatFor(paths: readonly string[], asked: Format | undefined): Format {
  if (asked !== undefined) return asked;
  const [first, ...others] = paths;
  const table = first === undefined || others.length > 0 ? null : formatOf(first);
  if (table !== null) return table;
  if (paths.every((path) => PICTURES.test(path))) return 'images';
  if (others.length > 0 && !paths.some((path) => PICTURES.test(path))) return 'texts';
  throw new CliError(
    `what the files are cannot be told from their names: give --format ${DATA_FORMATS.join('|')}`,
    EXIT.usage,
  );
}

async function push(place: string, flags: PushFlags): Promise<void> {
  const output = createOutput(flags.json ?? false);
  const session = readSession();
  const { files, bytes } = await localFiles(place);
  const format = formatFor(
    files.map(({ path }) => path),
    flags.format,
  );
  const options = {
    ...(flags.delimiter === undefined ? {} : { delimiter: flags.delimiter }),
    ...(flags.header ? {} : { header: false }),
  };
  const input = {
    dataset: flags.dataset,
    format,
    options,
    storage: flags.reference ? ('reference' as const) : ('value' as const),
    ...(flags.source === undefined ? {} : { source: flags.source }),
    ...(flags.batch === undefined ? {} : { batch: flags.batch }),
    ...(flags.reason === undefined ? {} : { reason: flags.reason }),
    ...(flags.label === undefined ? {} : { label: flags.label }),
    allowSame: flags.same ?? false,
  };
  const measured = flags.reference
    ? await measure(
        place,
        { format, ...options },
        {
          location: flags.location ?? resolve(place),
          progress: rowNotes(output.note, 'Hashed'),
        },
      ).catch((error: unknown) => {
        throw error instanceof ReadError ? new CliError(error.message) : error;
      })
    : null;
  try {
    const sent =
      measured === null
        ? files
        : [
            { path: REFERENCE_LEAVES, place: measured.leaves, size: await sizeOf(measured.leaves) },
            { path: REFERENCE_MANIFEST, place: measured.manifest, size: await sizeOf(measured.manifest) },
          ];
    const total = sent.reduce((sum, { size }) => sum + size, 0);
    const hashing = createByteProgress('Hashing  ', total);
    const hashed = await hashFiles(sent, hashing.add).finally(hashing.end);
    const progress = createByteProgress('Sending  ', total);
    const read = rowNotes(output.note, 'The server has read');
    const done = await sendPush({
      session,
      input,
      files: hashed,
      progress,
      note(line) {
        progress.end();
        output.note(line);
      },
      reading: (rows) => read(rows),
    }).finally(progress.end);
    output.result(done, (made) => human(made, bytes));
  } finally {
    await measured?.remove();
  }
}

function human({ version, same, dataset }: Awaited<ReturnType<typeof sendPush>>, bytes: number): string {
  if (version === null) return `${printable(dataset)}: nothing was made of it`;
  const name = `${printable(version.dataset)}@${version.number}`;
  return [
    same
      ? `${name} has the same records already; nothing was added`
      : `${name}: ${(version.rows ?? 0).toLocaleString('en')} records, ${bytesText(bytes)}`,
    `root   ${version.root ?? ''}`,
    ...(version.state === 'awaiting-review'
      ? ['It awaits review: a policy wants somebody else to approve it first.']
      : []),
    ...(version.storage === 'reference' ? [`The data stay at ${printable(version.location ?? '')}`] : []),
  ].join('\n');
}

/** `bartizan data push`. */
export function addDataPush(data: Command): void {
  data
    .command('push <path>')
    .description(
      'push a table, or a folder of texts or images, as a new version; run again after a break, it goes on',
    )
    .requiredOption('--dataset <name>', 'the dataset; it is registered when there is none of this name')
    .addOption(
      new Option('--format <format>', 'what the files are; told by their names').choices(DATA_FORMATS),
    )
    .option('--source <name>', 'the registered source that the records come from')
    .option('--batch <name>', 'names this delivery: a day, a crawl, a file')
    .option('--reason <text>', 'why, for the chain of custody')
    .option('--label <column>', 'column with the label')
    .option('--delimiter <character>', 'between columns of CSV; told by the first line')
    .option('--no-header', 'the first line of CSV names no columns')
    .option('--reference', 'send hashes and a profile only; the data stay where they are')
    .option('--location <where>', 'with --reference: where others find the data; the path where absent')
    .option('--same', 'make a version also where the newest has the same records')
    .option('--json', 'print JSON')
    .action(push);
}
