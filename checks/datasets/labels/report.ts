import type { Neighbours } from '../neighbours/types.ts';
import { errorPrecision, readingsOf } from './certainty.ts';
import { errorProbabilities, noiseShare } from './estimate.ts';
import { labelFindings } from './findings.ts';
import { confidentJoint } from './joint.ts';
import { labelErrors } from './prune.ts';
import { classQualities } from './quality.ts';
import { labelQuality } from './rank.ts';
import { suspectsOf } from './suspects.ts';
import type { Judge, LabelOptions, LabelReport, Labels, Probabilities } from './types.ts';
import { assertProbabilities } from './validate.ts';

const BLIND: readonly string[] = [
  'Labels that were changed for all records of a kind agree with one another: nothing contradicts them. Compare slices and earlier versions.',
  'Records whose features were changed to fit a wrong label (clean-label poisoning) are not seen.',
  'Where the features do not tell the classes apart, a wrong label cannot be told from a hard record.',
];
const BLIND_NEIGHBOURS =
  'Copies of a record with the same wrong label vouch for each other; scan for near-duplicates too.';
const BLIND_GIVEN =
  'Given probabilities are taken on trust: of a model that was trained on the same rows they hide its label errors.';

export interface Judgement {
  readonly probabilities: Probabilities;
  readonly judge: Judge;
  readonly neighbours: Neighbours | null;
}

/** Everything that out-of-sample probabilities tell about the labels. O(n log n · classes), memory O(n · classes). */
export function labelReport(judgement: Judgement, labels: Labels, options: LabelOptions = {}): LabelReport {
  const { probabilities, judge, neighbours } = judgement;
  const joint = confidentJoint(probabilities, labels);
  const errors = labelErrors(probabilities, labels, joint, options.pruning ?? 'noise-rate');
  const quality = labelQuality(probabilities, labels, options.ranking ?? 'self-confidence');
  const scores = quality.map((value) => Math.max(0, Math.min(1, 1 - value)));
  const certainties = errorProbabilities(probabilities, labels, joint, errors);
  const noise = noiseShare(joint, labels);
  const readings = readingsOf(probabilities, labels, joint);
  const precision = errorPrecision(errors, certainties, readings);
  return {
    scores,
    errors,
    suspects: suspectsOf(errors, scores, { probabilities, labels, judge, neighbours }),
    findings: labelFindings({ probabilities, labels, errors, noise, precision, certainties }),
    noise,
    precision,
    quality: quality.reduce((sum, value) => sum + value, 0) / Math.max(1, quality.length),
    classes: classQualities(labels, joint, quality, errors),
    joint,
    readings,
    probabilities,
    judge,
    blindSpots: [...BLIND, judge === 'given' ? BLIND_GIVEN : BLIND_NEIGHBOURS],
  };
}

/** As `labelReport`, by probabilities that the user gives (`assertProbabilities` says what they must be). */
export function checkGivenProbabilities(
  probabilities: Probabilities,
  labels: Labels,
  options: LabelOptions = {},
): LabelReport {
  assertProbabilities(probabilities, labels);
  return labelReport({ probabilities, judge: 'given', neighbours: null }, labels, options);
}
