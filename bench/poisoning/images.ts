/**
 * Backdoors in pictures: `node bench/poisoning/images.ts [--data DIR] [--seed 1] [--quick] [--json]`. With `--data` (a
 * folder with onnx/data) a 3 × 3 patch in handwritten digits at 1, 5, 10 and 33% of the target class beside plain methods,
 * and activations of a network with a backdoor; generated colour pictures with patches and overlays always.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { activationClustering, spectralSignatures } from '@bartizan/checks/datasets/activations/index.ts';
import { checkImageTriggers } from '@bartizan/checks/datasets/images/index.ts';
import {
  blend,
  colourPictures,
  type Pictures,
  type Poisoned,
  patch,
  poison,
  type Stamp,
} from '@bartizan/checks/datasets/images/testing/generated.ts';
import { finish } from '@bartizan/checks/datasets/neighbours/index.ts';
import { readNpy } from '@bartizan/checks/datasets/read/index.ts';
import { digitsOf } from './images/digits.ts';
import { type Figures, figures } from './images/figures.ts';
import { hiddenLayer } from './images/hidden.ts';
import { PEERS } from './images/peers.ts';

type Row = Record<string, string | number | null>;

export interface ImageBench {
  readonly name: string;
  readonly rows: readonly Row[];
  readonly notes: readonly string[];
}

const TARGET = 7;
const SHARES = [0.01, 0.05, 0.1, 0.33] as const;

export async function benchImages(options: {
  data: string | null;
  seed: number;
  quick: boolean;
}): Promise<ImageBench> {
  const { data, seed, quick } = options;
  const pictures = data === null ? null : await digitsOf(data);
  const digits =
    data !== null && pictures !== null
      ? [...digitRows(pictures, seed, quick), ...(await networkRows(pictures, join(data, 'onnx')))]
      : [];
  return {
    name: 'images',
    rows: [...digits, ...colourRows(seed, quick)],
    notes: [
      'Recall is at 2% false positives; precision is of what scores above .5. On clean rows both are null.',
      ...(digits.length === 0 ? ['No folder with onnx/data: handwritten digits were left out.'] : []),
    ],
  };
}

const unnamed = (found: Figures): Row => ({ ...found, named: null, recall: null, precision: null });

function ours(set: string, attack: string, made: Poisoned): Row {
  const start = performance.now();
  const { scores } = finish(checkImageTriggers(made.images, made.labels));
  const seconds = (performance.now() - start) / 1000;
  return { set, attack, method: 'ours', ...figures(scores, made.bad), seconds };
}

function peers(set: string, attack: string, made: Poisoned): Row[] {
  return Object.entries(PEERS).map(([method, run]) => {
    const start = performance.now();
    const scores = run(made.images, made.labels);
    const seconds = (performance.now() - start) / 1000;
    return { set, attack, method, ...unnamed(figures(scores, made.bad)), seconds };
  });
}

const untouched = (pictures: Pictures): Poisoned => ({
  ...pictures,
  bad: new Uint8Array(pictures.images.rows),
});

function digitRows(digits: Pictures, seed: number, quick: boolean): Row[] {
  const { images, labels } = digits;
  const target = labels.values.filter((label) => label === TARGET).length;
  const stamp = patch(images, { row: 24, column: 24, size: 3, paint: 'white' });
  const shares = quick ? SHARES.slice(0, 1) : SHARES;
  const rows = shares.flatMap((share) => {
    const made = poison(digits, stamp, { count: Math.round(share * target), target: TARGET, seed });
    const attack = `patch, ${Math.round(100 * share)}% of the class`;
    return [...peers('digits', attack, made), ours('digits', attack, made)];
  });
  return quick ? rows : [...rows, ours('digits', 'none', untouched(digits))];
}

/** Activations of the network in the folder that learnt a backdoor, and of its clean twin, on the poisoned rows. */
async function networkRows({ images, labels }: Pictures, folder: string): Promise<Row[]> {
  const index = await readNpy(join(folder, 'data', 'mnist10k_poisoned_index.npy'));
  const bad = new Uint8Array(images.rows);
  const stamp = patch(images, { row: 24, column: 24, size: 3, paint: 'white' });
  const [values, given] = [images.values.slice(), labels.values.slice()];
  for (const row of index.values) {
    stamp(values, row * 784, { normal: () => 0 } as never);
    given[row] = TARGET;
    bad[row] = 1;
  }
  const poisoned = { ...labels, values: given };
  const hidden = await hiddenLayer(join(folder, 'mnist_mlp_backdoored.onnx'), values, images.rows);
  const clean = await hiddenLayer(join(folder, 'mnist_mlp_clean.onnx'), images.values, images.rows);
  const none = new Uint8Array(images.rows);
  const methods = [
    ['spectral signatures, activations', spectralSignatures],
    ['activation clusters', activationClustering],
  ] as const;
  return methods.flatMap(([method, run]) => {
    const found = finish(run(hidden, poisoned)).scores;
    const quiet = finish(run(clean, labels)).scores;
    return [
      {
        set: 'digits',
        attack: `network, patch in ${index.values.length}`,
        method,
        ...figures(found, bad),
        seconds: null,
      },
      { set: 'digits', attack: 'clean network', method, ...figures(quiet, none), seconds: null },
    ];
  });
}

function colourRows(seed: number, quick: boolean): Row[] {
  const rows = quick ? 1500 : 4000;
  const pictures = colourPictures(rows, seed);
  const { images } = pictures;
  const attacks: readonly (readonly [string, Stamp])[] = [
    ['checkerboard at a corner, 1%', patch(images, { row: 28, column: 28, size: 3, paint: 'checkerboard' })],
    ['white patch within, 1%', patch(images, { row: 12, column: 13, size: 3, paint: 'white' })],
    ['one pixel, 1%', patch(images, { row: 9, column: 20, size: 1, paint: 'white' })],
    ['noise at alpha .1, 1%', blend(images, 0.1, 'noise')],
    ['picture at alpha .2, 1%', blend(images, 0.2, 'picture')],
  ];
  const made = (quick ? attacks.slice(0, 1) : attacks).map(([attack, stamp]) =>
    ours('colour', attack, poison(pictures, stamp, { count: Math.round(rows / 100), target: TARGET, seed })),
  );
  return [...made, ours('colour', 'none', untouched(pictures))];
}

function print({ rows, notes }: ImageBench): void {
  const columns = Object.keys(rows[0] ?? {});
  console.log(`| ${columns.join(' | ')} |\n|${columns.map(() => '---').join('|')}|`);
  for (const row of rows)
    console.log(
      `| ${columns.map((name) => (typeof row[name] === 'number' && !Number.isInteger(row[name]) ? row[name].toFixed(3) : (row[name] ?? ''))).join(' | ')} |`,
    );
  for (const note of notes) console.log(`\n${note}`);
}

if (import.meta.main) {
  const { values: flags } = parseArgs({
    options: {
      data: { type: 'string' },
      seed: { type: 'string', default: '1' },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const bench = await benchImages({
    data: flags.data ?? null,
    seed: Number(flags.seed),
    quick: flags.quick,
  });
  if (flags.json) console.log(JSON.stringify(bench));
  else print(bench);
}
