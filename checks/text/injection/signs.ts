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
  | 'ordered'
  | 'role-change'
  | 'fiction'
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
export function around(
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
export function reach(
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

/** Meanings within `words` of hit `i`, across sentences. */
export function vicinity(hits: readonly Hit[], i: number, words: number): number {
  const anchor = hits[i] as Hit;
  let mask = 0;
  for (let k = i + 1; k < hits.length && (hits[k] as Hit).word - anchor.word <= words; k += 1)
    mask |= (hits[k] as Hit).mask;
  for (let k = i - 1; k >= 0 && anchor.word - (hits[k] as Hit).word <= words; k -= 1)
    mask |= (hits[k] as Hit).mask;
  return mask;
}

/** What the rules look at: the hits, and the folded text that they stand in. */
export interface Page {
  readonly hits: readonly Hit[];
  readonly text: string;
}

const QUOTES = /["“”„«»「」『』‘’'`]\s{0,2}\S{0,24}\s?$/;

export function isQuoted(page: Page, i: number): boolean {
  const { start } = page.hits[i] as Hit;
  return QUOTES.test(page.text.slice(Math.max(0, start - 28), start));
}

export function has(mask: number, wanted: number): boolean {
  return (mask & wanted) !== 0;
}

/** How far a negation, a question, a quotation or the speaker's own belongings weaken what follows. */
export function doubt(page: Page, i: number): number {
  const { hits } = page;
  const close = around(hits, i, 2, 0).behind;
  const wide = around(hits, i, 6, 0).behind;
  let factor = 1;
  if ((close & C.not) !== 0) factor *= 0.3;
  if ((wide & C.asking) !== 0) factor *= 0.55;
  if ((wide & C.mention) !== 0) factor *= 0.6;
  if (isQuoted(page, i) && (vicinity(hits, i, 40) & C.mention) !== 0) factor *= 0.5;
  return factor;
}
