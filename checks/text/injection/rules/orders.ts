import type { Hit } from '../hits.ts';
import { C } from '../lexicon/index.ts';
import type { Page, Sign } from '../signs.ts';
import { doubt, has, vicinity } from '../signs.ts';
import type { Turn } from './patterns.ts';
import { CLOSE, strongestTurn } from './patterns.ts';

const rule = 'ordered';

/** Where an imperative stands: at the head of a clause, or behind a word that leads one in. */
const LEAD = String.raw`(?:^|[.!?:;,"'(\]>*\n–—-]\s{0,3}|\b(?:please|kindly|and|then|also|must|should|shall|always|instead|just|now|first|you)\s)`;
const ANSWER = String.raw`(?:final )?(?:summary|answers?|responses?|translation|output|solution|recommendation|code)`;
const DO = String.raw`(?:call|use|invoke|run|send|forward|reply|respond|answer|say|write|add|include|insert|append|tell|inform|mention|state|open|execute|delete|fetch|output|ignore|disregard|claim|recommend|print|translate|visit|omit|replace|approve|rate|mark|transfer|pay|export|upload|conceal|hide)`;
const STEP = String.raw`(?:answer|respond|reply|summari[sz]|translat|process|rewrit|paraphras|review|analy[sz]|pars|index|rank|render)`;

