import type { Hit } from './hits.ts';
import { C } from './lexicon/index.ts';

export type RuleName =
  | 'override'
  | 'disable'
  | 'reveal-prompt'
  | 'reveal-secret'
  | 'reveal-others'
  | 'unbound-role'
  | 'no-refusal'
  | 'new-task'
  | 'addressed'
  | 'concealed'
  | 'carry-out'
  | 'delimiter'
  | 'authority';

/** What one rule says about one place in a text. */
export interface Sign {
  readonly rule: RuleName;
  /** 0..1, before the author and the place are taken into account. */
  readonly score: number;
  readonly start: number;
  readonly end: number;
}

/** Union of the meanings near hit `i`, in its own sentence, up to `words` away. */
function around(
  hits: readonly Hit[],
  i: number,
  before: number,
  after: number,
): { behind: number; ahead: number } {
  const anchor = hits[i];
  if (anchor === undefined) return { behind: 0, ahead: 0 };
  let ahead = 0;
  for (let k = i + 1; k < hits.length; k += 1) {
    const hit = hits[k] as Hit;
    if (hit.sentence !== anchor.sentence || hit.word - anchor.word > after) break;
    ahead |= hit.mask;
  }
  let behind = 0;
  for (let k = i - 1; k >= 0; k -= 1) {
    const hit = hits[k] as Hit;
    if (hit.sentence !== anchor.sentence || anchor.word - hit.word > before) break;
    behind |= hit.mask;
  }
  return { behind, ahead };
}

/** Where the meanings `wanted` that back up hit `i` reach to, for the span. */
function reach(
  hits: readonly Hit[],
  i: number,
  wanted: number,
  words: number,
): { start: number; end: number } {
  const anchor = hits[i] as Hit;
  let { start, end } = anchor;
  for (let k = i + 1; k < hits.length; k += 1) {
    const hit = hits[k] as Hit;
    if (hit.word - anchor.word > words || hit.sentence > anchor.sentence + 2) break;
    if ((hit.mask & wanted) !== 0) end = Math.max(end, hit.end);
  }
  for (let k = i - 1; k >= 0; k -= 1) {
    const hit = hits[k] as Hit;
    if (anchor.word - hit.word > words || hit.sentence < anchor.sentence) break;
    if ((hit.mask & wanted) !== 0) start = Math.min(start, hit.start);
  }
  return { start, end };
}

/** How far a negation, a question or the speaker's own belongings weaken what follows. */
function doubt(hits: readonly Hit[], i: number): number {
  const close = around(hits, i, 2, 0).behind;
  const wide = around(hits, i, 6, 0).behind;
  let factor = 1;
  if ((close & C.not) !== 0) factor *= 0.3;
  if ((wide & C.asking) !== 0) factor *= 0.55;
  if ((wide & C.mention) !== 0) factor *= 0.6;
  return factor;
}

function has(mask: number, wanted: number): boolean {
  return (mask & wanted) !== 0;
}

function override(hits: readonly Hit[], i: number): Sign | null {
  const { behind, ahead } = around(hits, i, 6, 8);
  const near = behind | ahead | (hits[i] as Hit).mask;
  const target = C.instructions | C.prompt | C.newTask;
  let score = 0;
  if (has(near, target)) {
    score = has(near, C.prior) ? 0.95 : has(near, C.yours | C.prompt) ? 0.88 : has(near, C.all) ? 0.62 : 0.4;
    if (has(near, C.mine) && !has(near, C.yours)) score -= 0.35;
  } else if (has(near, C.above)) score = 0.85;
  else if (has(near, C.all) && has(near, C.prior)) score = 0.8;
  else if (has(near, C.prior) && has(near, C.yours)) score = 0.5;
  if (score === 0) return null;
  return {
    rule: 'override',
    score: score * doubt(hits, i),
    ...reach(hits, i, target | C.prior | C.above, 8),
  };
}

function disable(hits: readonly Hit[], i: number): Sign | null {
  const { behind, ahead } = around(hits, i, 5, 6);
  const near = behind | ahead;
  if (!has(near, C.instructions | C.prompt) || !has(near, C.yours | C.prior)) return null;
  if (has(near, C.mine) && !has(near, C.yours)) return null;
  const score = has(near, C.yours) && has(near, C.prior | C.all | C.fromNow) ? 0.62 : 0.45;
  return { rule: 'disable', score: score * doubt(hits, i), ...reach(hits, i, C.instructions | C.prompt, 6) };
}

function reveal(hits: readonly Hit[], i: number): Sign[] {
  const anchor = hits[i] as Hit;
  const { behind, ahead } = around(hits, i, 7, 12);
  const near = behind | ahead | anchor.mask;
  const signs: Sign[] = [];
  const factor = has(around(hits, i, 3, 0).behind, C.not) ? 0.35 : 1;
  if (has(near, C.prompt)) {
    let score = 0.4;
    if (has(near, C.verbatim)) score += 0.35;
    if (has(near, C.hidden)) score += 0.2;
    if (has(near, C.above | C.prior)) score += 0.15;
    if (has(near, C.all)) score += 0.1;
    if (has(near, C.yours)) score += 0.1;
    if (has(near, C.mine) && !has(near, C.yours)) score -= 0.3;
    if (has(near, C.asking | C.mention)) score -= 0.12;
    signs.push({
      rule: 'reveal-prompt',
      score: Math.min(0.95, score) * factor,
      ...reach(hits, i, C.prompt, 12),
    });
  } else if (has(near, C.above)) {
    const score = has(near, C.verbatim) ? 0.65 : 0.3;
    signs.push({ rule: 'reveal-prompt', score: score * factor, ...reach(hits, i, C.above, 12) });
  } else if (has(near, C.instructions) && has(near, C.yours) && has(near, C.hidden | C.verbatim)) {
    signs.push({ rule: 'reveal-prompt', score: 0.5 * factor, ...reach(hits, i, C.instructions, 12) });
  }
  if (has(near, C.secret)) {
    let score = 0.12;
    if (has(near, C.hidden)) score += 0.3;
    if (has(near, C.yours)) score += 0.2;
    if (has(near, C.verbatim)) score += 0.15;
    if (has(near, C.others)) score += 0.2;
    if (has(near, C.mine)) score -= 0.3;
    if (has(near, C.asking | C.mention)) score -= 0.15;
    if (score > 0.2)
      signs.push({ rule: 'reveal-secret', score: score * factor, ...reach(hits, i, C.secret, 12) });
  }
  if (has(near, C.others)) {
    signs.push({
      rule: 'reveal-others',
      score: (has(near, C.data | C.secret | C.all) ? 0.5 : 0.38) * factor,
      ...reach(hits, i, C.others, 12),
    });
  }
  return signs;
}

