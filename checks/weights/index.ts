/** Statistics of weights, and the difference to a base model. All of it streams and needs no server. */

export {
  type Change,
  type CompareOptions,
  compareWeights,
  type DeltaKind,
  type DeltaReport,
  type DeltaRow,
  type DeltaSummary,
  deltaCheck,
  deltaFindings,
  deltaSummary,
  type RankFigures,
  type TensorDelta,
} from './delta/index.ts';
export { type WeightFinding, weightFindings } from './findings.ts';
export type { Beside } from './read.ts';
export { type WeightReportOptions, weightReport } from './report.ts';
export { type TensorRow, type TensorRows, tensorRows } from './rows.ts';
export type {
  BitFigures,
  OddPart,
  Outlier,
  TensorFigures,
  TensorPayload,
  WeightFile,
  WeightReport,
} from './types.ts';
