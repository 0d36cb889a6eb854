/** Differential privacy: exact noise, mechanisms, accounting, and the ledger of what was spent. */

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
export { formatRational, parseRational, type Rational } from './rational.ts';
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
export { sampleWeighted, type Weighted } from './sampling/weighted.ts';
export { type Neighbours, type PrivacyCost, PrivacyInputError, type RandomBits } from './types.ts';
