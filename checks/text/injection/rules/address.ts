import type { Hit } from '../hits.ts';
import { C } from '../lexicon/index.ts';
import type { Page, Sign } from '../signs.ts';
import { around, has, isQuoted, reach, vicinity } from '../signs.ts';

/** Speaks to a machine, not about one. */
const CALLS =
  /^(?:dear|hey|attention|note|message|instruction|if (?:you|an?)|any|all|to |for |(?:ai|assistant|model|bot|llm|agent)s? (?:reading|that|which|reviewers)|whoever|liebe|lieber|hinweis|an (?:die|alle|das|den)|fur (?:die|den)|falls|wenn du|achtung|chere|a l|pour l|si |querid|nota|mensaje|para (?:la|el)|mensagem|para [ao]|se |cara|all|per l|messaggio|beste|aan|voor|bericht|als je|уваж|дорог|обращ|сообщ|для|если|вниман|致|给|如果|读|看到|阅读|各位|もし|これを|この文書|担当)/;

/** A name or mark that sets off the one spoken to: `assistant, …`, `AI: …`. */
const SET_OFF = /^\s?[,:]|^\s[–—-]\s/;

/** Somebody speaks to the machine and wants something of it: only suspect in a text not meant as a prompt. */
export function addressed(page: Page, i: number): Sign | null {
  const { hits, text } = page;
  const anchor = hits[i] as Hit;
  const { ahead } = around(hits, i, 0, 12);
  const next = vicinity(hits, i, 14);
  if (!has(ahead, C.must | C.act | C.reveal)) return null;
  const calls = CALLS.test(text.slice(anchor.start, anchor.end)) && anchor.end - anchor.start > 5;
  const setOff = SET_OFF.test(text.slice(anchor.end, anchor.end + 4));
  const lead = text.slice(Math.max(0, anchor.start - 6), anchor.start);
  const spoken = setOff && text.charAt(anchor.end) === ':' && /(?:^|\n|[0-9\]>] ?)\s{0,4}$/.test(lead);
  // `Agent: …` at the start of a line is who speaks, not who is spoken to; so is `pricing_agent`.
  const label = spoken || /[\w][_-]$/.test(lead);
  let score = has(ahead, C.must) && has(ahead, C.act | C.reveal) ? 0.38 : 0.24;
  if (calls) score += 0.3;
  if (setOff) score += has(around(hits, i, 0, 3).ahead, C.act | C.reveal | C.must) ? 0.24 : 0.1;
  if (label && !calls) score -= 0.3;
  if (has(next, C.conceal)) score += 0.25;
  if (has(next, C.override)) score += 0.2;
  if (has(next, C.data | C.secret)) score += 0.1;
  if (has(next, C.instead)) score += 0.1;
  if (has(next, C.mention)) score -= 0.2;
  if (isQuoted(page, i) && has(vicinity(hits, i, 40), C.mention)) score -= 0.2;
  if (has(ahead, C.not) && !has(next, C.conceal)) score -= 0.1;
  if (has(next, C.mine)) score -= 0.05;
  return {
    rule: 'addressed',
    score: Math.min(0.9, score),
    ...reach(hits, i, C.must | C.act | C.conceal, 12),
  };
}

/** Wants something done behind somebody’s back. */
export function concealed(page: Page, i: number): Sign | null {
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
