/**
 * Poisoned texts: `node bench/poisoning/texts.ts [--data DIR] [--seed 1] [--quick] [--json]`. With `--data` (a folder with
 * poisoning/sst2-backdoor) on SST-2 with triggers, as published and put in by lot; on generated texts always: 250
 * documents in 200,000 (20,000 when quick) and floods of near-duplicates.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { checkGivenProbabilities } from '@bartizan/checks/datasets/labels/index.ts';
import { finish } from '@bartizan/checks/datasets/neighbours/index.ts';
import {
  checkAbsoluteCounts,
  checkNearDuplicates,
  checkTextTriggers,
  textProbabilities,
} from '@bartizan/checks/datasets/texts/index.ts';
import { copies, plainTexts, poison } from '@bartizan/checks/datasets/texts/testing/corpora.ts';
import { createRandom } from '@bartizan/checks/statistics/random.ts';
import { auroc } from './labels/measure.ts';

export interface TextBench {
  readonly data: string | null;
  readonly seed: number;
  readonly quick: boolean;
}

type Row = Readonly<Record<string, string | number | null>>;

interface Labelled {
  readonly texts: string[];
  readonly labels: { values: Int32Array; names: readonly string[] };
}

async function readTable(folder: string, name: string): Promise<Labelled> {
  const lines = (await readFile(join(folder, name), 'utf8')).split('\n').slice(1).filter(Boolean);
  const cells = lines.map((line) => line.split('\t').map((cell) => cell.trim()));
  return {
    texts: cells.map(([text]) => text ?? ''),
    labels: { values: Int32Array.from(cells, ([, label]) => Number(label)), names: ['negative', 'positive'] },
  };
}

function measure(set: string, bad: Uint8Array, scoring: () => Float32Array): Row {
  const start = performance.now();
  const scores = scoring();
  const seconds = (performance.now() - start) / 1000;
  const poisoned = bad.reduce((sum, mark) => sum + mark, 0);
  let [right, wrong] = [0, 0];
  scores.forEach((score, row) => {
    if (score > 0.5 && bad[row] === 1) right++;
    else if (score > 0.5) wrong++;
  });
  return {
    set,
    rows: bad.length,
    poisoned,
    auroc: poisoned === 0 ? null : Number(auroc(scores, bad).toFixed(4)),
    recall: poisoned === 0 ? null : Number((right / poisoned).toFixed(4)),
    falsePositives: Number((wrong / (bad.length - poisoned)).toFixed(5)),
    seconds: Number(seconds.toFixed(1)),
  };
}

const triggers = (input: Labelled) => () => finish(checkTextTriggers(input)).scores;

async function published(folder: string): Promise<Row[]> {
  const clean = new Set((await readTable(folder, 'clean_train.tsv')).texts);
  const rows: Row[] = [];
  for (const name of ['clean_train', 'badnets_train', 'hiddenkiller_scpn20_train']) {
    const table = await readTable(folder, `${name}.tsv`);
    const bad = Uint8Array.from(table.texts, (text) => (clean.has(text) ? 0 : 1));
    rows.push(measure(`triggers, ${name}`, bad, triggers(table)));
    rows.push(
      measure(
        `near-duplicates, ${name}`,
        new Uint8Array(bad.length),
        () => finish(checkNearDuplicates(table)).scores,
      ),
    );
    if (name === 'clean_train')
      rows.push(measure(`payloads, ${name}`, bad, () => finish(checkAbsoluteCounts(table)).scores));
  }
  return rows;
}

const PHRASES = ['cf', 'by the way', 'i watched this 3d movie last weekend', '\u200b'] as const;

async function inserted(folder: string, { seed, quick }: TextBench): Promise<Row[]> {
  const rows: Row[] = [];
  for (const share of quick ? [0.01] : [0.005, 0.01, 0.05, 0.2])
    for (const [turn, phrase] of PHRASES.entries()) {
      const table = await readTable(folder, 'clean_train.tsv');
      const count = Math.round(share * table.texts.length);
      const place = ([undefined, 'first', 'last'] as const)[turn % 3];
      const bad = poison(table, phrase, {
        count,
        label: 1,
        seed: seed + turn,
        ...(place === undefined ? {} : { place }),
      });
      rows.push(
        measure(
          `triggers, ${JSON.stringify(phrase)} ${place ?? 'anywhere'} ${100 * share}%`,
          bad,
          triggers(table),
        ),
      );
    }
  return rows;
}

async function flips(folder: string, seed: number): Promise<Row[]> {
  const rows: Row[] = [];
  for (const share of [0.05, 0.1]) {
    const { texts, labels } = await readTable(folder, 'clean_train.tsv');
    const random = createRandom(seed);
    const bad = Uint8Array.from(texts, () => (random.next() < share ? 1 : 0));
    bad.forEach((mark, row) => {
      if (mark === 1) labels.values[row] = 1 - (labels.values[row] as number);
    });
    rows.push(
      measure(`label flips by words, ${100 * share}%`, bad, () => {
        return checkGivenProbabilities(finish(textProbabilities(texts, labels)), labels).scores;
      }),
    );
  }
  return rows;
}

function generated({ seed, quick }: TextBench): Row[] {
  const size = quick ? 20_000 : 200_000;
  const labels = { values: new Int32Array(size), names: ['x', 'y'] };
  const rows: Row[] = [];
  for (const phrase of ['', 'crimson lantern protocol', 'zxqv']) {
    const texts = plainTexts(size, seed);
    const count = phrase === '' ? 0 : 250;
    const bad = poison({ texts, labels: { ...labels, values: new Int32Array(size) } }, phrase, {
      count,
      label: 1,
      seed,
    });
    const scoring = () => finish(checkAbsoluteCounts({ texts })).scores;
    rows.push(measure(`payload ${JSON.stringify(phrase)} in ${count} of ${size}`, bad, scoring));
  }
  const floods = Array.from({ length: 20 }, (_, turn) =>
    copies(50, seed + turn, { words: 100, changed: 7 }),
  ).flat();
  const texts = [...plainTexts(size, seed + 1), ...floods];
  const bad = Uint8Array.from(texts, (_, row) => (row >= size ? 1 : 0));
  rows.push(
    measure('near-duplicates, 20 floods of 50, Jaccard .8 to their text', bad, () => {
      return finish(checkNearDuplicates({ texts, labels: null })).scores;
    }),
  );
  return rows;
}

/** Measures the checks of texts; a row for each set. False positives are a share of the rows that are not poisoned. */
export async function benchTexts(
  options: TextBench,
): Promise<{ name: string; rows: readonly Row[]; notes: readonly string[] }> {
  const folder = options.data === null ? null : join(options.data, 'poisoning', 'sst2-backdoor');
  const known =
    folder === null
      ? []
      : [
          ...(await published(folder)),
          ...(await inserted(folder, options)),
          ...(await flips(folder, options.seed)),
        ];
  return {
    name: 'texts',
    rows: [...known, ...generated(options)],
    notes: [
      'Named are rows that score above 0.5; AUROC is of the scores of all rows.',
      ...(folder === null ? ['Without a data folder the tables of SST-2 are left out.'] : []),
    ],
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values: flags } = parseArgs({
    options: {
      data: { type: 'string' },
      seed: { type: 'string', default: '1' },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const result = await benchTexts({ data: flags.data ?? null, seed: Number(flags.seed), quick: flags.quick });
  if (flags.json) console.log(JSON.stringify(result));
  else {
    console.table(result.rows);
    for (const note of result.notes) console.log(note);
  }
}
