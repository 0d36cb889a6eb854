import { isShortDate, luhn, part, weighted } from './checksums.ts';
import { type IdRule, id } from './rule.ts';

const ssn = (c: string): boolean =>
  /^(?!000|666|9)\d{3}(?!00)\d{2}(?!0000)\d{4}$/.test(c) &&
  c !== '123456789' &&
  c !== '078051120' &&
  c !== '219099999';
/** Group numbers of taxpayer numbers: 50–65, 70–88, 90–92, 94–99. */
const itin = (c: string): boolean => /^9\d{2}(?:5\d|6[0-5]|7\d|8[0-8]|9[0-2]|9[4-9])\d{4}$/.test(c);

const mod11Digit = (sum: number): number => (sum % 11 < 2 ? 0 : 11 - (sum % 11));

function cpf(c: string): boolean {
  const first = mod11Digit(weighted(c, [10, 9, 8, 7, 6, 5, 4, 3, 2]));
  return (
    first === Number(c[9]) && mod11Digit(weighted(c, [11, 10, 9, 8, 7, 6, 5, 4, 3, 2])) === Number(c[10])
  );
}

function cnpj(c: string): boolean {
  const first = mod11Digit(weighted(c, [5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]));
  return (
    first === Number(c[12]) &&
    mod11Digit(weighted(c, [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2])) === Number(c[13])
  );
}

