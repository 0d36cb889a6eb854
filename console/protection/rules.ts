import type { CheckSummary, PolicyDocument, PolicyRule } from '@bartizan/contracts';

/** A rule for a check as its author recommends it, with an id that the document does not have yet. */
export function ruleFor(check: CheckSummary, taken: readonly string[]): PolicyRule {
  const stem = (check.id.split('/')[1] ?? 'rule').slice(0, 56);
  let id = stem;
  for (let n = 2; taken.includes(id); n += 1) id = `${stem}-${n}`;
  return {
    id,
    check: check.id,
    enabled: true,
    config: {},
    directions: check.defaults.directions ?? check.directions.slice(0, 1),
    authors: check.defaults.authors ?? ['user', 'third_party', 'assistant'],
    endpoints: [],
    action: check.defaults.action ?? 'flag',
    threshold: check.defaults.threshold ?? 0.5,
    coaching: check.defaults.coaching ?? '',
  };
}

/** One rule for each check of the catalogue as recommended; checks that need to be told what to look for start disabled. */
export function standardSet(checks: readonly CheckSummary[]): PolicyDocument {
  const rules: PolicyRule[] = [];
  for (const check of checks) {
    const rule = ruleFor(
      check,
      rules.map((each) => each.id),
    );
    rules.push({ ...rule, enabled: check.worksUnconfigured });
  }
  return { mode: 'enforce', rules };
}

/** How two documents differ, rule by rule. */
export interface RuleChanges {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
  readonly moved: boolean;
  readonly mode: boolean;
}

/** Object keys in one order, so that equal things are written alike. */
export function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, each]) => [key, canonical(each)]),
  );
}

export const same = (a: unknown, b: unknown): boolean =>
  JSON.stringify(canonical(a)) === JSON.stringify(canonical(b));

export function changesBetween(before: PolicyDocument, after: PolicyDocument): RuleChanges {
  const old = new Map(before.rules.map((rule) => [rule.id, rule]));
  const now = new Map(after.rules.map((rule) => [rule.id, rule]));
  const kept = after.rules.filter((rule) => old.has(rule.id)).map((rule) => rule.id);
  const keptBefore = before.rules.filter((rule) => now.has(rule.id)).map((rule) => rule.id);
  return {
    added: after.rules.filter((rule) => !old.has(rule.id)).map((rule) => rule.id),
    removed: before.rules.filter((rule) => !now.has(rule.id)).map((rule) => rule.id),
    changed: kept.filter((id) => !same(old.get(id), now.get(id))),
    moved: !same(kept, keptBefore),
    mode: before.mode !== after.mode,
  };
}

/** "2 rules changed, 1 added, mode changed"; "no changes". */
export function changesInWords(changes: RuleChanges): string {
  const parts: string[] = [];
  const count = (ids: readonly string[], what: string) => {
    if (ids.length > 0) parts.push(`${ids.length} ${ids.length === 1 ? 'rule' : 'rules'} ${what}`);
  };
  count(changes.changed, 'changed');
  count(changes.added, 'added');
  count(changes.removed, 'removed');
  if (changes.moved) parts.push('order changed');
  if (changes.mode) parts.push('mode changed');
  return parts.length === 0 ? 'no changes' : parts.join(', ');
}
