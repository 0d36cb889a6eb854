/** Records that lie apart, and noise that ruins a dataset as a whole. */

export { AVAILABILITY, checkAvailability } from './availability.ts';
export { checkOutliers, OUTLIERS } from './check.ts';
export { isolationScores } from './forest.ts';
export { type Impossible, impossibleValues } from './impossible.ts';
export type {
  AvailabilityInput,
  CheckAvailability,
  CheckOutliers,
  OutlierInput,
  OutlierOptions,
} from './types.ts';
