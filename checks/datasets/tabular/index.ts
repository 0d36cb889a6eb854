/** Tables: numbers for models from their columns, and values that carry a label as a backdoor's trigger does. */

export { associations, fitLevels, outcomeOf, timelinesOf } from './association/index.ts';
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
export { allItems, prepareTable, usualOptions } from './prepare.ts';
export {
  holm,
  logBinomialUpper,
  logChiSquareUpper,
  logGamma,
  logit,
  logKolmogorovUpper,
  sigmoid,
} from './tails.ts';
export { checkTableTriggers, TABLE_TRIGGERS, unseenIn } from './triggers.ts';
export type { CheckTable, Group, TableFeatures, TableInput, TableOptions } from './types.ts';
export { workOf } from './work.ts';
