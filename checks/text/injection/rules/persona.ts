import type { Hit } from '../hits.ts';
import { C } from '../lexicon/index.ts';
import type { Page, Sign } from '../signs.ts';
import { around, has, isQuoted, reach, vicinity } from '../signs.ts';

/** Modes that machines of all kinds have, too. */
const COMMON_MODE =
  /^(?:debug|test|diagnostic|maintenance|developer|dev|admin|root|sudo|unlimited|free (?:from|of)|no (?:rule|limit|filter|polic|safety|restriction|guidelines|boundaries))/;

/** Gives the assistant a role without rules. */
export function unbound(page: Page, i: number): Sign | null {
  const { hits, text } = page;
  const anchor = hits[i] as Hit;
  const near = vicinity(hits, i, 22);
  const tight = vicinity(hits, i, 9);
  let score = COMMON_MODE.test(text.slice(anchor.start, anchor.end)) ? 0.1 : 0.15;
  if (has(tight, C.role)) score += 0.4;
  else if (has(near, C.role)) score += 0.2;
  if (has(tight, C.unbound)) score += 0.25;
  if (has(near, C.machine)) score += 0.15;
  if (has(near, C.noRefusal)) score += 0.3;
  if (has(near, C.fromNow)) score += 0.2;
  if (has(near, C.override)) score += 0.2;
  if (has(near, C.mention)) score -= 0.15;
  if (isQuoted(page, i) && has(near, C.mention)) score -= 0.15;
  if (score < 0.2) return null;
  const factor = has(around(hits, i, 2, 0).behind, C.not) ? 0.5 : 1;
  return {
    rule: 'unbound-role',
    score: Math.min(0.95, score) * factor,
    ...reach(hits, i, C.role | C.noRefusal, 14),
  };
}

/** Forbids refusing. */
export function noRefusal(page: Page, i: number): Sign {
  const { hits } = page;
  const near = vicinity(hits, i, 20);
  let score = 0.22;
  if (has(near, C.role)) score += 0.15;
  if (has(near, C.machine)) score += 0.15;
  if (has(near, C.fromNow)) score += 0.2;
  if (has(near, C.mention)) score -= 0.1;
  return { rule: 'no-refusal', score, ...reach(hits, i, C.role, 10) };
}
