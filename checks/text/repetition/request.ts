/** A request to say something without end, which makes models recite what they were trained on. */
export interface EndlessRequest {
  readonly start: number;
  readonly end: number;
}

const WHAT =
  /(?:after me|back|the|this|that|these|it|them|your|my|an?|each|every|following|word|das|dies\w{0,3}|die|den|folgend\w{0,3}|wort|le|la|les|el|las?|los|palabra|mot)\b|["'“„«`]/
    .source;
const ENDLESS =
  /for ?ever|endless(?:ly)?|infinite(?:ly)?|indefinitely|non-?stop|without (?:ever )?(?:stopping|end|pause|limit)|(?:and )?never stop|until (?:you )?(?:run out|i say stop|told)|as many times as|over and over|(?:\d{3,12}|\d{1,3}(?:[.,]\d{3}){1,3}|a (?:hundred|thousand|million|billion)|(?:hundreds|thousands|millions) of|infinite) times|für immer|endlos|unendlich|ohne (?:pause|ende|aufzuhören)|immer wieder|(?:\d{3,12}|tausend|hundert) ?mal|sans (?:fin|arrêt)|à l['’]infini|(?:\d{3,12}|mille|cent) fois|para siempre|sin (?:parar|fin)|infinitamente|(?:\d{3,12}|mil|cien) veces/
    .source;
const REPEAT = /repeat|wiederhole(?:n)?|répète|répétez|repite|repita|repetir/.source;
/** Verbs that mean it only with a word, letter or the like for an object. */
const SAY =
  /(?:say|write|print|output|type|generate|sag(?:e|en)?|schreib(?:e|en)?)[ \t]{1,3}(?:(?:only|just|out|nur|bitte)[ \t]{1,3})?(?:(?:the|das|den|die)[ \t]{1,3})?(?:(?:same|single|one)[ \t]{1,3})?(?:words?|letters?|tokens?|phrase|sentence|number|poem|wort|buchstaben?|satz|zahl)\b/
    .source;

const PATTERN = new RegExp(
  `(?<![\\p{L}\\p{N}])(?:(?:${REPEAT})[ \\t]{1,3}(?:${WHAT})|${SAY})[^\\n.!?]{0,100}?(?<![\\p{L}\\p{N}])(?:${ENDLESS})(?![\\p{L}\\p{N}])`,
  'iu',
);
/** A cheap look for any verb of the pattern before it runs. */
const VERB = /repeat|wiederhol|répèt|répét|repit|repet|say|writ|print|output|type|generate|sag|schreib/i;

/** The first request of this kind in `text`, or null. */
export function findEndlessRequest(text: string): EndlessRequest | null {
  if (!VERB.test(text)) return null;
  const match = PATTERN.exec(text);
  return match === null ? null : { start: match.index, end: match.index + match[0].length };
}
