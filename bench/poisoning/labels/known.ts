import { existsSync, readFileSync } from 'node:fs';
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
const SEEDS = 5;
/** People of five who must have kept a label for it to count as right. */
const MOST_PEOPLE = 3;

export interface FlipFigures {
  readonly share: number;
  readonly auroc: number;
  readonly precision: number;
  readonly recall: number;
  /** Precision where labels that people who looked again did not keep count as wrong too; few of the others were looked at. */
  readonly precisionWithRelabelled: number;
  /** Precision as the check itself estimates it, with its interval. */
  readonly estimatedPrecision: number;
  readonly estimatedLow: number;
  readonly estimatedHigh: number;
  /** Share of the runs whose interval holds `precisionWithRelabelled`. */
  readonly intervalHolds: number;
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
  return loaded.map(({ set, probabilities, labels, relabelled }) => {
    const joint = confidentJoint(probabilities, labels);
    return {
      set,
      rows: probabilities.rows,
      offDiagonal: joint.offDiagonal.length,
      pruned: labelErrors(probabilities, labels, joint, 'noise-rate').length,
      flips: FLIP_SHARES.map((share) => flipped({ probabilities, labels, relabelled }, share)),
    };
  });
}

interface Known {
  readonly probabilities: Probabilities;
  readonly labels: Labels;
  /** 1 where people did not keep the label. */
  readonly relabelled: Uint8Array;
}

async function load(folder: string, set: string): Promise<Known & { readonly set: string }> {
  const { rows, columns: classes, values } = await readNpy(join(folder, `${set}_pred_probs.npy`));
  const given = await readNpy(join(folder, `${set}_given_labels.npy`));
  const names = Array.from({ length: classes }, (_, label) => String(label));
  return {
    set,
    probabilities: { rows, classes, values },
    labels: { values: Int32Array.from(given.values), names },
    relabelled: relabelledRows(folder, set, rows),
  };
}

function relabelledRows(folder: string, set: string, rows: number): Uint8Array {
  const marks = new Uint8Array(rows);
  const [answers, places] = [
    join(folder, `${set}_mturk.json`),
    join(folder, `${set}_index_to_filename.json`),
  ];
  if (!existsSync(answers)) return marks;
  const place = new Map<string, number>();
  if (existsSync(places))
    for (const [row, name] of (JSON.parse(readFileSync(places, 'utf8')) as string[]).entries())
      place.set(`test/${name.replace(/\.txt$/, '')}`, row);
  type Answer = { readonly id: string | number; readonly mturk: { readonly given: number } };
  for (const { id, mturk } of JSON.parse(readFileSync(answers, 'utf8')) as Answer[]) {
    const row = place.get(String(id)) ?? Number(id);
    if (mturk.given < MOST_PEOPLE && row >= 0 && row < rows) marks[row] = 1;
  }
  return marks;
}

function flipped({ probabilities, labels, relabelled }: Known, share: number): FlipFigures {
  const runs = Array.from({ length: SEEDS }, (_, seed) => {
    const { values, bad } = flip(labels, share, seed);
    const report = checkGivenProbabilities(probabilities, { ...labels, values });
    const known = found(
      report.errors,
      bad.map((mark, row) => mark | (relabelled[row] as number)),
    );
    return {
      ...found(report.errors, bad),
      auroc: auroc(report.scores, bad),
      known: known.precision,
      estimated: report.precision,
    };
  });
  return {
    share,
    auroc: mean(runs.map((run) => run.auroc)),
    precision: mean(runs.map((run) => run.precision)),
    recall: mean(runs.map((run) => run.recall)),
    precisionWithRelabelled: mean(runs.map((run) => run.known)),
    estimatedPrecision: mean(runs.map((run) => run.estimated.value)),
    estimatedLow: mean(runs.map((run) => run.estimated.low)),
    estimatedHigh: mean(runs.map((run) => run.estimated.high)),
    intervalHolds: mean(
      runs.map(({ known, estimated }) => Number(estimated.low <= known && known <= estimated.high)),
    ),
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
