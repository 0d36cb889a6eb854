import type { Hit } from './hits.ts';
import { C } from './lexicon/index.ts';
import { addressed, concealed } from './rules/address.ts';
import { disable, newTask, override } from './rules/instructions.ts';
import { orderReader } from './rules/orders.ts';
import { noRefusal, unbound } from './rules/persona.ts';
import { reveal } from './rules/reveal.ts';
import { shiftReader } from './rules/shift.ts';
import type { Page, Sign } from './signs.ts';
import { has } from './signs.ts';

/** All signs in a folded text, given its hits. */
export function judgeHits(hits: readonly Hit[], text: string): Sign[] {
  const page: Page = { hits, text };
  const signs: Sign[] = [];
  const ordered = orderReader(page);
  const shifted = shiftReader(page);
  const add = (sign: Sign | null): void => {
    if (sign !== null && sign.score >= 0.15) signs.push(sign);
  };
  for (let i = 0; i < hits.length; i += 1) {
    const { mask } = hits[i] as Hit;
    if (has(mask, C.override)) add(override(page, i));
    else if (has(mask, C.weaken)) add(disable(page, i));
    if (has(mask, C.reveal)) for (const sign of reveal(page, i)) add(sign);
    if (has(mask, C.unbound)) add(unbound(page, i));
    if (has(mask, C.noRefusal)) add(noRefusal(page, i));
    if (has(mask, C.newTask)) add(newTask(page, i));
    if (has(mask, C.address)) add(addressed(page, i));
    if (has(mask, C.conceal)) add(concealed(page, i));
    if (has(mask, C.order)) add(ordered(i));
    if (has(mask, C.shift)) add(shifted(i));
  }
  return signs;
}
