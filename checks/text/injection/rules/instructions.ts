import type { Hit } from '../hits.ts';
import { C } from '../lexicon/index.ts';
import type { Page, Sign } from '../signs.ts';
import { around, doubt, has, reach, vicinity } from '../signs.ts';

/** English verbs stand before what they override; elsewhere the verb may come last. */
const VERB_FIRST =
  /^(?:ignor|disregard|forget|overrid|overrul|bypass|circumvent|set aside|put aside|throw|wipe|void)/;

/** What people override innocently every day. */
const WEAK_TARGET =
  /^(?:task|role|context|command|filter|setup|protocol|limit|training|brief|boundar|regulation|moral|ethic|polic|safety)/;

/** Sets the instructions given so far aside. */
export function override(page: Page, i: number): Sign | null {
  const { hits, text } = page;
  const anchor = hits[i] as Hit;
  const { behind, ahead } = around(hits, i, 6, 8);
  const target = C.instructions | C.prompt | C.newTask;
  const first = VERB_FIRST.test(text.slice(anchor.start, anchor.start + 12));
  const aims = first ? ahead : behind | ahead;
  const near = behind | ahead | anchor.mask;
  let score = 0;
  if (has(aims, target)) {
    score = has(near, C.prior) ? 0.95 : has(near, C.yours | C.prompt) ? 0.88 : has(near, C.all) ? 0.62 : 0.4;
    if (has(around(hits, i, 0, 4).ahead, C.mine)) score -= 0.45;
    const aim = hits.slice(i + 1, i + 8).find((hit) => has(hit.mask, target));
    const weak = aim !== undefined && WEAK_TARGET.test(text.slice(aim.start, aim.end));
    if (weak && !(has(near, C.yours) && has(near, C.prior | C.all | C.authority))) {
      score *= has(near, C.yours) ? 0.65 : 0.5;
    }
  } else if (has(aims, C.above)) score = 0.75;
  else if (has(aims, C.all) && has(aims, C.prior)) score = 0.8;
  else if (has(aims, C.prior) && has(aims, C.yours)) score = 0.45;
  if (score === 0) return null;
  return {
    rule: 'override',
    score: score * doubt(page, i),
    ...reach(hits, i, target | C.prior | C.above, 8),
  };
}

/** Says of something that it no longer holds. */
const VOIDED =
  /no longer|apply|void|expired?|revoked|withdrawn|gelten|gilt|hinfallig|ungultig|valen|vale|rigen|anulad|efecto|s applique|comptent|annul|действ|аннул|отмен|作废|失效|無効|geldt|vervallen|contano|valgono|무효|解除|不算|iptal|gecersiz|batal|berlaku|ملغ|रद्द|obowiaz|uniewaz/;

/** Switches rules or safeguards off, or declares them void. */
export function disable(page: Page, i: number): Sign | null {
  const { hits, text } = page;
  const { behind, ahead } = around(hits, i, 5, 6);
  const near = behind | ahead;
  const declares = VOIDED.test(text.slice((hits[i] as Hit).start, (hits[i] as Hit).end));
  if (declares && (has(near, C.above) || (has(near, C.all) && has(near, C.prior)))) {
    const score = has(near, C.fromNow) ? 0.62 : 0.52;
    return {
      rule: 'disable',
      score: score * doubt(page, i),
      ...reach(hits, i, C.above | C.prior | C.all, 8),
    };
  }
  if (!has(near, C.instructions | C.prompt) || !has(near, C.yours | C.prior)) return null;
  if (has(near, C.mine) && !has(near, C.yours)) return null;
  let score =
    has(near, C.yours) && has(near, C.prior | C.all | C.fromNow) ? 0.62 : has(near, C.yours) ? 0.5 : 0.4;
  const aim = hits.slice(Math.max(0, i - 4), i + 6).find((hit) => has(hit.mask, C.instructions | C.prompt));
  if (aim !== undefined && WEAK_TARGET.test(text.slice(aim.start, aim.end))) score -= 0.12;
  if (has(vicinity(hits, i, 25), C.machine | C.role | C.fromNow | C.instead | C.conceal)) score += 0.1;
  return { rule: 'disable', score: score * doubt(page, i), ...reach(hits, i, C.instructions | C.prompt, 6) };
}

/** Stands as a heading, shouted or set off: `**NEW TASK**`, `[new instructions]`, `New instructions:`. */
const HEADING =
  /(?:^|\n|\*\*|\[|\(|#|>|!)\s{0,2}(?:urgent |important )?(?:new|updated|real|actual|override|priority)[\w ]{1,24}(?:\*\*|\]|\)|:|!)/;

/** Puts a new task in place of the given one. */
export function newTask(page: Page, i: number): Sign | null {
  const { hits, text } = page;
  const { start, end } = hits[i] as Hit;
  const near = vicinity(hits, i, 14);
  let score = 0.1;
  if (has(near, C.override)) score += 0.3;
  if (has(near, C.weaken) && has(near, C.prior)) score += 0.2;
  if (has(near, C.fromNow)) score += 0.35;
  if (HEADING.test(text.slice(Math.max(0, start - 6), end + 3))) score += 0.3;
  if (has(near, C.authority)) score += 0.2;
  if (has(near, C.machine)) score += 0.15;
  if (has(near, C.mine)) score -= 0.15;
  if (has(near, C.mention)) score -= 0.1;
  return score < 0.25
    ? null
    : { rule: 'new-task', score: Math.min(0.8, score), ...reach(hits, i, C.override, 10) };
}
