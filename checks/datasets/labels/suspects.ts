import type { Neighbours } from '../neighbours/types.ts';
import type { Suspect } from '../types.ts';
import { likeliestOther } from './rank.ts';
import type { Judge, Labels, Probabilities } from './types.ts';

export const CHECK = 'datasets/label-errors';

const LONGEST_NAME = 60;

/** A class's name as it may be shown: one line, without control characters, at most 60 characters. */
export function shownName(labels: Labels, label: number): string {
  const name = [...(labels.names[label] ?? String(label)).replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ')];
  return name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1).join('')}…` : name.join('');
}

const SAYS: Readonly<Record<Judge, string>> = {
  neighbours: 'its neighbours say',
  linear: 'a model of the other records says',
  both: 'neighbours and model say',
  given: 'the given probabilities say',
};

export interface Evidence {
  readonly probabilities: Probabilities;
  readonly labels: Labels;
  readonly judge: Judge;
  readonly neighbours: Neighbours | null;
}

/** The rows with the reason for each, most suspicious first and equal ones by row. */
export function suspectsOf(rows: Int32Array, scores: Float32Array, evidence: Evidence): Suspect[] {
  return Array.from(rows)
    .sort((a, b) => (scores[b] as number) - (scores[a] as number) || a - b)
    .map((row) => ({
      row,
      score: scores[row] as number,
      reasons: [{ check: CHECK, message: reasonFor(row, evidence) }],
    }));
}

function reasonFor(row: number, { probabilities, labels, judge, neighbours }: Evidence): string {
  const { classes, values } = probabilities;
  const given = labels.values[row] as number;
  const line = values.subarray(row * classes, (row + 1) * classes);
  const other = likeliestOther(line, given);
  const name = shownName(labels, other);
  const message = `given “${shownName(labels, given)}”; ${SAYS[judge]} “${name}” with ${(line[other] as number).toFixed(2)}`;
  if (neighbours === null) return message;
  let agree = 0;
  for (let at = row * neighbours.k; at < (row + 1) * neighbours.k; at++)
    if (labels.values[neighbours.indices[at] as number] === other) agree++;
  return `${message}; ${agree} of its ${neighbours.k} nearest records are “${name}”`;
}
