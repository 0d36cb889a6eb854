import { invalid } from '../runs/model.ts';

/**
 * How many results a page has: `usual` where nothing is asked, never more than `most` (there is a next page then).
 * Throws `invalid_input` for what is no count, or above `refusedAbove`.
 */
export function limitOf(
  asked: number | undefined,
  { usual, most, refusedAbove }: { usual: number; most: number; refusedAbove?: number },
): number {
  if (asked === undefined) return usual;
  if (asked < 1) throw invalid('Invalid value for max_results: it must be a positive whole number');
  if (refusedAbove !== undefined && asked > refusedAbove) {
    throw invalid(`Invalid value for max_results: it must be at most ${refusedAbove}`);
  }
  return Math.min(asked, most);
}
