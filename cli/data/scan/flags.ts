import { existsSync } from 'node:fs';
import type { ScanJob, ScanSource, TableFile } from '@bartizan/checks/datasets/scan/worker/index.ts';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { CliError, EXIT } from '../../exit.ts';
import { wholeNumber } from '../../options.ts';

export const FORMATS = ['human', 'json', 'sarif'] as const;
export type Format = (typeof FORMATS)[number];

/** The options of `data scan`, as Commander gathers them. */
export interface Flags {
  /** False with --no-label. */
  label?: string | false;
  text?: string;
  features?: string[];
  batch?: string;
  source?: string;
  prompt?: string;
  response?: string;
  access?: string;
  knowledgeBase?: boolean;
  annotators?: string[];
  images?: string;
  labels?: string;
  predProbs?: string;
  activations?: string;
  test?: string;
  history?: string[];
  rules?: string;
  checks?: string[];
  seed?: number;
  type?: TableFile['format'];
  all?: boolean;
  limit?: number;
  json?: boolean;
  format?: Format;
  output?: string;
  timeout?: number;
  memory?: number;
}

/** Names of columns with commas between them; a comma within a name is written twice. */
export function list(text: string): string[] {
  const names = text.split(/(?<!,),(?!,)/).map((name) => name.replaceAll(',,', ',').trim());
  if (names.some((name) => name === ''))
    throw new InvalidArgumentError('give names with commas between them.');
  return [...new Set(names)];
}

export function addOptions(scan: Command): Command {
  return scan
    .option('--label <column>', 'what the records are classified as')
    .option('--no-label', 'the records have no label')
    .option('--text <column>', 'the text of each record')
    .option('--features <columns>', 'what a model learns from, with commas between; all other columns', list)
    .option('--batch <column>', 'the delivery that each record came with')
    .option('--source <column>', 'where each record came from')
    .option('--prompt <column>', 'the prompts of fine-tuning pairs')
    .option('--response <column>', 'the responses of fine-tuning pairs')
    .option(
      '--annotators <item,annotator,label>',
      'columns of a file with one label per person and row',
      list,
    )
    .option('--knowledge-base', 'the records are documents that a language model will be given to read')
    .option('--access <column>', 'who may read each document of a knowledge base')
    .option('--images <npy>', 'pictures: records × height × width, channels last')
    .option('--labels <npy>', 'their labels, as whole numbers')
    .option('--pred-probs <npy>', 'out-of-sample probabilities of a model of yours: records × classes')
    .option('--activations <npy>', 'activations of a model trained on the records: records × units')
    .option('--test <file>', 'records that a model is tested on: finds those that leaked')
    .option('--history <files...>', 'accepted earlier records, oldest first: finds what shifted')
    .option('--rules <file>', 'rules that the records must keep, as JSON')
    .option('--checks <names>', 'only these checks, with commas between', list)
    .option('--seed <number>', 'of what is drawn by lot', wholeNumber(0, Number.MAX_SAFE_INTEGER))
    .addOption(
      new Option('--type <type>', 'of the file; by its ending when absent').choices([
        'csv',
        'tsv',
        'jsonl',
        'parquet',
      ]),
    )
    .option('--all', 'all records with their scores, not only the suspicious ones')
    .option('--limit <number>', 'most records in the report', wholeNumber(0, 2_000_000))
    .option('--json', 'print JSON (the same as --format json)')
    .addOption(new Option('--format <format>', 'how to report').choices(FORMATS).conflicts('json'))
    .option('--output <file>', 'write the report there instead of to standard output')
    .option('--timeout <seconds>', 'most time for the scan; 3600 when absent', wholeNumber(1, 1_000_000))
    .option('--memory <MiB>', 'most memory for values; 4096 when absent', wholeNumber(256, 1_000_000));
}

const wrong = (message: string): CliError => new CliError(message, EXIT.usage);

/** What the flags ask for, as a job. CliError (wrong use) where they do not fit together. */
export function jobOf(file: string | undefined, flags: Flags): ScanJob {
  const source = sourceOf(file, flags);
  for (const path of pathsOf(source)) if (!existsSync(path)) throw wrong(`${path}: no such file`);
  return {
    source,
    ...(flags.checks === undefined ? {} : { checks: flags.checks }),
    ...(flags.seed === undefined ? {} : { seed: flags.seed }),
    limits: {
      ...(flags.timeout === undefined ? {} : { timeoutMs: flags.timeout * 1000 }),
      ...(flags.memory === undefined ? {} : { heapMiB: flags.memory }),
    },
  };
}

function sourceOf(file: string | undefined, flags: Flags): ScanSource {
  const { images, predProbs, activations, labels } = flags;
  const arrays = [images, predProbs, activations].filter((path) => path !== undefined);
  if (arrays.length > 1) throw wrong('give one of --images, --pred-probs and --activations');
  if (arrays.length === 0) {
    if (file === undefined)
      throw wrong('name a file, or give --images, --pred-probs or --activations with --labels');
    if (labels !== undefined)
      throw wrong('--labels goes with arrays; name the column of a table with --label');
    return tableSource(file, flags);
  }
  if (file !== undefined) throw wrong(`${file}: scan a table or arrays, not both`);
  const misplaced = TABLE_FLAGS.find((name) => flags[name] !== undefined && flags[name] !== false);
  if (misplaced !== undefined) throw wrong(`--${dashed(misplaced)} goes with a table, not with arrays`);
  if (images !== undefined) return { kind: 'images', images, labels: labels ?? null };
  if (labels === undefined) throw wrong('give the labels too, with --labels Y.npy');
  if (predProbs !== undefined) return { kind: 'probabilities', probabilities: predProbs, labels };
  return { kind: 'activations', activations: activations as string, labels };
}

const TABLE_FLAGS = [
  'label',
  'text',
  'features',
  'batch',
  'source',
  'prompt',
  'response',
  'access',
  'knowledgeBase',
  'annotators',
  'test',
  'history',
  'rules',
] as const satisfies readonly (keyof Flags)[];

const dashed = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

function tableSource(path: string, flags: Flags): ScanSource {
  const { label, text, features, batch, source, prompt, response, access } = flags;
  const [item, annotator, given] = flags.annotators ?? [];
  if (flags.annotators !== undefined && flags.annotators.length !== 3)
    throw wrong('--annotators takes three columns: those of the item, the annotator and the label');
  const named = { text, features, batch, source, prompt, response, access };
  return {
    kind: 'table',
    file: flags.type === undefined ? { path } : { path, format: flags.type },
    roles: {
      ...Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined)),
      ...(label === undefined ? {} : { label: label === false ? null : label }),
      ...(flags.annotators === undefined
        ? {}
        : { annotators: { item: item as string, annotator: annotator as string, label: given as string } }),
      knowledgeBase: flags.knowledgeBase ?? false,
    },
    ...(flags.test === undefined ? {} : { test: { path: flags.test } }),
    ...(flags.history === undefined ? {} : { history: flags.history.map((each) => ({ path: each })) }),
    ...(flags.rules === undefined ? {} : { rules: flags.rules }),
  };
}

function pathsOf(source: ScanSource): string[] {
  switch (source.kind) {
    case 'table':
      return [
        source.file.path,
        ...(source.test === undefined ? [] : [source.test.path]),
        ...(source.history ?? []).map(({ path }) => path),
        ...(source.rules === undefined ? [] : [source.rules]),
      ];
    case 'images':
      return [source.images, ...(source.labels === null ? [] : [source.labels])];
    case 'probabilities':
      return [source.probabilities, source.labels];
    case 'activations':
      return [source.activations, source.labels];
  }
}