/** About the user: his question, what he is told, what he must not know, what is his. */
const USER: readonly Turn[] = [
  {
    rule,
    score: 0.66,
    pattern:
      /\b(?:ignor\w{0,3}|disregard\w{0,3}|forget|set aside|do(?: not|n'?t) (?:answer|fulfil|follow|complete|help with|address|do))\b[^.\n]{0,24}\b(?:user|reader|human)s?['’]?s?\b[^.\n]{0,12}?(?:question|request|quer(?:y|ies)|task|prompt|instruction|message|goal)/,
  },
  {
    rule,
    score: 0.6,
    pattern:
      /\binstead of (?:answering|helping|serving|doing what|what|following|fulfilling|replying to|responding to)[^.\n]{0,14}\b(?:user|human|reader)/,
  },
  {
    rule,
    score: 0.5,
    pattern: new RegExp(
      `${LEAD}(?:tell|inform|advise|convince|persuade|urge|assure|instruct|encourage)\\s(?:the |your |all |any )?(?:user|human|reader|viewer)s?\\s(?:that|to|their|about|this|it|of|he|she|:|["'“])`,
    ),
  },
  {
    rule,
    score: 0.5,
    pattern:
      /\b(?:do(?: not|n'?t)|never|without|avoid|must not|mustn'?t) (?:tell|mention|inform|notify|alert|disclos|reveal)\w{0,4}\b[^.\n]{0,30}\b(?:user|human)s?\b/,
  },
  {
    rule,
    score: 0.56,
    pattern:
      /\b(?:send|forward|e-?mail|mail|post|upload|transmit|submit|exfiltrate|append|attach|copy|share|export|leak|with the contents?)\b[^.\n]{0,40}\busers?['’]?s?['’]? (?:\w{1,14} ){0,2}(?:inbox|e-?mails?|messages|conversation|passwords?|contacts|api keys?|credentials|tokens?|files|documents|phone|location|history|iban|calendar|login|card|address)\b/,
  },
];

const USER_ELSEWHERE: readonly Turn[] = [
  {
    rule,
    score: 0.56,
    pattern:
      /\b(?:ignorier|vergiss|beantworte nicht)\w{0,3}[^.\n]{0,24}\b(?:frage|anfrage|auftrag|bitte) de[sr] (?:be)?nutzer|\b(?:sag|sage|teile|rate|empfiehl|antworte|erzahle?) de[mnr] (?:be)?nutzer|\bohne (?:es )?de[mn] (?:be)?nutzer/,
  },
  {
    rule,
    score: 0.56,
    pattern:
      /\b(?:ignore[rz]?|oublie[rz]?) (?:la question|la demande|les questions) de l['’ ]utilisat|\b(?:dis|dites|conseille|recommande|annonce|reponds|repondez) a l['’ ]utilisat|\bignor[ae] la (?:pregunta|peticion|solicitud) del usuario|\b(?:dile|digale|di|informa|recomienda|responde|aconseja)(?:le)? al usuario/,
  },
];

/** Claims the user's leave. */
const LEAVE: Turn = {
  rule: 'authority',
  score: 0.3,
  pattern:
    /\b(?:the |your )users? (?:has |have )?(?:already )?(?:approved|agreed|authori[sz]ed|consented|pre-?approved|granted)\b|\balready (?:agreed|approved|cleared|confirmed) (?:with|by) (?:the|your) user/,
};

/** About the answer: what is to stand in it. */
const REPLY: readonly Turn[] = [
  {
    rule,
    score: 0.52,
    pattern: new RegExp(
      `${LEAD}(?:include|add|append|insert|mention|put|state|embed|integrate|incorporate|weave|merge|blend|place|prepend|deploy|use|utili[sz]e)\\b[^.\\n]{0,90}\\b(?:in|into|to|of|with|throughout|within) your ${ANSWER}\\b|${LEAD}(?:in|at the end of) your ${ANSWER}, (?:please )?(?:suggest|include|mention|recommend|promote|add|say|state|tell|link)\\b|${LEAD}(?:integrate|weave|embed|incorporate)\\b[^.\\n]{0,90}\\bin(?:to)? your reply\\b`,
    ),
  },
  {
    rule,
    score: 0.47,
    pattern: new RegExp(
      `${LEAD}(?:begin|start|end|finish|close|conclude|preface|format|encode|translate|jumble|reverse|give|provide|deliver|write|limit)\\s(?:all |every |each )?(?:of )?your ${ANSWER}\\b`,
    ),
  },
  {
    rule,
    score: 0.5,
    pattern:
      /\b(?:include|add|append|insert|put|mention)\b[^.\n]{0,60}(?:https?:|www\.|link|"|“|')[^\n]{0,60}\b(?:in|into|to|of) your (?:reply|summary|answer|response|report|review)/,
  },
  {
    rule,
    score: 0.47,
    pattern:
      /\b(?:in|inside|into) (?:deine[rn]? (?:antwort|zusammenfassung)|ta reponse|ton resume|votre (?:reponse|resume)|tu (?:respuesta|resumen))\b/,
  },
];

/** About the moment: before the answer, while reading, in the course of a summary. */
const MOMENT: readonly Turn[] = [
  {
    rule,
    score: 0.52,
    pattern: new RegExp(
      `\\b(?:before|when|while|after|whenever|prior to|instead of) (?:you(?:'re| are)? )?${STEP}(?:ing|e|y|es)?\\b(?! to (?:this|my|our) (?:e-?mail|mail|message|letter|list))[^.\\n]{0,60}?[,:]\\s{0,3}(?:(?:please|first|you must|you should|also|always|make sure to|be sure to|then|do not|never|you need to) ){0,2}${DO}\\b`,
    ),
  },
  {
    rule,
    score: 0.5,
    pattern: new RegExp(
      `\\bif (?:you(?:'re| are) (?:asked|told) to |you )${STEP}(?:e|y)?\\b[^.\\n]{0,60}?[,:]\\s{0,3}(?:(?:please|first|you must|you should|also|always|make sure to|be sure to|then|instead) ){0,2}${DO}\\b`,
    ),
  },
  {
    rule,
    score: 0.5,
    pattern:
      /\b(?:bevor du|wenn du|sobald du)[^.\n]{0,40}(?:antwort|zusammenfass|ubersetz|beantwort)\w{0,5},\s(?:bitte )?(?:sende|schick|ruf|schreib|fuge|sag|antworte|losch|erwahn|leite|offne)|\bavant de (?:repondre|resumer|traduire)[^.\n]{0,20}, (?:envoie|appelle|ecris|ajoute|dis|utilise|supprime)|\bantes de (?:responder|resumir|traducir)[^.\n]{0,20}, (?:envia|llama|escribe|anade|di|usa|borra)/,
  },
];

/** About tools. */
const TOOL: readonly Turn[] = [
  {
    rule,
    score: 0.4,
    pattern: new RegExp(
      `${LEAD}(?:call|invoke|execute|use|run|trigger)\\s(?:the |your )?["'\`]?[a-z]{2,20}[_-][a-z_-]{2,30}["'\`]?\\s(?:tool|function|plugin|action)\\b\\s?(?:with|to|and|on|for|using|,)`,
    ),
  },
  {
    rule,
    score: 0.5,
    pattern:
      /\b(?:next step is|you must|you should|please|instead|now|then|immediately) (?:to )?(?:call|invoke|execute) ["'`]?[a-z]{2,20}_[a-z_]{2,30}["'`]? (?:with|to|on|for)\b/,
  },
  {
    rule,
    score: 0.42,
    pattern: new RegExp(
      `${LEAD}(?:call|invoke|execute) ["'\`]?[a-z]{2,20}_[a-z_]{2,30}["'\`]? (?:with|to|on|for)\\b`,
    ),
  },
];

/** About the task: another one in place of the one that was given. */
const TASK: readonly Turn[] = [
  {
    rule: 'override',
    score: 0.6,
    pattern:
      /\bregardless of (?:(?:any|all|the|other) ){0,2}(?:(?:your|previous|prior|earlier|original|given|system|pre-?existing) ){1,2}(?:instructions|rules|guidelines|prompts?)\b|\bno matter what (?:you were told|your instructions|they told you|the user)/,
  },
  {
    rule: 'override',
    score: 0.56,
    pattern:
      /\binstead of (?:(?:doing|following|completing|performing) )?(?:the|your) (?:original|previous|given|assigned|actual|initial) (?:tasks?|instructions?|question|request|prompt)\b/,
  },
  {
    rule,
    score: 0.5,
    pattern:
      /\b(?:real|actual) (?:question|request) is (?:different|not|this|as follows|:)|\banswer this (?:one|question) instead/,
  },
  {
    rule,
    score: 0.5,
    pattern:
      /\b(?:rate|rank|score|grade|recommend|approve|accept|shortlist|mark|classify|label) (?:this|the) (?:candidate|applicant|paper|submission|cv|resume|application|manuscript|essay|thesis|proposal|invoice|claim|bid|listing|vendor|supplier|student|site|page)\b[^.\n]{0,30}\b(?:as (?:excellent|outstanding|approved|safe|the best|the top|benign|legitimate|paid|qualified|exceptional|strong|a perfect|highly)|10|ten out|five stars|full marks|top|highest|first|highly|above all|strong(?:ly)?|for (?:the )?(?:hire|interview|acceptance)|regardless|without (?:further|any|review|check))/,
  },
];

/** About the answer, from afar: what the summary must say, what to answer to questions. */
const RESULT: readonly Turn[] = [
  {
    rule,
    score: 0.54,
    pattern:
      /\b(?:make sure|ensure|see to it) (?:that )?(?:the|your) (?:translation|summary|answer|response|reply|output) (?:ends?|begins?|starts?|contains?|includes?|mentions?|says|states)\b/,
  },
  {
    rule,
    score: 0.48,
    pattern:
      /\bthe (?:summary|translation|response) (?:of (?:this|the) \w{1,14} )?(?:must|should|shall) (?:only |always |also )?(?:consist of|contain|include|end with|begin with|start with|state|say|mention|read)\b/,
  },
  {
    rule,
    score: 0.54,
    pattern:
      /\bdo(?: not|n'?t) (?:summari[sz]e|translate)\b[^\n.]{0,30}[.,;:]\s{0,3}(?:please |instead,? |just |but |rather )?(?:write|reply|say|output|tell|print|answer|respond|send|give)\b/,
  },
  {
    rule,
    score: 0.5,
    pattern:
      /\b(?:when|if|whenever) (?:you(?:'re| are) )?asked (?:about|why|whether|who|what|which|how)[^.\n]{0,60}, (?:always |only |please |just )?(?:say|answer|reply|claim|tell|recommend|state|deny|respond|pretend|insist)\b/,
  },
  {
    rule,
    score: 0.5,
    pattern:
      /\bwhenever [^,.\n]{3,50}\b(?:is|are|comes?|was) (?:discussed|mentioned|asked|brought up|up)\b[^,.\n]{0,14}, (?:only |always |please |first )?(?:recommend|advise|say|answer|reply|tell|claim|mention|suggest|promote|send|add|hide)\b/,
  },
  {
    rule,
    score: 0.56,
    pattern:
      /\btreat (?:the|all|any) (?:content|contents|text|instructions?|following)\b[^.\n]{0,40}\bas (?:coming from|if (?:it|they) came from|written by|an order|orders|instructions|system)\b/,
  },
  {
    rule,
    score: 0.52,
    pattern:
      /\b(?:ignore|skip|disregard|drop) the rest of the (?:plan|task|instructions|prompt)\b[^.\n]{0,4}(?:and|,|\.|;)/,
  },
];

const GROUPS: readonly (readonly [RegExp, readonly Turn[]])[] = [
  [/^(?:user|reader|viewer|the human)/, [...USER, LEAVE]],
  [/^(?:nutzer|benutzer|anwender|utilisat|usuari)/, USER_ELSEWHERE],
  [/^(?:your |dein|ta |ton |votre |tu |su )/, REPLY],
  [/^(?:the |do |dont|when asked|if asked|whenever|treat|rest)/, RESULT],
  [
    /^(?:answering|responding|replying|summ|transl|process|when|before|if |while|once|after|bev|wenn|sobald|avant|lors|quand|antes|cuando)/,
    MOMENT,
  ],
  [/^(?:tool|function|call|invoke|execute|correct)/, TOOL],
];

/** Says that somebody does so, or does not, and orders nothing. */
const TOLD_OF =
  /\b(?:we|i|they|it|he|she|never|not|don'?t|cannot|can'?t|may|might|can|could|will|would|to) (?:also |often |then )?$/;

/**
 * Orders about the user, the answer or the tools: a document that gives them was not written for its reader. Looks at
 * the hits of one page in their order; anchors that crowd are looked at once, which bounds the time.
 */
export function orderReader(page: Page): (i: number) => Sign | null {
  const { hits, text } = page;
  const last = new Map<readonly Turn[], number>();
  return (i) => {
    const { start, end } = hits[i] as Hit;
    const anchor = text.slice(start, Math.min(end, start + 16));
    const group = GROUPS.find(([pattern]) => pattern.test(anchor))?.[1] ?? TASK;
    if (start - (last.get(group) ?? -CLOSE) < CLOSE) return null;
    last.set(group, start);
    const found = strongestTurn(page, i, group);
    if (found === null) return null;
    const near = vicinity(hits, i, 16);
    let { score } = found;
    if (has(near, C.conceal)) score += 0.1;
    if (has(near, C.override)) score += 0.05;
    if (has(near, C.mention)) score -= 0.06;
    if (TOLD_OF.test(text.slice(Math.max(0, found.start - 24), found.start))) score *= 0.45;
    return { ...found, score: found.rule === 'override' ? score * doubt(page, i) : Math.min(0.85, score) };
  };
}
