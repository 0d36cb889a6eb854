import type { Hit } from '../hits.ts';
import { C } from '../lexicon/index.ts';
import type { Page, Sign } from '../signs.ts';
import { around, has, vicinity } from '../signs.ts';
import type { Turn } from './patterns.ts';
import { CLOSE, strongestTurn } from './patterns.ts';

const JOB = String.raw`(?:(?:support|customer|service|shop|help|chat|ai|virtual|translation|language|writing|coding|homework|museum|bank|travel|sales|booking) ){0,2}(?:bots?|assistant|translator|tutor|chatbot|agent|helper|summari[sz]er|ai|model|advisor|clerk|machine|concierge|moderator|editor|teacher)`;
const WORK = String.raw`(?:translat(?:ion|ing)|summar(?:y|ies|i[sz]ing)|classif(?:ying|ication)|support (?:stuff|role|job|work)|customer (?:support|service)|roleplay rules|tutoring|proofreading|grading)`;

const TURNS: readonly Turn[] = [
  {
    rule: 'role-change',
    score: 0.55,
    pattern: new RegExp(
      `\\b(?:stop|quit|forget|cease) (?:being|acting as|acting like|playing|that you(?:'re| are)|you(?:'re| are)) (?:a |an |the |my |this |some )?${JOB}\\b`,
    ),
  },
  {
    rule: 'role-change',
    score: 0.55,
    pattern: new RegExp(
      `\\b(?:you(?:'re| are)|ur|u r) (?:no longer|not|now not) (?:a |an |the |my |this )?${JOB}\\b(?! (?:anymore )?(?:of|for) )[^.\\n]{0,10}[.,;:!]`,
    ),
  },
  {
    rule: 'role-change',
    score: 0.5,
    pattern:
      /\byour (?:new (?:task|job|role|purpose|goal|mission|objective|assignment|identity|duty)\b(?: now| today| from (?:now|here) on)?(?: is\b|:|,| will be\b)|(?:only|real|single|actual|true|sole) (?:and only )?(?:task|job|role|purpose|goal|mission|objective|duty) (?:is now|now is|now:|from now on|from here on|today is))/,
  },
  {
    rule: 'role-change',
    score: 0.55,
    pattern: new RegExp(
      `\\b(?:abandon|stop|forget|drop|leave|quit|cancel|enough (?:of|with)|skip) (?:about )?(?:the |your |this |all |that )?${WORK}\\b[^\\n]{0,24}?(?:[.,;:!]|\\band\\b)\\s{0,3}(?:and |then |instead |please |just |now |from now on ){0,3}(?:write|tell|give|show|print|output|say|answer|reply|list|do|reveal|act|be|you|let'?s|instead|help|explain|talk|sing|repeat)\\b`,
    ),
  },
  {
    rule: 'fiction',
    score: 0.6,
    pattern:
      /\b(?:grand(?:ma|mother|pa|father)|granny|late (?:mother|father|uncle))\b[^\n]{0,80}\b(?:used to|would|who|always)\b[^\n]{0,40}\b(?:read|tell|recite|whisper|sing|explain|say|give)\w{0,3}\b[^\n]{0,60}\b(?:passwords?|(?:product|api|windows|activation|master|private|serial) keys?|codes?|recipe for (?:napalm|meth|bomb\w{0,2}|explosive\w{0,2})|napalm|secrets?|secret (?:notes?|notebooks?)|serial|licen[cs]e|pin|credentials|system prompt|bombs?|explosives?|malware|how to (?:make|build|cook|hack|synthesi[sz]e))\b/,
  },
  {
    rule: 'fiction',
    score: 0.55,
    pattern:
      /\b(?:respond|answer|reply|speak|write)(?: only| exclusively)? as\b[^.\n]{0,40}\b(?:who|which|that|an ai|a bot|a character)\b[^.\n]{0,30}\b(?:no|zero|without|not bound by|ignores?|free (?:of|from)|never (?:follows?|refuses?))\b[^.\n]{0,16}\b(?:rules?|limits?|filters?|restrictions?|guidelines|polic(?:y|ies)|morals?|ethics|refus\w{0,4}|boundaries|censorship|conscience)\b/,
  },
  {
    rule: 'no-refusal',
    score: 0.45,
    pattern:
      /\b(?:begin|start|starting|beginning|open) (?:your |the |each |every )?(?:answer|response|reply|message|output)?s?\s?with (?:the words? )?["'“‘`]{0,2}(?:sure|absolutely|of course|certainly)\b/,
  },
  {
    rule: 'role-change',
    score: 0.55,
    pattern:
      /\b(?:hor auf|du bist (?:nicht mehr|kein|nicht langer))[^.\n]{0,20}\b(?:bot|assistent|chatbot|ubersetzer|berater|ki|kundendienst|support)\w{0,3}\b|\bdeine? (?:neuer?|einziger?|eigentlicher?) (?:aufgabe|rolle|auftrag|job)(?: jetzt)?(?: ist\b| lautet\b|:)/,
  },
  {
    rule: 'role-change',
    score: 0.55,
    pattern:
      /\b(?:arrete|cesse) d['’ ]etre (?:un|une|le|la|mon) |\btu n['’ ]es plus (?:un|une|le|la|mon) (?:assistant|chatbot|bot|traducteur|robot|conseiller|ia)|\b(?:ta nouvelle|ton nouveau|ta seule|ta vraie) (?:tache|mission|role|travail|consigne)(?: est\b| c['’ ]est|\s?:)|\bdeja de ser (?:un|una|el|la|mi) |\bya no eres (?:un|una|el|la|mi) (?:asistente|bot|chatbot|traductor|robot|ia|agente)|\btu (?:nueva|unica|verdadera|nuevo) (?:tarea|mision|rol|trabajo|funcion)(?: es\b|\s?:)/,
  },
];

/** Takes the assistant off its job, or wraps what it may not do in a story. Reads as `orderReader` does. */
export function shiftReader(page: Page): (i: number) => Sign | null {
  const { hits } = page;
  let last = -CLOSE;
  return (i) => {
    const { start } = hits[i] as Hit;
    if (start - last < CLOSE) return null;
    last = start;
    const found = strongestTurn(page, i, TURNS);
    if (found === null) return null;
    const near = vicinity(hits, i, 20);
    let { score } = found;
    if (has(near, C.fromNow | C.instead)) score += 0.1;
    if (has(near, C.override | C.newTask)) score += 0.05;
    if (has(near, C.unbound | C.noRefusal)) score += 0.1;
    if (has(near, C.mention)) score -= 0.06;
    if (has(around(hits, i, 3, 0).behind, C.asking)) score *= 0.6;
    return { ...found, score: Math.min(0.85, score) };
  };
}
