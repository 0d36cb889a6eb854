import type { Hit } from '../hits.ts';
import { C } from '../lexicon/index.ts';
import type { Page, Sign } from '../signs.ts';
import { around, has, vicinity } from '../signs.ts';
import type { Turn } from './patterns.ts';
import { CLOSE, strongestTurn } from './patterns.ts';

const JOB = String.raw`(?:(?:support|customer|service|shop|help|chat|ai|virtual|translation|language|writing|coding|homework|museum|bank|travel|sales|booking) ){0,2}(?:bots?|assistant|translator|tutor|chatbot|agent|helper|summari[sz]er|ai|model|advisor|clerk|machine|concierge|moderator|editor|teacher)`;
const WORK = String.raw`(?:translat(?:ion|ing)|summar(?:y|ies|i[sz]ing)|classif(?:ying|ication)|support (?:stuff|role|job|work)|customer (?:support|service)|roleplay rules|tutoring|proofreading|grading)`;

const BEING: Turn = {
  rule: 'role-change',
  score: 0.55,
  pattern: new RegExp(
    `\\b(?:stop|quit|forget|cease) (?:being|acting as|acting like|playing|that you(?:'re| are)|you(?:'re| are)) (?:a |an |the |my |this |some )?${JOB}\\b`,
  ),
};

const NO_LONGER: Turn = {
  rule: 'role-change',
  score: 0.55,
  pattern: new RegExp(
    `\\b(?:you(?:'re| are)|ur|u r) (?:no longer|not|now not) (?:a |an |the |my |this )?${JOB}\\b(?! (?:anymore )?(?:of|for) )[^.\\n]{0,10}[.,;:!]`,
  ),
};

const NEW_JOB: Turn = {
  rule: 'role-change',
  score: 0.5,
  pattern:
    /\byour (?:new (?:task|job|role|purpose|goal|mission|objective|assignment|identity|duty)\b(?: now| today| from (?:now|here) on)?(?: is\b|:|,| will be\b)|(?:only|real|single|actual|true|sole) (?:and only )?(?:task|job|role|purpose|goal|mission|objective|duty) (?:is now|now is|now:|from now on|from here on|today is))/,
};

const WORK_DROPPED: Turn = {
  rule: 'role-change',
  score: 0.55,
  pattern: new RegExp(
    `\\b(?:abandon|stop|forget|drop|leave|quit|cancel|enough (?:of|with)|skip) (?:about )?(?:the |your |this |all |that )?${WORK}\\b[^\\n]{0,24}?(?:[.,;:!]|\\band\\b)\\s{0,3}(?:and |then |instead |please |just |now |from now on ){0,3}(?:write|tell|give|show|print|output|say|answer|reply|list|do|reveal|act|be|you|let'?s|instead|help|explain|talk|sing|repeat)\\b`,
  ),
};

const KIN: Turn = {
  rule: 'fiction',
  score: 0.6,
  pattern:
    /\b(?:grand(?:ma|mother|pa|father)|granny|late (?:mother|father|uncle))\b[^\n]{0,80}\b(?:used to|would|who|always)\b[^\n]{0,40}\b(?:read|tell|recite|whisper|sing|explain|say|give)\w{0,3}\b[^\n]{0,60}\b(?:passwords?|(?:product|api|windows|activation|master|private|serial) keys?|codes?|recipe for (?:napalm|meth|bomb\w{0,2}|explosive\w{0,2})|napalm|secrets?|secret (?:notes?|notebooks?)|serial|licen[cs]e|pin|credentials|system prompt|bombs?|explosives?|malware|how to (?:make|build|cook|hack|synthesi[sz]e))\b/,
};

const PERSONA: Turn = {
  rule: 'fiction',
  score: 0.55,
  pattern:
    /\b(?:respond|answer|reply|speak|write)(?: only| exclusively)? as\b[^.\n]{0,40}\b(?:who|which|that|an ai|a bot|a character)\b[^.\n]{0,30}\b(?:no|zero|without|not bound by|ignores?|free (?:of|from)|never (?:follows?|refuses?))\b[^.\n]{0,16}\b(?:rules?|limits?|filters?|restrictions?|guidelines|polic(?:y|ies)|morals?|ethics|refus\w{0,4}|boundaries|censorship|conscience)\b/,
};

