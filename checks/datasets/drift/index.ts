/** What incoming records do to what was accepted: shifts of a batch, and the slow drip over days. */

export {
  alternatives,
  createShareDetector,
  createShareProcess,
  eBenjaminiHochberg,
  type ShareDetector,
} from './detector.ts';
export { createDripMonitor } from './drip.ts';
export { BATCH_SHIFT, checkBatchShift } from './shift.ts';
export { type DripReference, type DripRows, dripDays, dripReference } from './summary.ts';
export type {
  BatchShift,
  CheckBatchShift,
  ColumnShift,
  CreateDripMonitor,
  DripAlarm,
  DripCount,
  DripDay,
  DripMonitor,
  DripOptions,
  DripState,
  DripStream,
  ShiftInput,
  ShiftOptions,
  ShiftOutcome,
} from './types.ts';
