import { decimalMod, isDate, isShortDate, luhn, mod11_10, part, weighted } from './checksums.ts';
import { type IdRule, id } from './rule.ts';

/** The century is coded in the month: +80 for 18xx, +20 for 20xx, +40 and +60 for later ones. */
function pesel(c: string): boolean {
  const coded = part(c, 2, 2);
  const century = [1900, 2000, 2100, 2200, 1800][Math.floor(coded / 20)] ?? 0;
  const year = century + part(c, 0, 2);
  return (
    year < 2100 &&
    isDate(year, coded % 20, part(c, 4, 2)) &&
    (10 - (weighted(c, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3]) % 10)) % 10 === Number(c[10])
  );
}

const nip = (c: string): boolean =>
  weighted(c, [6, 5, 7, 2, 3, 4, 5, 6, 7]) % 11 === Number(c[9]) && !c.startsWith('00');

/** Months are shifted by 50 for women, and by 20 where a day's numbers ran out. */
function rodneCislo(c: string): boolean {
  const month = (part(c, 2, 2) % 50) % 20;
  if (!isShortDate(part(c, 0, 2), month, part(c, 4, 2))) return false;
  const check = decimalMod(c.slice(0, 9), 11) % 10;
  return c.length === 10 && check === Number(c[9]) && c.slice(6, 9) !== '000';
}

function hungarianTax(c: string): boolean {
  return c[0] === '8' && weighted(c, [1, 2, 3, 4, 5, 6, 7, 8, 9]) % 11 === Number(c[9]);
}

function hungarianSocial(c: string): boolean {
  return weighted(c, [3, 7, 3, 7, 3, 7, 3, 7]) % 10 === Number(c[8]);
}

