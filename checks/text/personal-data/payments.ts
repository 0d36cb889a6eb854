import { isFiller, luhn, mod97 } from './checksums.ts';
import type { Cluster, Find } from './clusters.ts';
import { eachRun } from './clusters.ts';
import { contextWords } from './rule.ts';

/** Written forms of card numbers (ISO/IEC 7812) with the certainty that each adds to a valid one. */
const CARD_SHAPES = new Map<string, number>([
  ['9999 9999 9999 9999', 0.95],
  ['9999-9999-9999-9999', 0.95],
  ['9999.9999.9999.9999', 0.9],
  ['9999999999999999', 0.85],
  ['9999 999999 99999', 0.95],
  ['9999-999999-99999', 0.95],
  ['999999999999999', 0.75],
  ['9999 999999 9999', 0.9],
  ['99999999999999', 0.55],
  ['9999 9999 9999 9999 999', 0.95],
  ['9999999999999999999', 0.7],
]);
const CARD_CONTEXT = contextWords(
  'card|credit card|debit card|visa|mastercard|amex|american express|karte|kreditkarte|kartennummer|carte|tarjeta|carta di credito|cartão|creditcard|karta|карта|卡号|信用卡|カード|카드|pan|cvv|cvc',
);

/** Issuer ranges by scheme and length. */
function isIssued(digits: string): boolean {
  const four = Number(digits.slice(0, 4));
  switch (digits.length) {
    case 14:
      return (four >= 3000 && four <= 3059) || four === 3095 || /^3[689]/.test(digits);
    case 15:
      return /^3[47]/.test(digits);
    case 16:
      return (
        /^(?:4|5[1-5]|6011|65|64[4-9]|62|8[12])/.test(digits) ||
        (four >= 2221 && four <= 2720) ||
        (four >= 3528 && four <= 3589) ||
        (four >= 2200 && four <= 2204) ||
        /^(?:50|5[6-9]|6[0-9])/.test(digits)
      );
    default:
      return digits.length === 19 && /^(?:4|62|65|50|5[6-9]|6)/.test(digits);
  }
}

/** Lengths of the IBAN by country, from the SWIFT registry. */
export const IBAN_LENGTHS: Readonly<Record<string, number>> = Object.fromEntries(
  'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30'
    .split(' ')
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);

/** ISO 13616: length of the country and remainder 1 by 97. `compact` in upper case without spaces. */
export const isIban = (compact: string): boolean =>
  IBAN_LENGTHS[compact.slice(0, 2)] === compact.length && mod97(compact.slice(4) + compact.slice(0, 4)) === 1;

function card(text: string, start: number, end: number, alone: number): Find | null {
  const digits = text.slice(start, end).replace(/\D/g, '');
  if (isFiller(digits) || !isIssued(digits) || !luhn(digits)) return null;
  const named = CARD_CONTEXT.test(text.slice(Math.max(0, start - 48), start));
  return { start, end, kind: 'card-number', score: named ? 0.98 : alone, title: 'a payment card number' };
}

/** Card numbers and IBANs in a cluster. */
export function findPayments(text: string, cluster: Cluster, finds: Find[]): void {
  eachRun(cluster, 10, (shape, start, end) => {
    const alone = CARD_SHAPES.get(shape);
    if (alone !== undefined) {
      const find = card(text, start, end, alone);
      if (find !== null) finds.push(find);
    } else if (shape.startsWith('AA99') && end - start >= 15 && end - start <= 44) {
      const compact = text
        .slice(start, end)
        .replace(/[^0-9A-Za-z]/g, '')
        .toUpperCase();
      if (isIban(compact))
        finds.push({ start, end, kind: 'iban', score: 0.97, title: 'a bank account number (IBAN)' });
    }
  });
}

const BIC =
  /(?:BIC|SWIFT|Swift|swift|bic)(?:[ /-]?(?:SWIFT|BIC|[Cc]ode))?(?: (?:is|ist|est|es))?[ :=]{1,4}([A-Z]{4}[A-Z]{2}[A-Z2-9][A-NP-Z0-9](?:[A-Z0-9]{3})?)(?![A-Za-z0-9])/g;

/** Bank codes (ISO 9362), only after their name: they are otherwise just eight letters. */
export function findBankCodes(text: string, finds: Find[]): void {
  if (!/BIC|SWIFT|[Ss]wift|bic/.test(text)) return;
  for (const match of text.matchAll(BIC)) {
    const code = match[1] ?? '';
    const end = match.index + match[0].length;
    // Eight capitals after the bare word may be any word.
    if (!/[:=]| is | ist | est | es |ode /.test(match[0]) && !/\d/.test(code)) continue;
    if (
      IBAN_LENGTHS[code.slice(4, 6)] !== undefined ||
      /US|CA|AU|NZ|JP|CN|IN|SG|HK|ZA|MX|KR/.test(code.slice(4, 6))
    ) {
      finds.push({ start: end - code.length, end, kind: 'bic', score: 0.8, title: 'a bank code (BIC)' });
    }
  }
}
