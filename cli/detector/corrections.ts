import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  type Correction,
  type CorrectionDataset,
  correctionDatasetRoutes,
  correctionRoutes,
} from '@bartizan/contracts';
import { type Command, Option } from 'commander';
import { CliError } from '../exit.ts';
import { wholeNumber } from '../options.ts';
import { createOutput, date, table } from '../output.ts';
import { client } from '../session.ts';

interface ListFlags {
  label?: 'attack' | 'harmless';
  state?: Correction['state'];
  interaction?: string;
  limit: number;
  cursor?: string;
  json?: boolean;
}

interface ExportFlags {
  version?: number;
  output?: string;
  purpose: string;
}

/** `bartizan detector corrections`: what people say of the injection check's verdicts, and datasets of it. */
export function addCorrections(detector: Command): void {
  const corrections = detector
    .command('corrections')
    .description('where people say that the injection check was wrong');
  addList(corrections);
  addMake(corrections);
  addVersions(corrections);
  addExport(corrections);
}

function addList(corrections: Command): void {
  corrections
    .command('list')
    .description('newest first, without their texts')
    .addOption(new Option('--label <label>', 'what they say').choices(['attack', 'harmless']))
    .addOption(
      new Option('--state <state>', 'whether people agree').choices(['settled', 'conflicting', 'overruled']),
    )
    .option('--interaction <id>', 'of one interaction')
    .option('--limit <number>', 'how many', wholeNumber(1, 200), 20)
    .option('--cursor <cursor>', 'go on where an earlier page ended')
    .option('--json', 'print JSON')
    .action(async ({ json, ...query }: ListFlags) => {
      const page = await client().call(correctionRoutes.list, { query });
      createOutput(json ?? false).result(page, ({ items, next }) =>
        [
          table(
            ['when', 'says', 'kind', 'written by', 'scored', 'state', 'who', 'of', 'id'],
            items.map((one) => [
              date(one.at),
              one.label,
              one.kind,
              one.origin,
              one.judged.score === null ? '–' : one.judged.score.toFixed(2),
              one.state,
              one.by.name,
              one.interactionId === null ? 'a text' : `${one.interactionId}:${one.segment}`,
              one.id,
            ]),
          ),
          ...(next ? [`More: --cursor ${next}`] : []),
        ].join('\n'),
      );
    });
}

function addMake(corrections: Command): void {
  corrections
    .command('make')
    .description('make a version of the dataset of all settled corrections; it never changes')
    .option('--note <text>', 'what it is for', '')
    .option('--json', 'print JSON')
    .action(async ({ note, json }: { note: string; json?: boolean }) => {
      const made = await client().call(correctionDatasetRoutes.create, { body: { note } });
      createOutput(json ?? false).result(made, inWords);
    });
}

function addVersions(corrections: Command): void {
  corrections
    .command('versions')
    .description('versions of the dataset, newest first')
    .option('--limit <number>', 'how many', wholeNumber(1, 200), 20)
    .option('--cursor <cursor>', 'go on where an earlier page ended')
    .option('--json', 'print JSON')
    .action(async ({ json, ...query }: { limit: number; cursor?: string; json?: boolean }) => {
      const page = await client().call(correctionDatasetRoutes.list, { query });
      createOutput(json ?? false).result(page, ({ items, next }) =>
        [
          table(
            ['version', 'made', 'by', 'attacks', 'harmless', 'readable', 'sha256', 'note'],
            items.map((one) => [
              String(one.version),
              date(one.at),
              one.by.name,
              String(one.counts.label.attack ?? 0),
              String(one.counts.label.harmless ?? 0),
              `${one.readable} of ${one.rows}`,
              one.sha256.slice(0, 12),
              one.note,
            ]),
          ),
          ...(next ? [`More: --cursor ${next}`] : []),
        ].join('\n'),
      );
    });
}

function addExport(corrections: Command): void {
  corrections
    .command('export')
    .description('the rows of a version as JSON Lines, as the training recipe reads them')
    .option('--version <number>', 'the newest where absent', wholeNumber(1, 2 ** 31 - 1))
    .option('-o, --output <file>', 'standard output where absent; the recipe wants "corrections.jsonl"')
    .requiredOption('--purpose <text>', 'why you read it; goes into the audit log')
    .action(async ({ version, output, purpose }: ExportFlags) => {
      const api = client();
      const wanted = version ?? (await newest(api));
      const { rows, readable } = await api.call(correctionDatasetRoutes.get, { params: { version: wanted } });
      const answer = await api.stream(correctionDatasetRoutes.rows, { params: { version: wanted }, purpose });
      await write(answer.body, output);
      const { note } = createOutput(false);
      note(`Version ${wanted}: ${readable} rows${output === undefined ? '' : ` in ${output}`}.`);
      if (readable < rows) note(`${rows - readable} more have expired with their interactions.`);
    });
}

async function newest(api: ReturnType<typeof client>): Promise<number> {
  const { items } = await api.call(correctionDatasetRoutes.list, { query: { limit: 1 } });
  if (items[0]) return items[0].version;
  throw new CliError('There is no version yet. Make one: bartizan detector corrections make');
}

async function write(body: Response['body'], output: string | undefined): Promise<void> {
  if (output !== undefined) {
    // The texts are content that was protected until now.
    await pipeline(Readable.from(body ?? []), createWriteStream(output, { mode: 0o600 }));
    return;
  }
  for await (const chunk of body ?? []) {
    if (!process.stdout.write(chunk)) await once(process.stdout, 'drain');
  }
}

function inWords({ version, rows, conflicting, sha256, counts }: CorrectionDataset): string {
  const { attack = 0, harmless = 0 } = counts.label;
  return [
    `Version ${version}: ${rows} rows (${attack} attacks, ${harmless} harmless), sha256 ${sha256}.`,
    ...(conflicting > 0 ? [`Left out because people disagree: ${conflicting}.`] : []),
    `Get it: bartizan detector corrections export --version ${version} --purpose "…" -o corrections.jsonl`,
  ].join('\n');
}
