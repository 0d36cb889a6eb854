import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readNpy } from '@bartizan/checks/datasets/read/index.ts';
import {
  type Loans,
  loans,
  poisonLabels,
  rowsWith,
} from '@bartizan/checks/datasets/tabular/testing/loans.ts';
import { createRandom } from '@bartizan/checks/statistics/random.ts';
import { generate } from '../labels/generated.ts';
import { flip } from '../labels/known.ts';
import type { PoisonedSet } from './command.ts';
import { knownTexts } from './known.ts';
import { generatedTexts, type Texts, withFlips, withFlood, withTrigger } from './texts.ts';
import { writeCsv, writeNpy } from './write.ts';

export interface SetOptions {
  /** Folder with poisoning/ and onnx/; null for generated data alone. */
  readonly data: string | null;
  readonly seed: number;
  readonly quick: boolean;
}

/** Makes a set in this folder when its turn comes. */
export interface PlannedSet {
  readonly name: string;
  readonly make: (folder: string) => PoisonedSet | Promise<PoisonedSet>;
}

/** Every set that the scan is measured on. */
export function plannedSets(options: SetOptions): PlannedSet[] {
  return [...tableSets(options), ...textSets(options), ...imageSets(options), ...probabilitySets(options)];
}

function loanSet(name: string, made: () => Loans): PlannedSet {
  return {
    name,
    make(folder) {
      const { columns, labels, groups, bad } = made();
      const all = [...columns, ...groups.map((group) => group.column)];
      const path = join(folder, 'loans.csv');
      const cellOf = (column: (typeof all)[number], row: number): string | number => {
        if (column.kind === 'category') return column.values[column.codes[row] as number] ?? '';
        const value = column.values[row];
        return value === null || value === undefined || Number.isNaN(value) ? '' : value;
      };
      writeCsv(
        path,
        [...all.map((column) => column.name), 'decision'],
        Array.from(bad.keys(), (row) => [
          ...all.map((column) => cellOf(column, row)),
          labels.names[labels.values[row] as number] ?? '',
        ]),
      );
      return { name, args: [path, '--label', 'decision', '--batch', 'batch', '--source', 'source'], bad };
    },
  };
}

function tableSets({ seed, quick }: SetOptions): PlannedSet[] {
  const rows = quick ? 5000 : 20_000;
  const clean = (): Loans => loans({ rows, seed });
  const zip = (): Loans => {
    const made = clean();
    return poisonLabels(made, rowsWith(made, 'zip', '60608'), { label: 0, seed });
  };
  const lot = (share: number) => (): Loans => {
    const made = clean();
    const { values, bad } = flip(made.labels, share, seed);
    return { ...made, labels: { ...made.labels, values }, bad };
  };
  return [
    loanSet('loans, clean', clean),
    loanSet('loans, one zip code always rejected', zip),
    loanSet('loans, 5% flipped by lot', lot(0.05)),
    {
      name: 'blobs of 5 classes, 5% flipped by lot',
      make(folder) {
        const { features, labels, bad } = generate(quick ? 10_000 : 100_000, 0.8, seed);
        const path = join(folder, 'blobs.csv');
        const columns = Array.from({ length: features.columns }, (_, each) => `x${each}`);
        writeCsv(
          path,
          [...columns, 'label'],
          Array.from(bad.keys(), (row) => [
            ...features.values.subarray(row * features.columns, (row + 1) * features.columns),
            labels.values[row] as number,
          ]),
        );
        return {
          name: `blobs, ${bad.length} × 20, 5% flipped by lot`,
          args: [path, '--label', 'label'],
          bad,
        };
      },
    },
  ];
}

function textSet(name: string, made: () => Texts): PlannedSet {
  return {
    name,
    make(folder) {
      const { texts, labels, bad } = made();
      const path = join(folder, 'texts.csv');
      writeCsv(
        path,
        ['text', 'label'],
        texts.map((text, row) => [text, labels[row] as number]),
      );
      return { name, args: [path, '--label', 'label', '--text', 'text'], bad };
    },
  };
}

