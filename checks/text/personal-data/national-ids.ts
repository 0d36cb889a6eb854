import { isFiller } from './checksums.ts';
import type { Cluster, Find } from './clusters.ts';
import { eachRun } from './clusters.ts';
import { AMERICAS } from './ids-americas.ts';
import { ASIA_PACIFIC } from './ids-asia-pacific.ts';
import { EAST_EUROPE } from './ids-east-europe.ts';
import { NORTH_EUROPE } from './ids-north-europe.ts';
import { WEST_EUROPE } from './ids-west-europe.ts';
import type { IdRule, Shape } from './rule.ts';

export const ID_RULES: readonly IdRule[] = [
  ...WEST_EUROPE,
  ...NORTH_EUROPE,
  ...EAST_EUROPE,
  ...AMERICAS,
  ...ASIA_PACIFIC,
];
/** The countries whose numbers are known, for the form. */
export const COUNTRIES = [...new Set(ID_RULES.map((rule) => rule.country))].sort() as [string, ...string[]];

const BY_SHAPE = new Map<string, { rule: IdRule; shape: Shape }[]>();
for (const rule of ID_RULES) {
  for (const shape of rule.shapes)
    BY_SHAPE.set(shape.pattern, [...(BY_SHAPE.get(shape.pattern) ?? []), { rule, shape }]);
}
const MOST_PARTS = Math.max(...[...BY_SHAPE.keys()].map((shape) => shape.split(/[^9A]/).length));
/** Characters before a number in which a word may name it. */
const CONTEXT_LENGTH = 48;

/** Certainty of the surest rule among those that share a form, and the rule. */
function judge(
  [text, shape]: readonly [string, string],
  [start, end]: readonly [number, number],
  countries: ReadonlySet<string>,
): Omit<Find, 'start' | 'end'> | null {
  const candidates = BY_SHAPE.get(shape);
  if (candidates === undefined) return null;
  const compact = text
    .slice(start, end)
    .replace(/[^0-9A-Za-z]/g, '')
    .toUpperCase();
  const before = text.slice(Math.max(0, start - CONTEXT_LENGTH), start);
  const small = /[a-z]/.test(text.slice(start, end));
  let best: Omit<Find, 'start' | 'end'> | null = null;
  for (const { rule, shape: form } of candidates) {
    if (countries.size > 0 && !countries.has(rule.country)) continue;
    if (!rule.valid(compact)) continue;
    const named = rule.context.test(before);
    // Small letters are those of hexadecimal numbers and words, unless a word says otherwise.
    if (!named && (isFiller(compact) || small)) continue;
    const score = named ? rule.near : form.alone;
    if (score > (best?.score ?? 0)) best = { kind: rule.id, score, title: rule.title };
  }
  return best;
}

/** Official numbers in a cluster: every run of its parts whose form is known is judged. */
export function findIds(text: string, cluster: Cluster, countries: ReadonlySet<string>, finds: Find[]): void {
  eachRun(cluster, MOST_PARTS, (shape, start, end) => {
    const found = judge([text, shape], [start, end], countries);
    if (found === null) return;
    const closing = shape.includes('(') && text[end] === ')' ? 1 : 0;
    finds.push({ start, end: end + closing, ...found });
  });
}