function cuit(c: string): boolean {
  const check = (11 - (weighted(c, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11)) % 11;
  return /^(?:2[0347]|3[034]|5[015])/.test(c) && check === Number(c[10]);
}

function rut(c: string): boolean {
  const body = c.slice(0, -1).padStart(8, '0');
  const check = 11 - (weighted(body, [3, 2, 7, 6, 5, 4, 3, 2]) % 11);
  return (check === 11 ? '0' : check === 10 ? 'K' : String(check)) === c.at(-1);
}

const CURP_ALPHABET = '0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ';

function curp(c: string): boolean {
  if (
    !/^[A-Z][AEIOUX][A-Z]{2}\d{6}[HMX](?:AS|BC|BS|CC|CL|CM|CS|CH|DF|DG|GT|GR|HG|JC|MC|MN|MS|NT|NL|OC|PL|QT|QR|SP|SL|SR|TC|TS|TL|VZ|YN|ZS|NE)[B-DF-HJ-NP-TV-Z]{3}[0-9A-Z]\d$/.test(
      c,
    )
  )
    return false;
  if (!isShortDate(part(c, 4, 2), part(c, 6, 2), part(c, 8, 2))) return false;
  let sum = 0;
  for (let i = 0; i < 17; i++)
    sum +=
      CURP_ALPHABET.replace('&', '')
        .replace('N', 'NÑ')
        .indexOf(c[i] ?? '') *
      (18 - i);
  return (10 - (sum % 10)) % 10 === Number(c[17]);
}

function rfc(c: string): boolean {
  if (!/^[A-Z]{4}\d{6}[0-9A-Z]{3}$/.test(c) || !isShortDate(part(c, 4, 2), part(c, 6, 2), part(c, 8, 2)))
    return false;
  let sum = 0;
  for (let i = 0; i < 12; i++) sum += `${CURP_ALPHABET} `.indexOf(c[i] ?? '') * (13 - i);
  return '0123456789A'[(11 - (sum % 11)) % 11] === c[12];
}

function nit(c: string): boolean {
  const body = c.slice(0, -1);
  let sum = 0;
  for (let i = 0; i < body.length; i++)
    sum += Number(body[body.length - 1 - i]) * ([3, 7, 13, 17, 19, 23, 29, 37, 41, 43, 47][i] ?? 0);
  return '01987654321'[sum % 11] === c.at(-1);
}

function rucEcuador(c: string): boolean {
  const province = part(c, 0, 2);
  return ((province >= 1 && province <= 24) || province === 30) && Number(c[2]) < 6 && luhn(c);
}

function uruguay(c: string): boolean {
  const sum = weighted(c.padStart(8, '0'), [2, 9, 8, 7, 6, 3, 4]);
  return (10 - (sum % 10)) % 10 === Number(c.at(-1));
}

/** North, Central and South America. */
export const AMERICAS: readonly IdRule[] = [
  id(
    ['national-id-us', 'a US social security number'],
    ['999-99-9999@80|999 99 9999@55|999999999', 'ssn|social security|social security number|soc sec|social'],
    ssn,
    {
      yes: ['536-90-4399', 'SSN: 536904399'],
      no: ['666-12-1234', '000-12-3456', '536-00-4399'],
      checked: false,
    },
  ),
  id(
    ['tax-id-us', 'a US individual taxpayer number'],
    ['999-99-9999@75|999 99 9999@50|999999999', 'itin|taxpayer|tax id|tin'],
    itin,
    { yes: ['912-90-3457', 'ITIN 912903457'], no: ['912-93-3457'], checked: false },
  ),
  id(
    ['national-id-ca', 'a Canadian social insurance number'],
    [
      '999-999-999@55|999 999 999@52|999999999',
      'sin|social insurance|social insurance number|nas|assurance sociale',
    ],
    (c) => /^[1-79]/.test(c) && luhn(c),
    { yes: ['SIN 130-692-544', 'SIN: 130692544'], no: ['SIN 130-692-545'] },
  ),
  id(
    ['national-id-br', 'a Brazilian CPF'],
    ['999.999.999-99@95|99999999999@45|999999999-99@85', 'cpf|cadastro de pessoas|contribuinte'],
    cpf,
    { yes: ['390.533.447-05', 'CPF 39053344705'], no: ['390.533.447-06', '111.111.111-11'] },
  ),
  id(['company-id-br', 'a Brazilian CNPJ'], ['99.999.999/9999-99@90|99999999999999', 'cnpj'], cnpj, {
    yes: ['16.727.230/0001-97', 'CNPJ 16727230000197'],
    no: ['16.727.230/0001-98'],
  }),
  id(['national-id-ar', 'an Argentine CUIT or CUIL'], ['99-99999999-9@88|99999999999', 'cuit|cuil'], cuit, {
    yes: ['20-05536168-2', 'CUIL 20055361682'],
    no: ['20-05536168-3'],
  }),
  id(
    ['national-id-cl', 'a Chilean RUT'],
    [
      '99.999.999-9@90|9.999.999-9@90|99.999.999-A@92|9.999.999-A@92|99999999-9@60|99999999-A@75',
      'rut|run|rol único',
    ],
    rut,
    { yes: ['12.345.678-5', 'RUT 12345678-5'], no: ['12.345.678-6'] },
  ),
  id(['national-id-mx', 'a Mexican CURP'], ['AAAA999999AAAAAA99@96|AAAA999999AAAAAAA9@96', 'curp'], curp, {
    yes: ['BOXW310820HNERXN09'],
    no: ['BOXW310820HNERXN08', 'BOXW311320HNERXN09'],
  }),
  id(
    ['tax-id-mx', 'a Mexican RFC'],
    [
      'AAAA9999999A9@85|AAAA999999999@85|AAAA999999AA9@85|AAAA99999999A@85|AAAA9999999AA@85|AAAA999999A99@85|AAAA999999A9A@85|AAAA999999AAA@85',
      'rfc|registro federal',
    ],
    rfc,
    { yes: ['GODE561231GR8'], no: ['GODE561231GR7'] },
  ),
  id(
    ['tax-id-co', 'a Colombian NIT'],
    ['999.999.999-9@75|999999999-9@50|9999999999', 'nit|número de identificación tributaria|rut'],
    nit,
    { yes: ['213.123.432-1', 'NIT 2131234321'], no: ['213.123.432-2'] },
  ),
  id(
    ['national-id-ec', 'an Ecuadorian identity number'],
    ['9999999999|999999999-9@55', 'cédula|cedula|cédula de identidad|c.i.'],
    rucEcuador,
    { yes: ['cédula 171430710-3', 'cédula 1714307103'], no: ['cédula 1714307104'] },
  ),
  id(
    ['national-id-uy', 'a Uruguayan identity number'],
    ['9.999.999-9@85|99999999', 'cédula|cedula|c.i.|ci'],
    uruguay,
    { yes: ['1.234.567-2'], no: ['1.234.567-3'] },
  ),
];
