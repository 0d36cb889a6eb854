import type { Hit } from '../hits.ts';
import { C } from '../lexicon/index.ts';
import type { Page, Sign } from '../signs.ts';
import { around, has, isQuoted, reach, vicinity } from '../signs.ts';

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
  // `a secret` names and hides at once; a second word that says it is kept weighs more.
  const kept = hits
    .slice(Math.max(0, i - 6), i + 10)
    .some((hit) => has(hit.mask, C.hidden) && !has(hit.mask, C.secret));
  if (has(near, C.hidden)) score += kept ? 0.4 : 0.3;
  if (has(near, C.yours)) score += 0.15;
  if (has(near, C.verbatim)) score += 0.15;
  if (has(near, C.fromNow | C.override)) score += 0.15;
  if (has(near, C.others)) score += 0.2;
  if (has(near, C.mine)) score -= 0.3;
  if (has(near, C.asking | C.mention)) score -= 0.15;
  return { rule: 'reveal-secret', score, ...reach(hits, i, C.secret, 12) };
}

/** Asks for hidden instructions, for secrets, or for what belongs to others. */
export function reveal(page: Page, i: number): Sign[] {
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
