import { decimalMod, isDate, isShortDate, luhn, mod11_10, part, verhoeff, weighted } from './checksums.ts';
import { type IdRule, id } from './rule.ts';

const CHECK_LETTERS_ES = 'TRWAGMYFPDXBNJZSQVHLCKE';
const ODD_IT = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];

/** Fiscal codes replace digits by letters where two people would share one. */
function codiceFiscale(c: string): boolean {
  if (!/^[A-Z]{6}[0-9LMNPQRSTUV]{2}[ABCDEHLMPRST][0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{3}[A-Z]$/.test(c))
    return false;
  let sum = 0;
  for (let i = 0; i < 15; i++) {
    const code = c.charCodeAt(i);
    const value = code >= 65 ? code - 65 : code - 48;
    sum += i % 2 === 0 ? (ODD_IT[value] ?? 0) : value;
  }
  return String.fromCharCode(65 + (sum % 26)) === c[15];
}

/** Weights 7-3-1 over letters and digits, as on machine-readable travel documents (ICAO 9303). */
function icaoCheck(c: string): boolean {
  let sum = 0;
  for (let i = 0; i < c.length - 1; i++) sum += Number.parseInt(c[i] ?? '', 36) * ([7, 3, 1][i % 3] ?? 0);
  return sum % 10 === Number(c.at(-1));
}

/** French departments: Corsica's 2A and 2B stand for 19 and 18 in the sum. */
function nir(c: string): boolean {
  const month = Number(c.slice(3, 5));
  if (!/^[12378]/.test(c) || !((month >= 1 && month <= 12) || (month >= 20 && month <= 42))) return false;
  const number = c.slice(0, 13).replace('2A', '19').replace('2B', '18');
  return /^\d{13}$/.test(number) && 97 - decimalMod(number, 97) === part(c, 13, 2);
}

function steuerId(c: string): boolean {
  const counts = Array.from(c.slice(0, 10)).reduce(
    (map, digit) => map.set(digit, (map.get(digit) ?? 0) + 1),
    new Map<string, number>(),
  );
  const repeated = [...counts.values()].filter((count) => count > 1);
  // Exactly one digit occurs twice or three times in the first ten.
  return c[0] !== '0' && repeated.length === 1 && (repeated[0] ?? 9) <= 3 && mod11_10(c);
}

/** The second letter weighs nine; W and T of the old form do not count. */
function ppsCheck(c: string): boolean {
  const second = 'WABCDEFGHI'.indexOf(c.length === 9 ? (c[8] ?? '').replace('T', 'W') : 'W');
  const sum = weighted(c, [8, 7, 6, 5, 4, 3, 2]) + 9 * second;
  return second >= 0 && 'WABCDEFGHIJKLMNOPQRSTUV'[sum % 23] === c[7];
}

const bsn = (c: string): boolean => c !== '000000000' && weighted(c, [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 === 0;

function nhs(c: string): boolean {
  const check = 11 - (weighted(c, [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11);
  return (check === 11 ? 0 : check) === Number(c[9]);
}

function belgian(c: string): boolean {
  const check = part(c, 9, 2);
  const month = part(c, 2, 2) % 20;
  const dated =
    (part(c, 4, 2) === 0 || month === 0 || isShortDate(part(c, 0, 2), month, part(c, 4, 2))) &&
    part(c, 2, 2) < 60;
  return (
    dated &&
    (97 - decimalMod(c.slice(0, 9), 97) === check || 97 - decimalMod(`2${c.slice(0, 9)}`, 97) === check)
  );
}

function svnr(c: string): boolean {
  const check = weighted(c, [3, 7, 9, 0, 5, 8, 4, 2, 1, 6]) % 11;
  return (
    c[0] !== '0' && part(c, 6, 2) <= 31 && part(c, 4, 2) >= 1 && part(c, 4, 2) <= 31 && check === Number(c[3])
  );
}

const ean13 = (c: string): boolean =>
  (10 - (weighted(c, [1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3]) % 10)) % 10 === Number(c[12]);

function nif(c: string): boolean {
  const check = 11 - (weighted(c, [9, 8, 7, 6, 5, 4, 3, 2]) % 11);
  return /^(?:[1235689]|45)/.test(c) && (check >= 10 ? 0 : check) === Number(c[8]);
}

/** A letter, six letters or digits, two digits, and the check digit where it is written. */
const IDENTITY_CARD_SHAPES = Array.from({ length: 64 }, (_, bits) => {
  const middle = Array.from({ length: 6 }, (_unused, i) => ((bits >> i) & 1 ? 'A' : '9')).join('');
  return `A${middle}99|A${middle}999`;
}).join('|');

/** Western Europe. */
export const WEST_EUROPE: readonly IdRule[] = [
  id(
    ['national-insurance-gb', 'a UK National Insurance number'],
    ['AA999999A@75|AA 99 99 99 A@85', 'national insurance|ni number|nino|ni no'],
    (c) => /^(?!BG|GB|KN|NK|NT|TN|ZZ)[ABCEGHJ-PRSTW-Z][ABCEGHJ-NPRSTW-Z]\d{6}[A-D]$/.test(c),
    { yes: ['NINO AB123456C', 'AB 12 34 56 C'], no: ['BG123456C', 'NINO AB123456E'], checked: false },
  ),
  id(
    ['health-number-gb', 'an NHS number'],
    [
      '999 999 9999@55|999-999-9999@30|9999999999',
      'nhs|nhs number|nhs no|health service number|patient number',
    ],
    nhs,
    { yes: ['NHS number: 943 476 5919'], no: ['NHS number: 943 476 5918'] },
  ),
  id(
    ['tax-id-de', 'a German tax id'],
    [
      '99 999 999 999@80|99999999999',
      'steuer-id|steuerid|steuer id|steueridentifikationsnummer|identifikationsnummer|idnr|tin|steuernummer|tax id',
    ],
    steuerId,
    { yes: ['Steuer-ID 86095742719', '86 095 742 719'], no: ['Steuer-ID 86095742718'] },
  ),
  id(
    ['identity-card-de', 'a German identity card number'],
    [
      IDENTITY_CARD_SHAPES,
      'personalausweis|ausweisnummer|personalausweisnummer|ausweis-nr|reisepass|identity card',
    ],
    (c) => /^[CFGHJKLMNPRTVWXYZ][CFGHJKLMNPRTVWXYZ0-9]{8}\d?$/.test(c) && (c.length < 10 || icaoCheck(c)),
    {
      yes: ['Personalausweis L01X00T471', 'Ausweisnummer: T220001293'],
      no: ['Personalausweis L01X00T472', 'Ausweisnummer A220001293'],
      checked: false,
    },
  ),
  id(
    ['national-id-fr', 'a French social security number'],
    [
      '999999999999999@75|9 99 99 99 999 999 99@90|9 99 99 99 999 999 99@90|99999A999999999@75|9999999999999 99@80',
      'nir|numéro de sécurité sociale|sécurité sociale|securite sociale|n° sécu|insee|carte vitale',
    ],
    nir,
    {
      yes: ['255081416802538', 'NIR 2 55 08 14 168 025 38'],
      no: ['255081416802539', 'NIR 2 55 08 14 168 025 37'],
    },
  ),
  id(
    ['national-id-es', 'a Spanish DNI'],
    ['99999999A@75|99999999-A@85|99.999.999-A@90', 'dni|nif|documento nacional|identidad'],
    (c) => CHECK_LETTERS_ES[Number(c.slice(0, 8)) % 23] === c[8],
    { yes: ['12345678Z', 'DNI: 54362315K'], no: ['12345678A', 'DNI: 54362315L'] },
  ),
  id(
    ['foreigner-id-es', 'a Spanish NIE'],
    ['A9999999A@80|A-9999999-A@90', 'nie|número de identidad de extranjero|extranjero'],
    (c) =>
      /^[XYZ]/.test(c) && CHECK_LETTERS_ES[Number('XYZ'.indexOf(c[0] ?? '') + c.slice(1, 8)) % 23] === c[8],
    { yes: ['X2482300W', 'NIE X1234567L'], no: ['X2482300A', 'NIE A2482300W'] },
  ),
  id(
    ['national-id-it', 'an Italian fiscal code'],
    ['AAAAAA99A99A999A@95', 'codice fiscale|c.f.|cf'],
    codiceFiscale,
    {
      yes: ['RSSMRA85T10A562S', 'codice fiscale RSSMRA85T10A562S'],
      no: ['RSSMRA85T10A562T', 'RSSMRA85T10A563S'],
    },
  ),
  id(
    ['tax-id-pt', 'a Portuguese tax number'],
    ['999999999|999 999 999', 'nif|contribuinte|número de contribuinte|número fiscal|numero fiscal'],
    nif,
    { yes: ['NIF 123456789', 'contribuinte 501964843'], no: ['NIF 123456780'] },
  ),
  id(
    ['national-id-nl', 'a Dutch citizen number'],
    ['999999999|9999.99.999@60|9999 99 999', 'bsn|burgerservicenummer|sofinummer|burger service'],
    bsn,
    { yes: ['BSN 111222333', 'burgerservicenummer: 123456782'], no: ['BSN 111222334'] },
  ),
  id(
    ['national-id-be', 'a Belgian national number'],
    [
      '99.99.99-999.99@92|99999999999@45|999999 999 99@60',
      'rijksregisternummer|rijksregister|registre national|numéro national|nationalregister|nrn|insz|niss',
    ],
    belgian,
    { yes: ['85.07.30-033.28', 'rijksregisternummer 85073003328'], no: ['85.07.30-033.29'] },
  ),
  id(
    ['national-id-at', 'an Austrian social insurance number'],
    [
      '9999 999999@60|9999999999|9999-999999@50',
      'svnr|sozialversicherungsnummer|sv-nummer|svnummer|versicherungsnummer|e-card',
    ],
    svnr,
    { yes: ['SVNR 1237 010180', 'Sozialversicherungsnummer 1237010180'], no: ['SVNR 2237 010180'] },
  ),
  id(
    ['national-id-ch', 'a Swiss AHV number'],
    [
      '999.9999.9999.99@95|9999999999999@80|999 9999 9999 99@90',
      'ahv|avs|ahv-nummer|ahvn13|numéro avs|numero avs|sozialversicherungsnummer',
    ],
    (c) => c.startsWith('756') && ean13(c),
    { yes: ['756.9217.0769.85', 'AHV 7569217076985'], no: ['756.9217.0769.84', '757.9217.0769.85'] },
  ),
  id(
    ['national-id-ie', 'an Irish PPS number'],
    ['9999999A@60|9999999AA@70', 'pps|ppsn|pps number|personal public service'],
    ppsCheck,
    { yes: ['PPS 1234567T', 'PPSN: 1234567FA'], no: ['PPS 1234567U'] },
  ),
  id(
    ['national-id-lu', 'a Luxembourg national number'],
    ['9999999999999@45', 'matricule|identifikationsnummer|numéro d’identification|cnss'],
    (c) =>
      isDate(part(c, 0, 4), part(c, 4, 2), part(c, 6, 2)) &&
      luhn(c.slice(0, 12)) &&
      verhoeff(c.slice(0, 11) + c[12]),
    {
      yes: ['matricule 1893120105732'],
      no: ['matricule 1893120105742'],
    },
  ),
];
