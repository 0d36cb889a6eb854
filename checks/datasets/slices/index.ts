/** Slices of a table whose labels are not what their records explain. */

export { checkSlices, SLICES } from './check.ts';