function cnp(c: string): boolean {
  const century = [1900, 1900, 1800, 1800, 2000, 2000, 1900, 1900][Number(c[0]) - 1];
  if (century === undefined || !isDate(century + part(c, 1, 2), part(c, 3, 2), part(c, 5, 2))) return false;
  const county = part(c, 7, 2);
  const check = weighted(c, [2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11;
  return (
    ((county >= 1 && county <= 48) || county === 51 || county === 52 || county === 70) &&
    (check === 10 ? 1 : check) === Number(c[12])
  );
}

/** The century is coded in the month: +20 for 18xx, +40 for 20xx. */
function egn(c: string): boolean {
  const coded = part(c, 2, 2);
  const [century, month] = coded > 40 ? [2000, coded - 40] : coded > 20 ? [1800, coded - 20] : [1900, coded];
  const check = (weighted(c, [2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11) % 10;
  return isDate(century + part(c, 0, 2), month, part(c, 4, 2)) && check === Number(c[9]);
}

const afm = (c: string): boolean =>
  c !== '000000000' && (weighted(c, [256, 128, 64, 32, 16, 8, 4, 2]) % 11) % 10 === Number(c[8]);

/** The scheme of former Yugoslavia; regions 50–59 are Slovenia, 70–99 Serbia, 30–39 Croatia, 10–19 Bosnia. */
function jmbg(c: string): boolean {
  const year = part(c, 4, 3);
  if (!isDate(year + (year < 800 ? 2000 : 1000), part(c, 2, 2), part(c, 0, 2))) return false;
  const check = 11 - (weighted(c, [7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11);
  return (check > 9 ? 0 : check) === Number(c[12]) && check !== 10;
}

function tckn(c: string): boolean {
  const d = [...c].map(Number);
  const odd = (d[0] ?? 0) + (d[2] ?? 0) + (d[4] ?? 0) + (d[6] ?? 0) + (d[8] ?? 0);
  const even = (d[1] ?? 0) + (d[3] ?? 0) + (d[5] ?? 0) + (d[7] ?? 0);
  return (
    c[0] !== '0' && (((odd * 7 - even) % 10) + 10) % 10 === d[9] && (odd + even + (d[9] ?? 0)) % 10 === d[10]
  );
}

function inn(c: string): boolean {
  if (c.length === 10) return (weighted(c, [2, 4, 10, 3, 5, 9, 4, 6, 8]) % 11) % 10 === Number(c[9]);
  const first = (weighted(c, [7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) % 11) % 10;
  return (
    first === Number(c[10]) && (weighted(c, [3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8]) % 11) % 10 === Number(c[11])
  );
}

function snils(c: string): boolean {
  const sum = weighted(c, [9, 8, 7, 6, 5, 4, 3, 2, 1]) % 101;
  return part(c, 0, 9) > 1_001_998 && (sum === 100 ? 0 : sum) === part(c, 9, 2);
}

/** The first five digits count the days since 31 December 1899. */
function rnokpp(c: string): boolean {
  const check = (((weighted(c, [-1, 5, 7, 9, 4, 6, 10, 5, 7]) % 11) + 11) % 11) % 10;
  return part(c, 0, 5) > 0 && part(c, 0, 5) < 50_000 && check === Number(c[9]);
}

function iin(c: string): boolean {
  if (!/^\d{6}[0-6]/.test(c) || !isShortDate(part(c, 0, 2), part(c, 2, 2), part(c, 4, 2))) return false;
  let check = weighted(c, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]) % 11;
  if (check === 10) check = weighted(c, [3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2]) % 11;
  return check < 10 && check === Number(c[11]);
}

/** Central, southern and eastern Europe, Turkey and Kazakhstan. */
export const EAST_EUROPE: readonly IdRule[] = [
  id(['national-id-pl', 'a Polish PESEL'], ['99999999999@48', 'pesel|numer pesel|nr pesel'], pesel, {
    yes: ['PESEL 44051401359'],
    no: ['PESEL 44051401358', 'PESEL 44131401359'],
  }),
  id(
    ['tax-id-pl', 'a Polish NIP'],
    ['999-999-99-99@75|999-99-99-999@75|9999999999', 'nip|numer nip|numer identyfikacji podatkowej'],
    nip,
    { yes: ['NIP 856-734-62-15', 'NIP: 8567346215'], no: ['856-734-62-16'] },
  ),
  id(
    ['national-id-cz', 'a Czech birth number'],
    ['999999/9999@85|9999999999', 'rodné číslo|rodne cislo|rč|r.č.|rodného čísla'],
    rodneCislo,
    { yes: ['710319/2745', 'rodné číslo 7103192745'], no: ['710319/2746'] },
  ),
  id(
    ['national-id-sk', 'a Slovak birth number'],
    ['999999/9999@80|9999999999', 'rodné číslo|rodne cislo|rodného čísla'],
    rodneCislo,
    { yes: ['rodné číslo: 710319/2745'], no: ['rodné číslo: 719319/2745'] },
  ),
  id(
    ['tax-id-hu', 'a Hungarian tax id'],
    ['9999999999', 'adóazonosító|adóazonosító jel|adoazonosito|tax id'],
    hungarianTax,
    { yes: ['adóazonosító jel: 8071592153'], no: ['adóazonosító jel: 8071592154'] },
  ),
  id(
    ['health-number-hu', 'a Hungarian social security number'],
    ['999 999 999|999-999-999|999999999', 'taj|taj-szám|taj szám|társadalombiztosítási'],
    hungarianSocial,
    { yes: ['TAJ-szám: 123 456 788'], no: ['TAJ-szám: 123 456 789'] },
  ),
  id(['national-id-ro', 'a Romanian CNP'], ['9999999999999@65', 'cnp|cod numeric personal'], cnp, {
    yes: ['1630615123457', 'CNP 1630615123457'],
    no: ['1630615123458'],
  }),
  id(['national-id-bg', 'a Bulgarian EGN'], ['9999999999', 'егн|egn|единен граждански номер'], egn, {
    yes: ['ЕГН 7523169263', 'EGN 8032056031'],
    no: ['ЕГН 7523169264'],
  }),
  id(
    ['national-id-gr', 'a Greek AMKA'],
    ['99999999999', 'αμκα|amka|α.μ.κ.α.'],
    (c) => isShortDate(part(c, 4, 2), part(c, 2, 2), part(c, 0, 2)) && luhn(c),
    { yes: ['ΑΜΚΑ 01013099997'], no: ['ΑΜΚΑ 01013099999'] },
  ),
  id(['tax-id-gr', 'a Greek AFM'], ['999999999', 'αφμ|afm|α.φ.μ.'], afm, {
    yes: ['ΑΦΜ 094259216', 'AFM: 023456780'],
    no: ['ΑΦΜ 123456781'],
  }),
  id(['national-id-hr', 'a Croatian OIB'], ['99999999999', 'oib|osobni identifikacijski broj'], mod11_10, {
    yes: ['OIB 33392005961'],
    no: ['OIB 33392005962'],
  }),
  id(
    ['national-id-si', 'a Slovenian EMŠO'],
    ['9999999999999@60', 'emšo|emso|matična številka'],
    (c) => jmbg(c) && /^.{7}5/.test(c),
    { yes: ['EMŠO 0101006500006'], no: ['EMŠO 0101006500007'] },
  ),
  id(['national-id-rs', 'a Serbian JMBG'], ['9999999999999@60', 'jmbg|јмбг|matični broj'], jmbg, {
    yes: ['JMBG 0710003730015'],
    no: ['JMBG 0710003730016'],
  }),
  id(
    ['national-id-tr', 'a Turkish identity number'],
    ['99999999999@45', 'tckn|t.c. kimlik|tc kimlik|kimlik no|kimlik numarası|t.c.'],
    tckn,
    { yes: ['TCKN 17291716060', 'T.C. Kimlik No: 10000000146'], no: ['TCKN 17291716050'] },
  ),
  id(['tax-id-ru', 'a Russian INN'], ['999999999999|9999999999', 'инн|inn'], inn, {
    yes: ['ИНН 500100732259', 'ИНН 7707083893'],
    no: ['ИНН 500100732258'],
  }),
  id(['national-id-ru', 'a Russian SNILS'], ['999-999-999 99@90|99999999999', 'снилс|snils'], snils, {
    yes: ['112-233-445 95', 'СНИЛС 11223344595'],
    no: ['112-233-445 96'],
  }),
  id(
    ['national-id-ua', 'a Ukrainian taxpayer number'],
    ['9999999999', 'рнокпп|рнокп|іпн|ідентифікаційний номер|rnokpp|ипн'],
    rnokpp,
    { yes: ['РНОКПП 1759013776', 'ІПН 3184710691'], no: ['РНОКПП 1759013777'] },
  ),
  id(['national-id-kz', 'a Kazakh IIN'], ['999999999999@40', 'иин|жсн|iin'], iin, {
    yes: ['ИИН 900101300017'],
    no: ['ИИН 901301300017'],
  }),
];
