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

const both = (one: readonly string[], other: readonly string[]): readonly string[] => {
  const known = wordsOf(other);
  return one.filter((each) => known.has(each.trim().toLowerCase()));
};

/** Shown where several lists of purposes hold and have none in common. Nothing is read for it: each list is asked. */
export const NO_PURPOSE = 'none: no purpose is in every list that holds here';

/** Members in which `own` asks less than `base` does: these are exceptions, once a second person said so. */
export function exceptionsOf(base: DataPolicy, own: DataPolicy): (keyof DataPolicy)[] {
  const rules: (keyof DataPolicy)[] = NAMES.filter((rule) => base[rule] && !own[rule]);
  return isWider(base.purposes, own.purposes) ? [...rules, 'purposes'] : rules;
}

/** What both demand together, in every member but those in which `own` is an exception. */
export function stricterOf(
  base: DataPolicy,
  own: DataPolicy,
  exceptions: ReadonlySet<string> = new Set(),
): DataPolicy {
  const rules = Object.fromEntries(
    NAMES.map((rule) => [rule, own[rule] || (base[rule] && !exceptions.has(rule))]),
  ) as Record<Rule, boolean>;
  if (exceptions.has('purposes') || base.purposes.length === 0) return { ...rules, purposes: own.purposes };
  if (own.purposes.length === 0) return { ...rules, purposes: base.purposes };
  const common = both(own.purposes, base.purposes);
  return { ...rules, purposes: common.length === 0 ? [NO_PURPOSE] : [...common] };
}
