import { isDate, isShortDate, luhn, part, verhoeff, weighted } from './checksums.ts';
import { type IdRule, id } from './rule.ts';

function residentId(c: string): boolean {
  if (!isDate(part(c, 6, 4), part(c, 10, 2), part(c, 12, 2)) || !/^[1-6][1-7]/.test(c)) return false;
  return '10X98765432'[weighted(c, [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]) % 11] === c[17];
}

const TAIWAN_LETTERS = 'ABCDEFGHJKLMNPQRSTUVXYWZIO';

function taiwanId(c: string): boolean {
  const letter = TAIWAN_LETTERS.indexOf(c[0] ?? '') + 10;
  return (
    /^[A-Z][1289]/.test(c) &&
    (Math.floor(letter / 10) + (letter % 10) * 9 + weighted(c.slice(1), [8, 7, 6, 5, 4, 3, 2, 1, 1])) % 10 ===
      0
  );
}

function hongKongId(c: string): boolean {
  const padded = c.padStart(9, ' ');
  let sum = 0;
  for (let i = 0; i < 8; i++) {
    const char = padded[i] ?? '';
    sum += (char === ' ' ? 36 : Number.parseInt(char, 36)) * (9 - i);
  }
  const check = (11 - (sum % 11)) % 11;
  return (check === 10 ? 'A' : String(check)) === padded[8];
}

function rrn(c: string): boolean {
  const century =
    { 1: 1900, 2: 1900, 3: 2000, 4: 2000, 5: 1900, 6: 1900, 7: 2000, 8: 2000, 9: 1800, 0: 1800 }[
      Number(c[6])
    ] ?? 0;
  const check = (11 - (weighted(c, [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]) % 11)) % 10;
  return isDate(century + part(c, 0, 2), part(c, 2, 2), part(c, 4, 2)) && check === Number(c[12]);
}

