import type { FrameworkRef } from '../../define.ts';
import { wilson } from '../../statistics/wilson.ts';
import { type DatasetFinding, type DatasetSeverity, MAX_ROWS_NAMED, type Share } from '../types.ts';
import { rowsPerClass } from './joint.ts';
import { likeliestOther } from './rank.ts';
import { CHECK, shownName } from './suspects.ts';
import type { Labels, Probabilities } from './types.ts';

export const DIRECTED = 'datasets/label-flips-directed';

export const LABEL_MAPS: readonly FrameworkRef[] = [
  { framework: 'OWASP-LLM', edition: '2025', id: 'LLM04', name: 'Data and Model Poisoning' },
  { framework: 'OWASP-LLM', edition: '2026', id: 'LLM05', name: 'Data and Model Poisoning' },
  { framework: 'ATLAS', edition: '2026.07', id: 'AML.T0020', name: 'Poison Training Data' },
  { framework: 'NIST-100-2', edition: 'e2025', id: 'NISTAML.013', name: 'Data Poisoning' },
];

/** Fewest rows, and the factor over all other changes of label, from which one direction is named by itself. */
const DIRECTED_ROWS = 20;
const DIRECTED_FACTOR = 3;

export interface Judged {
  readonly probabilities: Probabilities;
  readonly labels: Labels;
  readonly errors: Int32Array;
  readonly noise: Share;
  readonly precision: Share;
  /** Probability of each of `errors` that it is one. */
  readonly certainties: Float32Array;
}

/** What a person should decide on: the label errors, and each direction in which far more labels were changed. */
export function labelFindings(judged: Judged): DatasetFinding[] {
  if (judged.errors.length === 0) return [];
  return [overall(judged), ...directed(judged)];
}

const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;

const severityOf = (share: number): DatasetSeverity =>
  share >= 0.1 ? 'high' : share >= 0.02 ? 'medium' : 'low';

function overall({ errors, labels, noise, precision }: Judged): DatasetFinding {
  const rows = labels.values.length;
  return {
    check: CHECK,
    title: 'Labels that contradict their records',
    severity: severityOf(noise.value),
    message:
      `${errors.length} of ${rows} labels look wrong; an estimated ${percent(noise.value)} of all labels are ` +
      `(${percent(noise.low)} to ${percent(noise.high)} by chance alone).`,
    rows: Array.from(errors.subarray(0, MAX_ROWS_NAMED)),
    count: errors.length,
    precision,
    evidence: {
      rows,
      estimatedErrors: Math.round(noise.value * rows),
      estimatedErrorsLow: Math.floor(noise.low * rows),
      estimatedErrorsHigh: Math.ceil(noise.high * rows),
    },
    maps: LABEL_MAPS,
  };
}

function directed(judged: Judged): DatasetFinding[] {
  const { errors, labels, probabilities } = judged;
  const { classes, values } = probabilities;
  const groups = new Map<number, number[]>();
  errors.forEach((row, place) => {
    const given = labels.values[row] as number;
    const line = values.subarray(row * classes, (row + 1) * classes);
    const cell = given * classes + likeliestOther(line, given);
    const group = groups.get(cell);
    if (group === undefined) groups.set(cell, [place]);
    else group.push(place);
  });
  const members = rowsPerClass(labels);
  const all = labels.values.length;
  return [...groups]
    .sort(([, a], [, b]) => b.length - a.length)
    .flatMap(([cell, places]) => {
      const given = Math.floor(cell / classes);
      const own = members[given] as number;
      const [low] = wilson(places.length, own);
      const [, usual] = wilson(errors.length - places.length, (classes - 1) * all - own);
      if (places.length < DIRECTED_ROWS || low <= DIRECTED_FACTOR * usual) return [];
      return [oneDirection(judged, { given, other: cell % classes, places, own, usual })];
    });
}

interface Direction {
  readonly given: number;
  readonly other: number;
  readonly places: readonly number[];
  readonly own: number;
  readonly usual: number;
}

function oneDirection(judged: Judged, direction: Direction): DatasetFinding {
  const { given, other, places, own, usual } = direction;
  const { labels, errors, certainties } = judged;
  const [from, to] = [shownName(labels, other), shownName(labels, given)];
  const wrong = places.reduce((sum, place) => sum + (certainties[place] as number), 0);
  const [low, high] = wilson(wrong, places.length);
  return {
    check: DIRECTED,
    title: `Labels changed from “${from}” to “${to}”`,
    severity: 'high',
    message:
      `${places.length} of the ${own} records labelled “${to}” look like “${from}”: ${percent(places.length / own)}, ` +
      `where other changes of label come to at most ${percent(usual)}. Either the two are hard to tell apart, or the ` +
      'labels were changed in one direction.',
    rows: places.slice(0, MAX_ROWS_NAMED).map((place) => errors[place] as number),
    count: places.length,
    precision: { value: wrong / places.length, low, high },
    evidence: { given: to, looksLike: from, share: places.length / own, otherChangesAtMost: usual },
    maps: LABEL_MAPS,
  };
}
