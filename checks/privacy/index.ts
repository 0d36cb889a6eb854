/** Differential privacy: exact noise, mechanisms, accounting, and the ledger of what was spent. */

export { discreteGaussianDelta, discreteGaussianVariance } from './accounting/discrete-gaussian.ts';
export {
  composedGaussianDelta,
  gaussianDelta,
  gaussianSigma,
  sampledGaussianDelta,
  sampledGaussianSigma,
} from './accounting/gaussian.ts';
export {
  RDP_ORDERS,
  type RdpEpsilon,
  rdpEpsilon,
  sampledGaussianRdp,
  sampledGaussianRdpUpper,
  type Training,
  trainingRdpEpsilon,
} from './accounting/rdp.ts';
export {
  calibrateNoise,
  type NoiseTarget,
  type TrainingEpsilon,
  trainingEpsilon,
} from './accounting/training.ts';
export { advancedComposition, zcdpBudget, zcdpEpsilon } from './accounting/zcdp.ts';
export { draw, expire, openLedger, release, replayLedger, reserve } from './ledger/ledger.ts';
export type {
  Composition,
  Ledger,
  LedgerBalance,
  LedgerEntry,
  LedgerStep,
  LedgerTerms,
  Refusal,
  RequestState,
  Reservation,
} from './ledger/types.ts';
export {
  permuteAndFlip,
  type ResponseShare,
  randomisedResponse,
  responseShares,
  type SparseVector,
  sparseVector,
} from './mechanisms/choice.ts';
export { type Bin, histogramSensitivity, type NoisyHistogram } from './mechanisms/count.ts';
export { type Grid, gridOf, sumSensitivity } from './mechanisms/grid.ts';
export { knownHistogram, stabilityThreshold, unknownHistogram } from './mechanisms/histogram.ts';
export { gaussianNoise, laplaceNoise, type Noise } from './mechanisms/noise.ts';
export { type NoisyQuantile, noisyQuantile } from './mechanisms/quantile.ts';
export { type NoisyMean, noisyMean, sumUnits } from './mechanisms/sum.ts';
export { formatRational, parseRational, type Rational } from './rational.ts';
export { readStatisticRequest, releaseCost, releaseStatistic } from './release/release.ts';
export { type StatisticInput, type StatisticRequest, statisticRequest } from './release/request.ts';
export type {
  NoiseUncertainty,
  Release,
  ReleasedBin,
  ReleasedValue,
  ReleaseOptions,
  ReleaseValues,
} from './release/types.ts';
export { bernoulli, bernoulliExp } from './sampling/bernoulli.ts';
export { discreteGaussian } from './sampling/gaussian.ts';
export { discreteLaplace } from './sampling/laplace.ts';
export { pooled } from './sampling/pool.ts';
export { sampleWeighted, type Weighted } from './sampling/weighted.ts';
export { type Neighbours, type PrivacyCost, PrivacyInputError, type RandomBits } from './types.ts';