function myNumber(c: string): boolean {
  const rest = weighted(c, [6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
  return (rest <= 1 ? 0 : 11 - rest) === Number(c[11]);
}

const thaiId = (c: string): boolean =>
  /^[1-8]/.test(c) &&
  (11 - (weighted(c, [13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11)) % 10 === Number(c[12]);

function nric(c: string): boolean {
  const sum = weighted(c.slice(1), [2, 7, 6, 5, 4, 3, 2]) + (/^[TG]/.test(c) ? 4 : c[0] === 'M' ? 3 : 0);
  const letters = /^[ST]/.test(c) ? 'JZIHGFEDCBA' : c[0] === 'M' ? 'KLJNPQRTUWX' : 'XWUTRQPNMLK';
  const at = c[0] === 'M' ? 10 - (sum % 11) : sum % 11;
  return /^[STFGM]/.test(c) && letters[at] === c[8];
}

/** Places of birth that were never given out. */
const mykad = (c: string): boolean =>
  isShortDate(part(c, 0, 2), part(c, 2, 2), part(c, 4, 2)) &&
  !/^.{6}(?:00|17|18|19|20|69|7[0-1]|73|80|81|94|95|96|97)/.test(c);

const aadhaar = (c: string): boolean => /^[2-9]/.test(c) && verhoeff(c) && c !== [...c].toReversed().join('');
const pan = (c: string): boolean => /^[A-Z]{3}[ABCEFGHJKLPT][A-Z](?!0000)\d{4}[A-Z]$/.test(c);
const saId = (c: string): boolean =>
  isShortDate(part(c, 0, 2), part(c, 2, 2), part(c, 4, 2)) && /^.{10}[01]/.test(c) && luhn(c);
const tfn = (c: string): boolean => weighted(c, [1, 4, 3, 7, 5, 8, 6, 9, 10]) % 11 === 0;
const abn = (c: string): boolean =>
  c[0] !== '0' && (weighted(c, [10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]) - 10) % 89 === 0;
const medicare = (c: string): boolean =>
  /^[2-6]/.test(c) && weighted(c, [1, 3, 7, 9, 1, 3, 7, 9]) % 10 === Number(c[8]);

function ird(c: string): boolean {
  const padded = c.padStart(9, '0');
  const number = Number(padded);
  if (number < 10_000_000 || number > 150_000_000) return false;
  let check = (11 - (weighted(padded, [3, 2, 7, 6, 5, 4, 3, 2]) % 11)) % 11;
  if (check === 10) check = (11 - (weighted(padded, [7, 4, 3, 2, 5, 2, 7, 6]) % 11)) % 11;
  return check < 10 && check === Number(padded[8]);
}

/** Asia, Oceania, Israel and South Africa. */
export const ASIA_PACIFIC: readonly IdRule[] = [
  id(
    ['national-id-cn', 'a Chinese resident identity number'],
    ['999999999999999999@90|99999999999999999A@95', '身份证|身份证号|居民身份证|公民身份号码|resident id'],
    residentId,
    {
      yes: ['11010519491231002X', '身份证号：440308199901101512'],
      no: ['110105194912310021', '11010519491331002X'],
    },
  ),
  id(
    ['national-id-tw', 'a Taiwanese identity number'],
    ['A999999999@65', '身分證|身分證字號|統一編號|national id'],
    taiwanId,
    { yes: ['A123456789', '身分證 A800000014'], no: ['A123456788'] },
  ),
  id(
    ['national-id-hk', 'a Hong Kong identity card number'],
    ['A999999(9@88|AA999999(9@88|A999999(A@90|A9999999', 'hkid|hong kong identity|身份證|香港身份證'],
    hongKongId,
    { yes: ['A123456(3)', 'HKID A1234563'], no: ['A123456(4)'] },
  ),
  id(
    ['national-id-kr', 'a Korean resident registration number'],
    ['999999-9999999@85|9999999999999@50', '주민등록번호|주민번호|외국인등록번호|resident registration'],
    rrn,
    { yes: ['971013-9019902', '주민등록번호 9710139019902'], no: ['971013-9019903'] },
  ),
  id(
    ['national-id-jp', 'a Japanese My Number'],
    ['9999 9999 9999@45|9999-9999-9999@45|999999999999', 'マイナンバー|個人番号|my number|mynumber'],
    myNumber,
    { yes: ['マイナンバー 6214 9832 0257', 'My Number 621498320257'], no: ['マイナンバー 6214 9832 0258'] },
  ),
  id(
    ['national-id-th', 'a Thai identity number'],
    [
      '9-9999-99999-99-9@95|9999999999999@48|9 9999 99999 99 9@90',
      'เลขประจำตัวประชาชน|บัตรประชาชน|thai id|national id',
    ],
    thaiId,
    { yes: ['7-5006-60445-63-1', 'บัตรประชาชน 7500660445631'], no: ['7-5006-60445-63-2'] },
  ),
  id(['national-id-sg', 'a Singaporean NRIC or FIN'], ['A9999999A@82', 'nric|fin|identity card'], nric, {
    yes: ['S1234567D', 'NRIC S0000001I'],
    no: ['S1234567A', 'A1234567D'],
  }),
  id(
    ['national-id-my', 'a Malaysian identity number'],
    ['999999-99-9999@75|999999999999', 'mykad|kad pengenalan|ic number|nric|no. ic|ic no'],
    mykad,
    { yes: ['770305-02-1234', 'MyKad 770305021234'], no: ['771305-02-1234'], checked: false },
  ),
  id(
    ['national-id-in', 'an Indian Aadhaar number'],
    ['9999 9999 9999@60|9999-9999-9999@60|999999999999', 'aadhaar|aadhar|uidai|आधार'],
    aadhaar,
    { yes: ['Aadhaar 2341 2341 2346'], no: ['Aadhaar 2341 2341 2347'] },
  ),
  id(['tax-id-in', 'an Indian PAN'], ['AAAAA9999A@75', 'pan|permanent account|पैन'], pan, {
    yes: ['ABCPE1234F', 'PAN: ABCPK7284L'],
    no: ['ABCDZ1234F', 'ABCPE0000F'],
    checked: false,
  }),
  id(
    ['national-id-il', 'an Israeli identity number'],
    ['999999999|99999999-9@50', 'ת.ז.|ת״ז|תעודת זהות|מספר זהות|teudat zehut|israeli id'],
    luhn,
    { yes: ['ת.ז. 123456782', 'Teudat Zehut: 039337423'], no: ['ת.ז. 123456783'] },
  ),
  id(
    ['national-id-za', 'a South African identity number'],
    ['9999999999999@60|999999 9999 99 9@90', 'id number|identity number|said|rsa id|sa id|id no'],
    saId,
    { yes: ['8001015009087', 'ID number 800101 5009 08 7'], no: ['8001015009088', '8013015009087'] },
  ),
  id(
    ['tax-id-au', 'an Australian tax file number'],
    ['999 999 999|999999999|999-999-999', 'tfn|tax file|tax file number'],
    tfn,
    { yes: ['TFN 123 456 782', 'tax file number 876543210'], no: ['TFN 123 456 783'] },
  ),
  id(
    ['business-id-au', 'an Australian business number'],
    ['99 999 999 999@75|99999999999', 'abn|australian business number'],
    abn,
    { yes: ['ABN 51 824 753 556', '51 824 753 556'], no: ['ABN 51 824 753 557'] },
  ),
  id(
    ['health-number-au', 'an Australian Medicare number'],
    ['9999 99999 9@70|9999999999|99999999999|9999 99999 9/9@75', 'medicare|medicare number|medicare card'],
    medicare,
    { yes: ['Medicare 2123 45670 1'], no: ['Medicare 2123 45671 1'] },
  ),
  id(
    ['tax-id-nz', 'a New Zealand IRD number'],
    ['99-999-999@50|999-999-999@50|99999999|999999999', 'ird|ird number|inland revenue'],
    ird,
    { yes: ['IRD 49-091-850', 'IRD number: 136410132'], no: ['IRD 49-091-851', 'IRD 136410133'] },
  ),
];