/** Meanings within `words` of hit `i`, across sentences. */
function vicinity(hits: readonly Hit[], i: number, words: number): number {
  const anchor = hits[i] as Hit;
  let mask = 0;
  for (let k = i + 1; k < hits.length && (hits[k] as Hit).word - anchor.word <= words; k += 1)
    mask |= (hits[k] as Hit).mask;
  for (let k = i - 1; k >= 0 && anchor.word - (hits[k] as Hit).word <= words; k -= 1)
    mask |= (hits[k] as Hit).mask;
  return mask;
}

function unbound(hits: readonly Hit[], i: number): Sign | null {
  const near = vicinity(hits, i, 22);
  const tight = vicinity(hits, i, 9);
  let score = 0.12;
  if (has(tight, C.role)) score = 0.55;
  else if (has(near, C.role)) score = 0.35;
  if (has(near, C.machine)) score += 0.15;
  if (has(near, C.noRefusal)) score += 0.3;
  if (has(near, C.fromNow)) score += 0.2;
  if (has(near, C.override)) score += 0.2;
  if (has(near, C.mention)) score -= 0.15;
  if (score < 0.2) return null;
  return {
    rule: 'unbound-role',
    score: Math.min(0.95, score) * (has(around(hits, i, 2, 0).behind, C.not) ? 0.5 : 1),
    ...reach(hits, i, C.role | C.noRefusal, 14),
  };
}

function noRefusal(hits: readonly Hit[], i: number): Sign {
  const near = vicinity(hits, i, 20);
  let score = 0.3;
  if (has(near, C.role)) score += 0.2;
  if (has(near, C.machine)) score += 0.1;
  if (has(near, C.fromNow)) score += 0.2;
  return { rule: 'no-refusal', score, ...reach(hits, i, C.role, 10) };
}

function newTask(hits: readonly Hit[], i: number): Sign | null {
  const near = vicinity(hits, i, 14);
  let score = 0.1;
  if (has(near, C.override)) score += 0.4;
  if (has(near, C.weaken) && has(near, C.prior)) score += 0.25;
  if (has(near, C.fromNow)) score += 0.3;
  if (has(near, C.authority)) score += 0.2;
  if (has(near, C.machine)) score += 0.15;
  if (has(near, C.mine)) score -= 0.1;
  return score < 0.25
    ? null
    : { rule: 'new-task', score: Math.min(0.8, score), ...reach(hits, i, C.override, 10) };
}

/** Somebody speaks to the machine and wants something of it: only suspect in a text not meant as a prompt. */
function addressed(hits: readonly Hit[], i: number): Sign | null {
  const { ahead } = around(hits, i, 0, 12);
  const next = vicinity(hits, i, 14);
  if (!has(ahead, C.must | C.act | C.reveal)) return null;
  let score = has(ahead, C.must) && has(ahead, C.act | C.reveal) ? 0.5 : 0.3;
  if (has(next, C.conceal)) score += 0.3;
  if (has(next, C.override)) score += 0.25;
  if (has(next, C.data | C.secret)) score += 0.15;
  if (has(next, C.instead)) score += 0.1;
  if (has(next, C.mention)) score -= 0.15;
  return {
    rule: 'addressed',
    score: Math.min(0.9, score),
    ...reach(hits, i, C.must | C.act | C.conceal, 12),
  };
}

function concealed(hits: readonly Hit[], i: number): Sign | null {
  const near = vicinity(hits, i, 16);
  if (!has(near, C.act | C.data | C.reveal)) return null;
  const score =
    0.25 +
    (has(near, C.data | C.secret) ? 0.15 : 0) +
    (has(near, C.machine) ? 0.2 : 0) +
    (has(near, C.override) ? 0.2 : 0);
  return { rule: 'concealed', score, ...reach(hits, i, C.act | C.data, 10) };
}

/** All signs in a text, given its hits. */
export function judgeHits(hits: readonly Hit[]): Sign[] {
  const signs: Sign[] = [];
  const add = (sign: Sign | null): void => {
    if (sign !== null && sign.score >= 0.15) signs.push(sign);
  };
  for (let i = 0; i < hits.length; i += 1) {
    const { mask } = hits[i] as Hit;
    if (has(mask, C.override)) add(override(hits, i));
    else if (has(mask, C.weaken)) add(disable(hits, i));
    if (has(mask, C.reveal)) for (const sign of reveal(hits, i)) add(sign);
    if (has(mask, C.unbound)) add(unbound(hits, i));
    if (has(mask, C.noRefusal)) add(noRefusal(hits, i));
    if (has(mask, C.newTask)) add(newTask(hits, i));
    if (has(mask, C.address)) add(addressed(hits, i));
    if (has(mask, C.conceal)) add(concealed(hits, i));
  }
  return signs;
}
