/** Tables: numbers for models from their columns, and values that carry a label as a backdoor's trigger does. */

export { tableFeatures, usableColumns } from './features.ts';
export {
  assertColumns,
  binOf,
  type Levels,
  levelsOf,
  quantileBounds,
  rowsOf,
  type Usable,
} from './levels.ts';
export {
  holm,
  logBinomialUpper,
  logChiSquareUpper,
  logGamma,
  logit,
  logKolmogorovUpper,
  sigmoid,
} from './tails.ts';
export type { CheckTable, Group, TableFeatures, TableInput, TableOptions } from './types.ts';
