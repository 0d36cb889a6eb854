import type { DataPolicy } from '@bartizan/contracts';

type Rule = Exclude<keyof DataPolicy, 'purposes'>;

/** The rules that hold versions back or refuse them, in words. */
const RULES: Readonly<Record<Rule, string>> = Object.freeze({
  trustedSourcesOnly: 'only trusted sources',
  fourEyes: 'four eyes on changes',
  newSourceReview: 'no new source without review',
  scanBeforeUse: 'scan before use',
});
const NAMES = Object.keys(RULES) as readonly Rule[];

const wordsOf = (purposes: readonly string[]): ReadonlySet<string> =>
  new Set(purposes.map((each) => each.trim().toLowerCase()));

/** Whether records may be read for a purpose that they could not be read for before. No purposes: for any. */
function isWider(before: readonly string[], after: readonly string[]): boolean {
  if (before.length === 0) return false;
  const known = wordsOf(before);
  return after.length === 0 || [...wordsOf(after)].some((each) => !known.has(each));
}

/** What `after` no longer demands of what `before` does, in words; empty where it demands as much or more. */
export function looseningOf(before: DataPolicy, after: DataPolicy): string[] {
  const off = NAMES.filter((rule) => before[rule] && !after[rule]).map((rule) => `${RULES[rule]} is off`);
  return isWider(before.purposes, after.purposes) ? [...off, 'more purposes are allowed'] : off;
}
