import type { Progress } from '../neighbours/index.ts';
import { DatasetInputError, type Matrix } from '../types.ts';
import { splitHeaps } from './heaps.ts';
import { classesOf } from './input.ts';
import { principal, project } from './principal.ts';
import { type ClassVerdict, outcomeOf } from './report.ts';
import { SPECTRAL_SIGNATURES, type SpectralSignatures } from './types.ts';

const USUAL_SHARE = 0.33;
const USUAL_MULTIPLIER = 1.5;
const MOST_BY_RANK = 0.45;

/**
 * O(rows · columns²) up to 1,024 columns, O(rows · columns · 25) above; memory O(rows + columns²). A class is named
 * only where its rows along the direction fall into two heaps with a valley between: the authors' rule alone names the
 * same share of every class, clean or not. Their squared projections rank the rows below .5.
 */
export const spectralSignatures: SpectralSignatures = function* (activations, labels, options = {}) {
  const { expectedShare = USUAL_SHARE, multiplier = USUAL_MULTIPLIER, seed = 0 } = options;
  if (!(expectedShare > 0 && expectedShare <= 0.5) || !(multiplier > 0 && multiplier <= 10))
    throw new DatasetInputError(
      'The expected share of bad rows is above 0 and at most .5, its multiplier above 0 and at most 10.',
    );
  const most = Math.min(0.5, expectedShare * multiplier);
  const verdicts: ClassVerdict[] = [];
  for (const { label, rows } of classesOf(activations, labels)) {
    yield { stage: 'spectral signatures', done: label, total: labels.names.length };
    const along = yield* firstAlong(activations, rows, seed);
    verdicts.push(verdictOf({ label, rows, along, most }));
  }
  return outcomeOf(verdicts, labels, {
    check: SPECTRAL_SIGNATURES,
    title: (name) => `Two kinds of activations in “${name}”`,
    reason: 'apart from the rest of the class along its strongest direction',
  });
};

interface Along {
  readonly label: number;
  readonly rows: Int32Array;
  readonly along: Float64Array;
  readonly most: number;
}

function verdictOf({ label, rows, along, most }: Along): ClassVerdict {
  const heaps = splitHeaps(along);
  const apart = heaps.apart && heaps.share <= most;
  const squares = along.map((value) => value * value);
  const mean = squares.reduce((sum, value) => sum + value, 0) / squares.length;
  const certainties = Float32Array.from(along, (_, at) => {
    if (apart) return heaps.certainties[at] as number;
    const excess = mean > 0 ? (squares[at] as number) / mean : 0;
    return (MOST_BY_RANK * excess) / (excess + 8);
  });
  const evidence = {
    share: Number(heaps.share.toPrecision(3)),
    distanceInDeviations: Number(heaps.distance.toPrecision(3)),
  };
  return { label, rows, certainties, evidence };
}

function* firstAlong(
  activations: Matrix,
  rows: Int32Array,
  seed: number,
): Generator<Progress, Float64Array, void> {
  const found = yield* principal(activations, { count: 1, seed, rows });
  const along = new Float64Array(rows.length);
  rows.forEach((row, at) => {
    project(found, { values: activations.values, at: row * activations.columns }, along, at);
  });
  return along;
}
