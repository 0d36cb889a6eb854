import { judgeLabels, LABEL_MAPS, type Probabilities } from '../labels/index.ts';
import { findNeighbours, type Neighbours, type Progress } from '../neighbours/index.ts';
import type { Group } from '../tabular/index.ts';
import {
  type CheckOutcome,
  type DatasetFinding,
  DatasetInputError,
  type Matrix,
  type Suspect,
} from '../types.ts';
import { degenerateRows } from './degenerate.ts';
import { logDistances } from './distances.ts';
import { type NoisyPart, noisyParts, type Part, wordsOf } from './noise.ts';
import type { AvailabilityInput, CheckAvailability } from './types.ts';

export const AVAILABILITY = 'datasets/availability-noise';

const FAR_SHARE = 0.05;
const K = 20;

const BLIND =
  'Noise that is spread evenly over all batches is not told apart from labels and records that are hard by nature.';
const BLIND_GROUPS = 'No column of batches or sources was given: noise is compared between classes alone.';

/**
 * Indiscriminate poisoning, which lowers what any model can learn: batches, sources and classes whose labels contradict
 * their records, or whose records lie far from all others, at odds well above the rest (batches and sources: 2 times;
 * classes: 8 times, since classes differ by nature), by exact binomial tails and Holm's rule; and records without
 * content. Takes the out-of-sample probabilities that are given or `judgeLabels`. 100,000 × 20 in some seconds; memory
 * O(n · (columns + k + classes)). DatasetInputError for features or labels that cannot be judged.
 */
export const checkAvailability: CheckAvailability = function* (input, { seed = 0 } = {}) {
  const { features, labels, groups = [] } = input;
  assertGroups(groups, features.rows);
  const judged = yield* judge(input, seed);
  const parts = partsOf(input);
  const found: NoisyPart[] = [];
  if (labels !== undefined && judged.probabilities !== null)
    found.push(...noisyParts(wrongLabels(judged.probabilities, labels.values), parts, 'label'));
  if (judged.neighbours !== null)
    found.push(
      ...noisyParts(
        farRows(judged.neighbours),
        parts.filter(({ of }) => of !== 'class'),
        'feature',
      ),
    );
  return outcome(features, found, [BLIND, ...(groups.length === 0 ? [BLIND_GROUPS] : [])]);
};

function assertGroups(groups: readonly Group[], rows: number): void {
  for (const { name, column } of groups) {
    const own = column.kind === 'category' ? column.codes.length : column.values.length;
    if (own !== rows)
      throw new DatasetInputError(`Group “${name}” has ${own} rows; the features have ${rows}.`);
  }
}

function* judge(
  input: AvailabilityInput,
  seed: number,
): Generator<Progress, { probabilities: Probabilities | null; neighbours: Neighbours | null }, void> {
  const { features, labels, metric = 'euclidean' } = input;
  if (features.rows < 3) return { probabilities: null, neighbours: null };
  const k = Math.min(K, features.rows - 1);
  const neighbours = input.neighbours ?? (yield* findNeighbours(features, { k, metric, seed }));
  if (input.probabilities !== undefined || labels === undefined || new Set(labels.values).size < 2)
    return { probabilities: input.probabilities ?? null, neighbours };
  const options = { seed, k: Math.min(neighbours.k, K) };
  const { probabilities } = yield* judgeLabels({ features, labels, metric, neighbours }, options);
  return { probabilities, neighbours };
}

/** 1 where another class is likelier than the given one, and how likely the label is wrong for each row. */
function wrongLabels(
  { classes, values }: Probabilities,
  labels: Int32Array,
): { marks: Uint8Array; weights: Float32Array } {
  const marks = new Uint8Array(labels.length);
  const weights = new Float32Array(labels.length);
  for (const [row, label] of labels.entries()) {
    const line = values.subarray(row * classes, (row + 1) * classes);
    weights[row] = 1 - (line[label] as number);
    marks[row] = Number(line.some((p) => p > (line[label] as number)));
  }
  return { marks, weights };
}

/** 1 where a row lies as far from its neighbours as the furthest 5% of all. */
function farRows(neighbours: Neighbours): { marks: Uint8Array; weights: Float32Array } {
  const logs = logDistances(neighbours);
  const sorted = Float64Array.from(logs).sort();
  const limit = sorted[Math.floor((1 - FAR_SHARE) * (sorted.length - 1))] as number;
  const marks = Uint8Array.from(logs, (log) => Number(log > limit));
  return { marks, weights: Float32Array.from(marks) };
}

function partsOf({ labels, groups = [] }: AvailabilityInput): Part[] {
  const parts: Part[] = groups.flatMap(({ name, column }) =>
    column.kind === 'category' ? [{ of: name, codes: column.codes, names: column.values, factor: 2 }] : [],
  );
  if (labels !== undefined && labels.names.length > 2)
    parts.push({ of: 'class', codes: labels.values, names: labels.names, factor: 8 });
  return parts;
}

function outcome(features: Matrix, found: readonly NoisyPart[], blindSpots: readonly string[]): CheckOutcome {
  const scores = new Float32Array(features.rows);
  const reasons = new Map<number, string>();
  const findings: DatasetFinding[] = [];
  for (const part of found) {
    const { title, message, reason } = wordsOf(part);
    for (const [place, row] of part.rows.entries()) {
      const score = part.scores[place] as number;
      if (score <= (scores[row] as number)) continue;
      scores[row] = score;
      if (score > 0.5) reasons.set(row, reason);
    }
    findings.push({ check: AVAILABILITY, title, severity: 'high', message, ...part.named, maps: LABEL_MAPS });
  }
  const empty = degenerateRows(features);
  if (empty !== null) {
    findings.push({ check: AVAILABILITY, maps: LABEL_MAPS, ...empty.finding });
    for (const row of empty.rows) {
      scores[row] = Math.max(scores[row] as number, 0.8);
      reasons.set(row, empty.reason);
    }
  }
  const suspects = [...reasons]
    .map(
      ([row, message]): Suspect => ({
        row,
        score: scores[row] as number,
        reasons: [{ check: AVAILABILITY, message }],
      }),
    )
    .sort((a, b) => b.score - a.score || a.row - b.row);
  return { scores, suspects, findings, blindSpots };
}
