import { isDate } from './checksums.ts';
import type { Cluster, Find } from './clusters.ts';
import { eachRun } from './clusters.ts';
import { contextWords } from './rule.ts';

const BIRTH_CONTEXT = contextWords(
  'born|date of birth|birth date|birthdate|birthday|dob|d.o.b.|geboren|geburtsdatum|geb.|geburtstag|né le|née le|né|née|date de naissance|naissance|nacido|nacida|fecha de nacimiento|nacimiento|nato|nata|nato il|nata il|data di nascita|nascido|nascida|data de nascimento|nascimento|geboortedatum|data urodzenia|urodzony|urodzona|fødselsdato|født|födelsedatum|född|syntymäaika|syntynyt|dátum narození|datum narození|narozen|narozena|születési|дата рождения|родился|родилась|дата народження|doğum tarihi|ημερομηνία γέννησης|生年月日|出生日期|出生|生日|생년월일|วันเกิด',
);
const MONTHS =
  'jan(?:uary|uar|vier|eiro|uari)?|ene(?:ro)?|feb(?:ruary|ruar|rero|braio|ruari)?|f[ée]v(?:rier|ereiro)?|mar(?:ch|s|zo|ço)?|märz|maart|apr(?:il|ile)?|avr(?:il)?|abr(?:il)?|may|mai|mayo|maio|maggio|mei|june?|juni|juin|junio|junho|giu(?:gno)?|july?|juli|juil(?:let)?|julio|julho|lug(?:lio)?|aug(?:ust|ustus)?|août|ago(?:sto)?|sep(?:t|tember|tembre|tiembre)?|set(?:embro|tembre)?|oct(?:ober|obre)?|okt(?:ober)?|out(?:ubro)?|ott(?:obre)?|nov(?:ember|embre|iembre|embro)?|dec(?:ember)?|dez(?:ember|embro)?|d[ée]c(?:embre)?|dic(?:iembre|embre)?';
const DAY_MONTH_YEAR = new RegExp(
  `\\d{1,2}(?:st|nd|rd|th|\\.|º)?(?: (?:of|de))? (?:${MONTHS})\\.?,?(?: (?:of|de|del))? (\\d{4})(?!\\d)`,
  'iy',
);
const MONTH_BEFORE = new RegExp(`(?<!\\p{L})(?:${MONTHS})\\.? $`, 'iu');
const DAY_YEAR_AFTER = /\d{1,2}(?:st|nd|rd|th)?,? (\d{4})(?!\d)/y;
const EAST_ASIAN = /(\d{4})\s?[年년]\s?(\d{1,2})\s?[月월]\s?(\d{1,2})\s?[日일]/y;
/** The beginning of a written date at the end of a growing text. */
const UNFINISHED = new RegExp(
  `(?:\\d{1,2}(?:st|nd|rd|th|\\.|º)?(?: (?:of|de))?(?: (?:${MONTHS})\\.?,?(?: (?:of|de|del))?)?|(?<!\\p{L})(?:${MONTHS})\\.?(?: \\d{1,2}(?:st|nd|rd|th)?,?)?|\\d{4}\\s?[年년](?:\\s?\\d{1,2}\\s?[月월]?)?(?:\\s?\\d{1,2})?) ?$`,
  'iu',
);

const NUMERIC = /^(?:\d{4}([-./])\d{1,2}\1\d{1,2}|\d{1,2}([-./])\d{1,2}\2(?:\d{4}|\d{2}))$/;

/** Day and month in either order; years of people who may be alive. */
function isBirthDate(written: string): boolean {
  const [a = 0, b = 0, c = 0] = written.split(/[-./]/).map(Number);
  if (written.search(/[-./]/) === 4) return a >= 1900 && isDate(a, b, c);
  const year = c < 100 ? (c > 30 ? 1900 + c : 2000 + c) : c;
  return year >= 1900 && (isDate(year, b, a) || isDate(year, a, b));
}

const birthDate = (start: number, end: number): Find => ({
  start,
  end,
  kind: 'birth-date',
  score: 0.85,
  title: 'a date of birth',
});

function writtenDate(text: string, start: number): Find | null {
  for (const pattern of [DAY_MONTH_YEAR, EAST_ASIAN]) {
    pattern.lastIndex = start;
    const match = pattern.exec(text);
    if (match !== null && Number(match[1]) >= 1900 && Number(match[1]) < 2100)
      return birthDate(start, start + match[0].length);
  }
  const month = MONTH_BEFORE.exec(text.slice(Math.max(0, start - 14), start));
  if (month === null) return null;
  DAY_YEAR_AFTER.lastIndex = start;
  const match = DAY_YEAR_AFTER.exec(text);
  return match === null || Number(match[1]) < 1900 || Number(match[1]) > 2100
    ? null
    : birthDate(start - month[0].length, start + match[0].length);
}

/** Dates of birth: a date after words that name it as one. */
export function findBirthDates(text: string, cluster: Cluster, finds: Find[]): void {
  const dates: Find[] = [];
  eachRun(cluster, 3, (shape, start, end) => {
    if (shape.length < 6 || shape.length > 10) return;
    const written = text.slice(start, end);
    if (NUMERIC.test(written) && isBirthDate(written)) dates.push(birthDate(start, end));
  });
  for (const part of cluster.parts) {
    const find = part.shape.length <= 4 ? writtenDate(text, part.start) : null;
    if (find !== null) dates.push(find);
  }
  if (dates.length === 0 || !BIRTH_CONTEXT.test(text.slice(Math.max(0, cluster.start - 40), cluster.start)))
    return;
  finds.push(...dates);
}

/** Start of a date that the end of a growing text leaves open, else its length. */
export function unfinishedDateFrom(text: string, settled: number): number {
  const offset = Math.max(0, settled - 48);
  const match = UNFINISHED.exec(text.slice(offset, settled));
  return match === null ? text.length : offset + match.index;
}
