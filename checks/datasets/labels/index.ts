/** Labels that contradict their records: out-of-sample judges, confident learning, and what to tell a person of it. */

export { type Calibration, calibrate } from './calibration.ts';
export { expectedPrecision } from './certainty.ts';
export { type NoiseChannel, noiseChannel } from './channel.ts';
export { checkLabels, judgeLabels } from './check.ts';
export { errorProbabilities, noiseShare } from './estimate.ts';
export { DIRECTED, LABEL_MAPS } from './findings.ts';
export { stratifiedFolds } from './folds.ts';
export { confidentJoint } from './joint.ts';
export { linearRows, logisticProbabilities } from './logistic.ts';
export { bestMixture, logLoss } from './mixture.ts';
export { labelErrors } from './prune.ts';
export { labelQuality } from './rank.ts';
export { checkGivenProbabilities, type Judgement, labelReport } from './report.ts';
export { CHECK as LABEL_ERRORS } from './suspects.ts';
export type {
  ClassQuality,
  ConfidentJoint,
  Judge,
  LabelInput,
  LabelOptions,
  LabelReport,
  Labels,
  Probabilities,
  Pruning,
  Ranking,
  Readings,
} from './types.ts';
export { assertLabels, assertProbabilities } from './validate.ts';
export { neighbourDisagreement, type VoteOptions, voteProbabilities } from './vote.ts';
