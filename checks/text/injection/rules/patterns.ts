import type { Hit } from '../hits.ts';
import type { Page, RuleName, Sign } from '../signs.ts';

/** A turn of phrase around an anchor word. Patterns are bounded; they see folded text only. */
export interface Turn {
  readonly rule: RuleName;
  readonly score: number;
  readonly pattern: RegExp;
}

/** Characters of text that a turn of phrase is looked for in, before and behind its anchor. */
const BEFORE = 110;
const BEHIND = 170;

/** Anchors this close to one that was looked at, in UTF-16 units, stand in its window; it answers for them. */
export const CLOSE = 32;

/** The strongest of `turns` at hit `i` or within `CLOSE` behind it. */
export function strongestTurn(page: Page, i: number, turns: readonly Turn[]): Sign | null {
  const { start, end } = page.hits[i] as Hit;
  const from = Math.max(0, start - BEFORE);
  const window = page.text.slice(from, end + BEHIND);
  let best: Sign | null = null;
  for (const { pattern, rule, score } of turns) {
    if (best !== null && best.score >= score) continue;
    const match = pattern.exec(window);
    if (match === null) continue;
    const at = from + match.index;
    if (at > end + CLOSE || at + match[0].length < start) continue;
    best = { rule, score, start: at, end: at + match[0].length };
  }
  return best;
}