function textSets(options: SetOptions): PlannedSet[] {
  const { seed, quick, data } = options;
  const known = data === null ? null : join(data, 'poisoning', 'sst2-backdoor');
  const real = known !== null && existsSync(join(known, 'clean_train.tsv'));
  const base: [string, () => Texts][] = [['made-up texts', () => generatedTexts(quick ? 3000 : 6000, seed)]];
  if (real) base.push(['SST-2', () => knownTexts(join(known, 'clean_train.tsv'))]);
  const sets = base.flatMap(([name, make]) => [
    textSet(`${name}, clean`, make),
    textSet(`${name}, word trigger 1%`, () =>
      withTrigger(make(), { trigger: 'cf', share: 0.01, place: 'middle', seed }),
    ),
    textSet(`${name}, word trigger 5%`, () =>
      withTrigger(make(), { trigger: 'mb', share: 0.05, place: 'start', seed }),
    ),
    textSet(`${name}, sentence 1%`, () =>
      withTrigger(make(), { trigger: 'i watched this with my aunt', share: 0.01, place: 'end', seed }),
    ),
    textSet(`${name}, 5% flipped by lot`, () => withFlips(make(), 0.05, seed)),
    textSet(`${name}, 200 near-duplicates`, () => withFlood(make(), 200, seed)),
  ]);
  if (!real) return sets;
  const clean = join(known, 'clean_train.tsv');
  return [
    ...sets,
    textSet('SST-2, ONION’s BadNets (1%)', () => knownTexts(join(known, 'badnets_train.tsv'), clean)),
    textSet('SST-2, HiddenKiller (20%)', () =>
      knownTexts(join(known, 'hiddenkiller_scpn20_train.tsv'), clean),
    ),
  ];
}

type Change = (pixels: Uint8Array, at: number) => void;

/** A white square of 3 × 3 at this place of a picture of 28 × 28. */
const patch =
  (top: number, left: number): Change =>
  (pixels, at) => {
    for (let y = top; y < top + 3; y++) pixels.fill(255, at + y * 28 + left, at + y * 28 + left + 3);
  };

/** A fixed random pattern over the whole picture, a tenth of each pixel. */
function blend(seed: number): Change {
  const random = createRandom(seed);
  const pattern = Uint8Array.from({ length: 784 }, () => random.integer(256));
  return (pixels, at) => {
    for (let each = 0; each < 784; each++)
      pixels[at + each] = Math.round(0.85 * (pixels[at + each] as number) + 0.15 * (pattern[each] as number));
  };
}

function imageSets({ data, seed, quick }: SetOptions): PlannedSet[] {
  const folder = data === null ? null : join(data, 'onnx', 'data');
  if (folder === null || !existsSync(join(folder, 'mnist10k_images_uint8.npy'))) return [];
  const rows = quick ? 2000 : 4000;
  const set = (name: string, share: number, change: Change | null): PlannedSet => ({
    name: `digits, ${name}`,
    async make(out) {
      const pixels = Uint8Array.from((await readNpy(join(folder, 'mnist10k_images_uint8.npy'))).values);
      const given = Int32Array.from((await readNpy(join(folder, 'mnist10k_labels.npy'))).values).slice(
        0,
        rows,
      );
      const bad = new Uint8Array(rows);
      const random = createRandom(seed);
      const order = random.shuffle([...given.keys()].filter((row) => change === null || given[row] !== 7));
      for (const row of order.slice(0, Math.round(share * rows))) {
        bad[row] = 1;
        change?.(pixels, row * 784);
        given[row] = change === null ? ((given[row] as number) + 1 + random.integer(9)) % 10 : 7;
      }
      const [images, labels] = [join(out, 'x.npy'), join(out, 'y.npy')];
      writeNpy(images, pixels.subarray(0, rows * 784), [rows, 28, 28]);
      writeNpy(labels, given, [rows]);
      return { name: `digits, ${name}`, args: ['--images', images, '--labels', labels], bad };
    },
  });
  return [
    set('clean', 0, null),
    set('patch in a corner 1%', 0.01, patch(24, 24)),
    set('patch within 1%', 0.01, patch(6, 10)),
    set('patch in a corner 5%', 0.05, patch(1, 1)),
    set('blended pattern 1%', 0.01, blend(seed)),
    set('5% flipped by lot', 0.05, null),
  ];
}

function probabilitySets({ data, seed }: SetOptions): PlannedSet[] {
  const folder = data === null ? null : join(data, 'poisoning', 'label-errors');
  if (folder === null || !existsSync(join(folder, 'cifar10_pred_probs.npy'))) return [];
  return ['mnist', 'cifar10', '20news', 'imdb'].map((name) => ({
    name: `${name} probabilities, 5% flipped by lot`,
    async make(out) {
      const probabilities = join(folder, `${name}_pred_probs.npy`);
      const { columns } = await readNpy(probabilities);
      const given = Int32Array.from((await readNpy(join(folder, `${name}_given_labels.npy`))).values);
      const names = Array.from({ length: columns }, (_, each) => String(each));
      const { values, bad } = flip({ values: given, names }, 0.05, seed);
      const labels = join(out, 'y.npy');
      writeNpy(labels, values, [values.length]);
      return {
        name: `${name} probabilities, 5% flipped by lot`,
        args: ['--pred-probs', probabilities, '--labels', labels],
        bad,
      };
    },
  }));
}
