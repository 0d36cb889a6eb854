import type { Neighbours } from '../neighbours/types.ts';
import { DatasetInputError } from '../types.ts';
import type { Labels, Probabilities } from './types.ts';

export interface VoteOptions {
  /** Most neighbours that vote for a row, 1..`neighbours.k`. */
  readonly k: number;
  /** Fold of every row: only neighbours of other folds vote. Absent: all do, so that only the row itself is left out. */
  readonly folds?: Uint8Array;
}

/**
 * Out-of-sample class probabilities by the votes of the nearest neighbours. A vote falls with the square of the
 * distance, from 1 to e^−½ at the last voter's; one vote's worth of the overall class shares is added, so that no class
 * that occurs has probability 0. One search serves all folds. O(n · (k + classes)).
 */
export function voteProbabilities(
  neighbours: Neighbours,
  labels: Labels,
  options: VoteOptions,
): Probabilities {
  assertVote(neighbours, labels, options);
  const { rows } = neighbours;
  const classes = labels.names.length;
  const prior = classShares(labels);
  const values = new Float32Array(rows * classes);
  const voters = new Int32Array(options.k);
  for (let row = 0; row < rows; row++) {
    const count = chooseVoters(neighbours, row, options, voters);
    const from = row * classes;
    values.set(prior, from);
    const furthest = count > 0 ? (neighbours.distances[voters[count - 1] as number] as number) : 0;
    let total = 1;
    for (let at = 0; at < count; at++) {
      const place = voters[at] as number;
      const share = furthest > 0 ? (neighbours.distances[place] as number) / furthest : 0;
      const weight = Math.exp(-0.5 * share * share);
      const cell = from + (labels.values[neighbours.indices[place] as number] as number);
      values[cell] = (values[cell] as number) + weight;
      total += weight;
    }
    for (let at = from; at < from + classes; at++) values[at] = (values[at] as number) / total;
  }
  return { rows, classes, values };
}

/** Places in `neighbours` of those who vote for `row`, nearest first; gives how many there are. */
function chooseVoters(neighbours: Neighbours, row: number, options: VoteOptions, into: Int32Array): number {
  const { folds, k } = options;
  const end = (row + 1) * neighbours.k;
  let count = 0;
  for (let at = row * neighbours.k; at < end && count < k; at++) {
    const other = neighbours.indices[at] as number;
    if (other >= 0 && (folds === undefined || folds[other] !== folds[row])) into[count++] = at;
  }
  return count;
}

function assertVote(neighbours: Neighbours, labels: Labels, { k, folds }: VoteOptions): void {
  if (labels.values.length !== neighbours.rows || (folds !== undefined && folds.length !== neighbours.rows))
    throw new DatasetInputError(
      `Neighbours of ${neighbours.rows} rows cannot vote about ${labels.values.length} labels.`,
    );
  if (!Number.isInteger(k) || k < 1 || k > neighbours.k)
    throw new DatasetInputError(`Of ${neighbours.k} neighbours, ${String(k)} cannot vote.`);
}

/** Share of the rows that each class has. */
export function classShares(labels: Labels): Float64Array {
  const shares = new Float64Array(labels.names.length);
  for (const label of labels.values) shares[label] = (shares[label] as number) + 1 / labels.values.length;
  return shares;
}

/**
 * Share of a row's k nearest neighbours whose label is another one, 0..1 per row: the plainest sign of a flipped label
 * or of a dirty-label trigger. O(n · k). DatasetInputError as for the vote.
 */
export function neighbourDisagreement(
  neighbours: Neighbours,
  labels: Labels,
  k = neighbours.k,
): Float32Array {
  assertVote(neighbours, labels, { k });
  const result = new Float32Array(neighbours.rows);
  for (let row = 0; row < neighbours.rows; row++) {
    let [others, count] = [0, 0];
    for (let at = row * neighbours.k; count < k; at++, count++)
      if (labels.values[neighbours.indices[at] as number] !== labels.values[row]) others++;
    result[row] = others / count;
  }
  return result;
}
