import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  checkGivenProbabilities,
  confidentJoint,
  type Labels,
  labelErrors,
  type Probabilities,
} from '@bartizan/checks/datasets/labels/index.ts';
import { readNpy } from '@bartizan/checks/datasets/read/index.ts';
import { createRandom } from '@bartizan/checks/statistics/random.ts';
import { auroc, found, mean } from './measure.ts';

const SETS = ['mnist', 'cifar10', '20news', 'imdb'] as const;
const FLIP_SHARES = [0.01, 0.05, 0.1, 0.2] as const;
const SEEDS = 20;

export interface FlipFigures {
  readonly share: number;
  readonly auroc: number;
  readonly precision: number;
  readonly recall: number;
  /** Precision as the check itself estimates it. */
  readonly estimatedPrecision: number;
}

export interface SetFigures {
  readonly set: string;
  readonly rows: number;
  readonly offDiagonal: number;
  readonly pruned: number;
  readonly flips: readonly FlipFigures[];
}

/** Figures on the probabilities of known datasets under `folder`, with their own labels and with labels flipped by lot. */
export async function knownSets(folder: string): Promise<SetFigures[]> {
  const there = SETS.filter((set) => existsSync(join(folder, `${set}_pred_probs.npy`)));
  const loaded = await Promise.all(there.map((set) => load(folder, set)));
  return loaded.map(({ set, probabilities, labels }) => {
    const joint = confidentJoint(probabilities, labels);
    return {
      set,
      rows: probabilities.rows,
      offDiagonal: joint.offDiagonal.length,
      pruned: labelErrors(probabilities, labels, joint, 'noise-rate').length,
      flips: FLIP_SHARES.map((share) => flipped(probabilities, labels, share)),
    };
  });
}

async function load<Set extends string>(
  folder: string,
  set: Set,
): Promise<{ set: Set; probabilities: Probabilities; labels: Labels }> {
  const { rows, columns: classes, values } = await readNpy(join(folder, `${set}_pred_probs.npy`));
  const given = await readNpy(join(folder, `${set}_given_labels.npy`));
  const names = Array.from({ length: classes }, (_, label) => String(label));
  return {
    set,
    probabilities: { rows, classes, values },
    labels: { values: Int32Array.from(given.values), names },
  };
}

function flipped(probabilities: Probabilities, labels: Labels, share: number): FlipFigures {
  const runs = Array.from({ length: SEEDS }, (_, seed) => {
    const { values, bad } = flip(labels, share, seed);
    const report = checkGivenProbabilities(probabilities, { ...labels, values });
    return {
      ...found(report.errors, bad),
      auroc: auroc(report.scores, bad),
      estimated: report.precision.value,
    };
  });
  return {
    share,
    auroc: mean(runs.map((run) => run.auroc)),
    precision: mean(runs.map((run) => run.precision)),
    recall: mean(runs.map((run) => run.recall)),
    estimatedPrecision: mean(runs.map((run) => run.estimated)),
  };
}

/** Gives this share of the rows, drawn by lot, another label drawn by lot. */
export function flip(labels: Labels, share: number, seed: number): { values: Int32Array; bad: Uint8Array } {
  const random = createRandom(seed);
  const classes = labels.names.length;
  const values = labels.values.slice();
  const bad = new Uint8Array(values.length);
  const order = random.shuffle(Int32Array.from(values.keys()));
  for (const row of order.subarray(0, Math.round(share * values.length))) {
    values[row] = ((values[row] as number) + 1 + random.integer(classes - 1)) % classes;
    bad[row] = 1;
  }
  return { values, bad };
}
