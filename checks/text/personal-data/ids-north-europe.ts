import { isDate, isShortDate, luhn, part, weighted } from './checksums.ts';
import { type IdRule, id } from './rule.ts';

function fodselsnummer(c: string): boolean {
  const day = part(c, 0, 2) % 40;
  const month = part(c, 2, 2) % 40;
  if (!isShortDate(part(c, 4, 2), month, day)) return false;
  const first = (11 - (weighted(c, [3, 7, 6, 1, 8, 9, 4, 5, 2]) % 11)) % 11;
  const second = (11 - (weighted(c, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11)) % 11;
  return first === Number(c[9]) && second === Number(c[10]);
}

/** Coordination numbers add 60 to the day. */
function personnummer(c: string): boolean {
  const short = c.slice(-10);
  return (
    isShortDate(part(short, 0, 2), part(short, 2, 2), part(short, 4, 2) % 60) &&
    (c.length === 10 || /^(?:18|19|20)/.test(c)) &&
    luhn(short)
  );
}

function hetu(c: string): boolean {
  const number = Number(c.slice(0, 6) + c.slice(-4, -1));
  return (
    isShortDate(part(c, 4, 2), part(c, 2, 2), part(c, 0, 2)) &&
    '0123456789ABCDEFHJKLMNPRSTUVWXY'[number % 31] === c.at(-1)
  );
}

function kennitala(c: string): boolean {
  const check = (11 - (weighted(c, [3, 2, 7, 6, 5, 4, 3, 2]) % 11)) % 11;
  return (
    /[089]$/.test(c) && isShortDate(part(c, 4, 2), part(c, 2, 2), part(c, 0, 2)) && check === Number(c[8])
  );
}

/** Estonia and Lithuania share this scheme. */
function isikukood(c: string): boolean {
  const century = 1800 + 100 * Math.floor((Number(c[0]) - 1) / 2);
  if (!/^[1-6]/.test(c) || !isDate(century + part(c, 1, 2), part(c, 3, 2), part(c, 5, 2))) return false;
  let check = weighted(c, [1, 2, 3, 4, 5, 6, 7, 8, 9, 1]) % 11;
  if (check === 10) check = weighted(c, [3, 4, 5, 6, 7, 8, 9, 1, 2, 3]) % 11;
  return (check === 10 ? 0 : check) === Number(c[10]);
}

function latvian(c: string): boolean {
  const check = (1 + weighted(c, [10, 5, 8, 4, 2, 1, 6, 3, 7, 9])) % 11;
  return (
    isShortDate(part(c, 4, 2), part(c, 2, 2), part(c, 0, 2)) && check % 10 === Number(c[10]) && check < 11
  );
}

/** Northern Europe and the Baltic states. */
export const NORTH_EUROPE: readonly IdRule[] = [
  id(
    ['national-id-se', 'a Swedish personal number'],
    [
      '999999-9999@65|99999999-9999@85|9999999999|999999999999',
      'personnummer|person-nr|personnr|samordningsnummer|personal number',
    ],
    personnummer,
    { yes: ['811228-9874', 'personnummer 198112289874'], no: ['811228-9873', '19811328-9874'] },
  ),
  id(
    ['national-id-no', 'a Norwegian birth number'],
    ['999999 99999@85|99999999999@60', 'fødselsnummer|fodselsnummer|personnummer|fnr|d-nummer|fødselsnr'],
    fodselsnummer,
    { yes: ['fødselsnummer 15108695088', '151086 95088'], no: ['fødselsnummer 15108695077'] },
  ),
  id(
    ['national-id-dk', 'a Danish CPR number'],
    ['999999-9999@50|9999999999', 'cpr|cpr-nr|cpr-nummer|cprnr|personnummer'],
    (c) => isShortDate(part(c, 4, 2), part(c, 2, 2), part(c, 0, 2)),
    { yes: ['CPR 070761-4285', 'cpr-nr: 0707614285'], no: ['CPR 410761-4285'], checked: false },
  ),
  id(
    ['national-id-fi', 'a Finnish personal identity code'],
    [
      '999999-999A@92|999999A999A@85|999999+999A@92|999999-9999@60|999999A9999@80',
      'henkilötunnus|hetu|personbeteckning|henkilotunnus',
    ],
    hetu,
    { yes: ['131052-308T', 'hetu 131052-308T'], no: ['131052-308U', '131352-308T'] },
  ),
  id(['national-id-is', 'an Icelandic kennitala'], ['999999-9999@70|9999999999', 'kennitala|kt'], kennitala, {
    yes: ['kennitala 120174-3399', 'kt. 1201743399'],
    no: ['kennitala 120174-3389'],
  }),
  id(
    ['national-id-ee', 'an Estonian personal code'],
    ['99999999999@48', 'isikukood|personal code|ik'],
    isikukood,
    { yes: ['isikukood 37605030299'], no: ['isikukood 37605030298'] },
  ),
  id(
    ['national-id-lt', 'a Lithuanian personal code'],
    ['99999999999@48', 'asmens kodas|asmens kodą|personal code'],
    isikukood,
    { yes: ['asmens kodas 33309240064'], no: ['asmens kodas 33309240164'] },
  ),
  id(
    ['national-id-lv', 'a Latvian personal code'],
    ['999999-99999@80|99999999999', 'personas kods|personas kodu|pers. kods'],
    latvian,
    { yes: ['161175-19997', 'personas kods 16117519997'], no: ['161175-19987'] },
  ),
];
