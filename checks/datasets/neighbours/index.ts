/** Nearest neighbours of the rows of a matrix, in slices that can be watched and aborted. */

export { assertMatrix, standardised, unitRows } from './prepare.ts';
export { EXACT_WORK, findNeighbours, MOST_NEIGHBOURS } from './search.ts';
export { finish, finishAsync, type Watched } from './steps.ts';
export type {
  FindNeighbours,
  Metric,
  NeighbourOptions,
  Neighbours,
  Progress,
  Steps,
} from './types.ts';
