import type { Find } from './clusters.ts';

const NAME =
  /\p{Lu}[\p{L}'’-]{1,24}(?:(?: (?:van|von|der|den|de|del|da|dos|di|la|le|bin|ibn|al|el|zu|ter|y)){0,2} \p{Lu}(?:\.|[\p{L}'’-]{1,24})){0,4}(?![\p{L}\d])/uy;
const SPOKEN = [
  ' name is ',
  ' name’s ',
  " name's ",
  ' heiße ',
  ' heisse ',
  'Name ist ',
  '’appelle ',
  "'appelle ",
  'nom est ',
  ' llamo ',
  'nombre es ',
  ' chiamo ',
  'nome è ',
  ' chamo ',
  'nome é ',
  'naam is ',
  'heter ',
  'hedder ',
  'nazywam się ',
] as const;
/** All of them end in a blank, so they are looked for at blanks, by the two characters before. */
const SPOKEN_BY_END = (() => {
  const table = new Map<number, string[]>();
  for (const phrase of SPOKEN) {
    const key = endKey(phrase, phrase.length - 1);
    table.set(key, [...(table.get(key) ?? []), phrase]);
  }
  return table;
})();
const BLANK = 32;

function endKey(text: string, blank: number): number {
  return text.charCodeAt(blank - 2) * 0x10000 + text.charCodeAt(blank - 1);
}

/** Words before `name is` that make it the name of a thing. */
const THING_BEFORE =
  /(?:product|file|company|brand|app|project|city|street|domain|host|user|variable|function|class|table|column|package|model|code|display|server|repo|branch|dog|cat|team|game|book|song|movie|country)['’s]{0,2}$/i;
const LABEL =
  /(?:^|[\n;,|([{•*-]\s{0,3})["*_]{0,2}(?:patient(?:in)?|full[ _]?name|patient[ _]name|customer(?:[ _]name)?|client[ _]name|candidate(?:[ _]name)?|employee(?:[ _]name)?|applicant|insured|account[ _]holder|cardholder(?:[ _]name)?|beneficiary|contact[ _]person|name|vorname|nachname|ansprechpartner|versicherter|mitarbeiter(?:in)?|nom(?: complet)?|prénom|nombre(?: completo)?|paciente|paziente|nome(?: completo)?|cognome|naam|patiënt|imię i nazwisko|namn|navn|nimi)["*_]{0,2}\s?$/iu;
/** In data, a quoted bare `name` is as often a thing's. */
const QUOTED_NAME = /["'`]name["'`]?\s?$/;
const NOT_A_NAME =
  /^(?:Required|None|Unknown|Not|The|Your|My|This|That|See|Enter|Please|Optional|String|Example|Name|First|Last|Full|Test|User|Admin|Yes|No|Any|All|New|Default|N\/A|What|Who|Here|There|It|If|To|In|On|For|And)(?![\p{L}])/u;

const person = (start: number, end: number, score: number): Find => ({
  start,
  end,
  kind: 'person-name',
  score,
  title: 'a person’s name',
});

function nameAt(text: string, at: number): number {
  NAME.lastIndex = at;
  const match = NAME.exec(text);
  return match === null || NOT_A_NAME.test(match[0]) ? -1 : at + match[0].length;
}

const skipGap = (text: string, at: number): number => {
  let from = at;
  while (from - at < 4 && /[ \t"'*_]/.test(text[from] ?? '')) from++;
  return from;
};

/** Places right after the words that announce a name, from `floor` on; spoken ones need one word, labels two. */
function announcements(
  text: string,
  floor: number,
  colons: readonly number[],
): { at: number; words: number }[] {
  const found: { at: number; words: number }[] = [];
  for (let i = floor + 2; i < text.length; i++) {
    if (text.charCodeAt(i) !== BLANK) continue;
    const phrases = SPOKEN_BY_END.get(endKey(text, i));
    if (phrases === undefined) continue;
    for (const phrase of phrases) {
      const at = i + 1 - phrase.length;
      if (at < floor || !text.startsWith(phrase, at)) continue;
      if (!THING_BEFORE.test(text.slice(Math.max(0, at - 24), at))) found.push({ at: i + 1, words: 1 });
    }
  }
  for (const colon of colons) {
    const before = text.slice(Math.max(0, colon - 32), colon);
    if (LABEL.test(before) && !QUOTED_NAME.test(before))
      found.push({ at: skipGap(text, colon + 1), words: 2 });
  }
  return found;
}

/** Names of persons after words that announce one: "my name is …", "Patient: …". `colons` are their offsets. */
export function findNames(text: string, colons: readonly number[], finds: Find[]): void {
  for (const { at, words } of announcements(text, 0, colons)) {
    const end = nameAt(text, at);
    if (end >= 0 && (words === 1 || text.slice(at, end).includes(' ')))
      finds.push(person(at, end, words === 1 ? 0.8 : 0.75));
  }
}

/** Start of an announced name that reaches the end of a growing text, else its length. */
export function unfinishedNameFrom(text: string, settled: number): number {
  const floor = Math.max(0, settled - 240);
  const colons: number[] = [];
  for (let at = text.indexOf(':', floor); at >= 0; at = text.indexOf(':', at + 1)) colons.push(at);
  let from = text.length;
  for (const { at } of announcements(text, floor, colons)) {
    if (at > settled || from <= at) continue;
    const rest = text.slice(at, settled);
    if (
      rest.length < 160 &&
      /^(?:(?:\p{Lu}[\p{L}'’.-]{0,24}|van|von|der|den|de|del|da|dos|di|la|le|bin|ibn|al|el|zu|ter|y) ){0,8}$/u.test(
        rest,
      )
    )
      from = at;
  }
  return from;
}