const YES_FIRST: Turn = {
  rule: 'no-refusal',
  score: 0.45,
  pattern:
    /\b(?:begin|start|starting|beginning|open) (?:your |the |each |every )?(?:answer|response|reply|message|output)?s?\s?with (?:the words? )?["'“‘`]{0,2}(?:sure|absolutely|of course|certainly)\b/,
};

const GERMAN: Turn = {
  rule: 'role-change',
  score: 0.55,
  pattern:
    /\b(?:brich|vergiss|beende|lass) (?:die|deine) [^.\n]{0,20}(?:aufgabe|ubersetzung|zusammenfassung)\b[^.\n]{0,16}(?:,|\bund) (?:mach|schreib|sag|gib|tu|beantworte|erzahl)|\b(?:hor auf|du bist (?:nicht mehr|kein|nicht langer))[^.\n]{0,20}\b(?:bot|assistent|chatbot|ubersetzer|berater|ki|kundendienst|support)\w{0,3}\b|\bdeine? (?:neuer?|einziger?|eigentlicher?) (?:aufgabe|rolle|auftrag|job)(?: jetzt)?(?: ist\b| lautet\b|:)/,
};

const ROMANCE: Turn = {
  rule: 'role-change',
  score: 0.55,
  pattern:
    /\b(?:arrete|cesse) d['’ ]etre (?:un|une|le|la|mon) |\btu n['’ ]es plus (?:un|une|le|la|mon) (?:assistant|chatbot|bot|traducteur|robot|conseiller|ia)|\b(?:ta nouvelle|ton nouveau|ta seule|ta vraie) (?:tache|mission|role|travail|consigne)(?: est\b| c['’ ]est|\s?:)|\bdeja de ser (?:un|una|el|la|mi) |\bya no eres (?:un|una|el|la|mi) (?:asistente|bot|chatbot|traductor|robot|ia|agente)|\btu (?:nueva|unica|verdadera|nuevo) (?:tarea|mision|rol|trabajo|funcion)(?: es\b|\s?:)/,
};

const ROMANCE_TURNS: readonly Turn[] = [ROMANCE];

const GROUPS: readonly (readonly [RegExp, readonly Turn[]])[] = [
  [/^(?:stop|quit|forget)/, [BEING, WORK_DROPPED]],
  [/^(?:abandon|drop|leave|enough)/, [WORK_DROPPED]],
  [/^no/, [NO_LONGER]],
  [/^your/, [NEW_JOB]],
  [/^(?:grand[mpf]|granny|late)/, [KIN]],
  [/^(?:only )?(?:respond|answer|reply|speak)/, [PERSONA]],
  [/^with/, [YES_FIRST]],
  [/^(?:brich|vergiss|beende|lass|hor|du|dein)/, [GERMAN]],
];

/** A polite question, or a thought, and no order. */
const ASKED = /\b(?:could|can|would|will|did|do|should|might) (?:you|i|we) (?:ever |please )?$/;

/** Takes the assistant off its job, or wraps what it may not do in a story. Reads as `orderReader` does. */
export function shiftReader(page: Page): (i: number) => Sign | null {
  const { hits, text } = page;
  const last = new Map<readonly Turn[], number>();
  return (i) => {
    const { start, end } = hits[i] as Hit;
    const anchor = text.slice(start, Math.min(end, start + 16));
    const group = GROUPS.find(([pattern]) => pattern.test(anchor))?.[1] ?? ROMANCE_TURNS;
    if (start - (last.get(group) ?? -CLOSE) < CLOSE) return null;
    last.set(group, start);
    const found = strongestTurn(page, i, group);
    if (found === null) return null;
    const near = vicinity(hits, i, 20);
    let { score } = found;
    if (has(near, C.fromNow | C.instead)) score += 0.1;
    if (has(near, C.override | C.newTask)) score += 0.05;
    if (has(near, C.unbound | C.noRefusal)) score += 0.1;
    if (has(near, C.mention)) score -= 0.06;
    if (
      has(around(hits, i, 3, 0).behind, C.asking) ||
      ASKED.test(text.slice(Math.max(0, found.start - 16), found.start))
    )
      score *= 0.6;
    return { ...found, score: Math.min(0.85, score) };
  };
}
