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

/** What the rules look at: the hits, and the folded text that they stand in. */
export interface Page {
  readonly hits: readonly Hit[];
  readonly text: string;
}

const QUOTES = /["“”„«»「」『』‘’'`]\s{0,2}\S{0,24}\s?$/;

function isQuoted(page: Page, i: number): boolean {
  const { start } = page.hits[i] as Hit;
  return QUOTES.test(page.text.slice(Math.max(0, start - 28), start));
}

/** How far a negation, a question, a quotation or the speaker's own belongings weaken what follows. */
function doubt(page: Page, i: number): number {
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

function has(mask: number, wanted: number): boolean {
  return (mask & wanted) !== 0;
}

/** English verbs stand before what they override; elsewhere the verb may come last. */
const VERB_FIRST =
  /^(?:ignor|disregard|forget|overrid|overrul|bypass|circumvent|set aside|put aside|throw|wipe|void)/;
/** What people override innocently every day. */
const WEAK_TARGET =
  /^(?:task|role|context|command|filter|setup|protocol|limit|training|brief|boundar|regulation|moral|ethic|polic|safety)/;

function override(page: Page, i: number): Sign | null {
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
    if (has(aims, C.mine) && (!has(aims, C.yours) || has(around(hits, i, 0, 3).ahead, C.mine))) score -= 0.45;
    const aim = hits.slice(i + 1, i + 8).find((hit) => has(hit.mask, target));
    const weak = aim !== undefined && WEAK_TARGET.test(text.slice(aim.start, aim.end));
    if (weak && !(has(near, C.yours) && has(near, C.prior | C.all | C.authority))) score *= 0.5;
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

function disable(page: Page, i: number): Sign | null {
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

const STRONG_REVEAL =
  /^(?:print|reveal|output|display|leak|dump|expose|disclose|recite|repeat|show|paste|spit|zeig|gib|verrat|affich|montr|revel|muestr|mostr|repit|repet|ripet|stamp|toon|onthul|herhaal|покаж|вывед|раскр|повтор)/;
const ANY_ONE =
  /(?:\b(?:an?|which|my|our|this|one|good|some|ein|eine|einen|un|une|una|um|uma|een)|what(?:'s| is) an?)\s{1,3}(?:\w{1,12}\s{1,3})?$/;
const START_OF_TALK =
  /before (?:this|my|i|we)|beginning|start of|top of|first (?:message|line)|anfang|vor (?:dieser|meiner)|debut|avant (?:ce|mon)|inicio|principio|antes de|inizio|prima del|начал|до (?:этого|моего)|开头|之前|より前|最初|冒頭|이전|시작/;

function revealPrompt(page: Page, i: number): Sign | null {
  const { hits, text } = page;
  const anchor = hits[i] as Hit;
  const { behind, ahead } = around(hits, i, 7, 12);
  const near = behind | ahead | anchor.mask;
  const find = (wanted: number): Hit | undefined =>
    hits
      .slice(Math.max(0, i - 6), i + 10)
      .find((hit) => hit.sentence === anchor.sentence && has(hit.mask, wanted));
  let score = 0;
  const prompt = has(near, C.prompt) ? find(C.prompt) : undefined;
  const above = has(near, C.above) ? find(C.above) : undefined;
  if (prompt !== undefined) {
    const lead = text.slice(Math.max(0, prompt.start - 24), prompt.start);
    score = 0.32;
    if (STRONG_REVEAL.test(text.slice(anchor.start, anchor.start + 10))) score += 0.15;
    if (has(near, C.verbatim)) score += 0.3;
    if (has(near, C.hidden)) score += 0.15;
    if (has(near, C.above | C.prior)) score += 0.1;
    if (has(near, C.all)) score += 0.1;
    if (has(near, C.yours)) score += 0.12;
    if (
      /\b(?:the|your|ur|il|el|o|le|den|dein\w{0,2}|het|je)\s{1,3}(?:\w{1,12}\s{1,3})?$/.test(lead) ||
      !/^[\x20-\x7e]*$/.test(lead)
    )
      score += 0.12;
    if (ANY_ONE.test(lead)) score -= 0.35;
    if (has(near, C.mine) && !has(near, C.yours)) score -= 0.3;
    if (has(near, C.asking | C.mention)) score -= 0.15;
  } else if (above !== undefined) {
    const start = START_OF_TALK.test(text.slice(above.start, above.end));
    score = start ? 0.45 : 0.22;
    if (has(near, C.verbatim)) score += 0.3;
    if (STRONG_REVEAL.test(text.slice(anchor.start, anchor.start + 10))) score += 0.15;
  } else if (has(near, C.instructions) && has(near, C.yours) && has(near, C.hidden | C.verbatim))
    score = 0.52;
  if (score <= 0) return null;
  return {
    rule: 'reveal-prompt',
    score: Math.min(0.95, score),
    ...reach(hits, i, C.prompt | C.above | C.instructions, 12),
  };
}

function revealSecret(page: Page, i: number): Sign | null {
  const { hits } = page;
  const { behind, ahead } = around(hits, i, 7, 12);
  const near = behind | ahead;
  if (!has(near, C.secret)) return null;
  let score = 0.12;
  if (has(near, C.hidden)) score += 0.36;
  if (has(near, C.yours)) score += 0.15;
  if (has(near, C.verbatim)) score += 0.15;
  if (has(near, C.fromNow | C.override)) score += 0.15;
  if (has(near, C.others)) score += 0.2;
  if (has(near, C.mine)) score -= 0.3;
  if (has(near, C.asking | C.mention)) score -= 0.15;
  return { rule: 'reveal-secret', score, ...reach(hits, i, C.secret, 12) };
}

function reveal(page: Page, i: number): Sign[] {
  const { hits } = page;
  const signs = [revealPrompt(page, i), revealSecret(page, i)].filter((sign) => sign !== null);
  const { behind, ahead } = around(hits, i, 7, 12);
  const near = behind | ahead;
  if (has(near, C.others)) {
    const score = has(near, C.data | C.secret | C.all) ? 0.5 : 0.38;
    signs.push({ rule: 'reveal-others', score, ...reach(hits, i, C.others, 12) });
  }
  const denied = has(around(hits, i, 3, 0).behind, C.not) ? 0.35 : 1;
  const quoted = isQuoted(page, i) && has(vicinity(hits, i, 40), C.mention) ? 0.6 : 1;
  return signs.map((sign) => ({ ...sign, score: sign.score * denied * quoted }));
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

/** Modes that machines of all kinds have, too. */
const COMMON_MODE =
  /^(?:debug|test|diagnostic|maintenance|developer|dev|admin|root|sudo|unlimited|free (?:from|of)|no (?:rule|limit|filter|polic|safety|restriction|guidelines|boundaries))/;

function unbound(page: Page, i: number): Sign | null {
  const { hits, text } = page;
  const anchor = hits[i] as Hit;
  const near = vicinity(hits, i, 22);
  const tight = vicinity(hits, i, 9);
  let score = COMMON_MODE.test(text.slice(anchor.start, anchor.end)) ? 0.05 : 0.15;
  if (has(tight, C.role)) score += 0.4;
  else if (has(near, C.role)) score += 0.2;
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

function noRefusal(page: Page, i: number): Sign {
  const { hits } = page;
  const near = vicinity(hits, i, 20);
  let score = 0.22;
  if (has(near, C.role)) score += 0.15;
  if (has(near, C.machine)) score += 0.15;
  if (has(near, C.fromNow)) score += 0.2;
  if (has(near, C.mention)) score -= 0.1;
  return { rule: 'no-refusal', score, ...reach(hits, i, C.role, 10) };
}

/** Stands as a heading, shouted or set off: `**NEW TASK**`, `[new instructions]`, `New instructions:`. */
const HEADING =
  /(?:^|\n|\*\*|\[|\(|#|>|!)\s{0,2}(?:urgent |important )?(?:new|updated|real|actual|override|priority)[\w ]{1,24}(?:\*\*|\]|\)|:|!)/;

function newTask(page: Page, i: number): Sign | null {
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

/** Speaks to a machine, not about one. */
const CALLS =
  /^(?:dear|hey|attention|note|message|instruction|if (?:you|an?)|any|all|to |for |(?:ai|assistant|model|bot|llm|agent) reading|whoever|liebe|lieber|hinweis|an (?:die|alle|das|den)|fur (?:die|den)|falls|wenn du|achtung|chere|a l|pour l|si |querid|nota|mensaje|para (?:la|el)|mensagem|para [ao]|se |cara|all|per l|messaggio|beste|aan|voor|bericht|als je|уваж|дорог|обращ|сообщ|для|если|вниман|致|给|如果|读|看到|阅读|各位|もし|これを|この文書|担当)/;
/** A name or mark that sets off the one spoken to: `assistant, …`, `AI: …`. */
const SET_OFF = /^\s{0,2}[,:;–—-]/;

/** Somebody speaks to the machine and wants something of it: only suspect in a text not meant as a prompt. */
function addressed(page: Page, i: number): Sign | null {
  const { hits, text } = page;
  const anchor = hits[i] as Hit;
  const { ahead } = around(hits, i, 0, 12);
  const next = vicinity(hits, i, 14);
  if (!has(ahead, C.must | C.act | C.reveal)) return null;
  const calls = CALLS.test(text.slice(anchor.start, anchor.end)) && anchor.end - anchor.start > 5;
  const setOff = SET_OFF.test(text.slice(anchor.end, anchor.end + 4));
  const label =
    setOff &&
    text.charAt(anchor.end) === ':' &&
    /(?:^|\n|[0-9\]>] ?)\s{0,4}$/.test(text.slice(Math.max(0, anchor.start - 6), anchor.start));
  let score = has(ahead, C.must) && has(ahead, C.act | C.reveal) ? 0.38 : 0.24;
  if (calls) score += 0.26;
  if (setOff) score += 0.1;
  if (label && !calls) score -= 0.25;
  if (has(next, C.conceal)) score += 0.25;
  if (has(next, C.override)) score += 0.2;
  if (has(next, C.data | C.secret)) score += 0.1;
  if (has(next, C.instead)) score += 0.1;
  if (has(next, C.mention)) score -= 0.2;
  if (has(ahead, C.not) && !has(next, C.conceal)) score -= 0.1;
  if (has(next, C.mine)) score -= 0.05;
  return {
    rule: 'addressed',
    score: Math.min(0.9, score),
    ...reach(hits, i, C.must | C.act | C.conceal, 12),
  };
}

function concealed(page: Page, i: number): Sign | null {
  const { hits } = page;
  const near = vicinity(hits, i, 16);
  if (!has(near, C.act | C.data | C.reveal)) return null;
  let score = 0.2;
  if (has(near, C.data | C.secret)) score += 0.12;
  if (has(near, C.machine)) score += 0.15;
  if (has(near, C.override)) score += 0.15;
  if (has(near, C.mention)) score -= 0.1;
  return { rule: 'concealed', score, ...reach(hits, i, C.act | C.data, 10) };
}

/** All signs in a folded text, given its hits. */
export function judgeHits(hits: readonly Hit[], text: string): Sign[] {
  const page: Page = { hits, text };
  const signs: Sign[] = [];
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
  }
  return signs;
}
