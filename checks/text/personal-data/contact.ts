import type { Cluster, Find } from './clusters.ts';
import { contextWords } from './rule.ts';

const DOMAIN = /@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,6}[A-Za-z]{2,24}(?![A-Za-z0-9])/y;
const NOT_TOP_LEVEL = /\.(?:png|jpe?g|gif|svg|webp|js|ts|css|json|html?|py|md|txt|zip|local)$/i;
const isLocalChar = (code: number): boolean =>
  (code >= 97 && code <= 122) ||
  (code >= 65 && code <= 90) ||
  (code >= 48 && code <= 57) ||
  code === 46 ||
  code === 95 ||
  code === 37 ||
  code === 43 ||
  code === 45 ||
  code === 39;

/** The e-mail address around the `@` at `at`, or null. */
export function emailAt(text: string, at: number): Find | null {
  let start = at;
  while (start > 0 && at - start < 64 && isLocalChar(text.charCodeAt(start - 1))) start--;
  while (start < at && /[.'%+-]/.test(text[start] ?? '')) start++;
  if (
    start === at ||
    text[at - 1] === '.' ||
    (/[:/]/.test(text[start - 1] ?? '') &&
      text.lastIndexOf('://', start) >= start - 40 &&
      !/\s/.test(text.slice(text.lastIndexOf('://', start), start)))
  )
    return null;
  DOMAIN.lastIndex = at;
  const domain = DOMAIN.exec(text)?.[0];
  if (domain === undefined || NOT_TOP_LEVEL.test(domain)) return null;
  const end = at + domain.length;
  if (text.slice(start, at) === 'git' && text[end] === ':') return null;
  return { start, end, kind: 'email', score: 0.95, title: 'an e-mail address' };
}

const PHONE_CONTEXT = contextWords(
  'phone|telephone|tel|mobile|cell|cellphone|call|call me|call me at|text me|fax|whatsapp|signal|sms|ring|contact|reach|hotline|telefon|telefonnummer|handy|handynummer|mobil|mobilnummer|rufnummer|ruf|anrufen|erreichbar|téléphone|portable|tél|appelez|appeler|joindre|teléfono|móvil|celular|llámame|llamar|telefono|cellulare|chiamare|telefone|telemóvel|telefoon|mobiel|nummer|puhelin|telefonnr|mobilnr|numer telefonu|komórka|telefonu|číslo|mobilní|τηλέφωνο|κινητό|телефон|тел|мобильный|звоните|電話|电话|電話番号|手机|手機|携帯|전화|휴대폰|연락처|โทร|điện thoại|telepon|phone number|หมายเลข|फ़ोन|फोन|هاتف|טלפון',
);
const INTERNATIONAL = /\+[1-9]\d{0,2}(?:[ .\-/()\u00a0]{0,3}\d){6,13}(?!\d)/y;
const NORTH_AMERICAN = /(?:\(([2-9]\d{2})\) ?|([2-9]\d{2})([.-]))[2-9]\d{2}([.-])\d{4}(?![.-]?\d)/y;
const NATIONAL = /\(?\d(?:[ .\-/()\u00a0]{0,3}\d){6,12}(?!\d)/y;
/** ITU-T E.164 country codes that are not of the one- and two-digit zones. */
const TWO_DIGIT_CODES = new Set(
  '20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98'.split(
    ' ',
  ),
);

function hasCountryCode(digits: string): boolean {
  if (/^[17]/.test(digits)) return digits.length === 11;
  if (TWO_DIGIT_CODES.has(digits.slice(0, 2))) return digits.length >= 9;
  return /^(?:2[1-69]\d|3[578]\d|42\d|5[09]\d|6[789]\d|8[057]\d|9[679]\d)/.test(digits) && digits.length >= 9;
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

const phone = (start: number, length: number, score: number): Find => ({
  start,
  end: start + length,
  kind: 'phone',
  score,
  title: 'a phone number',
});

/** A phone number that begins with this cluster: international, North American, or national after its name. */
export function findPhones(text: string, cluster: Cluster, finds: Find[]): void {
  const named = (at: number): boolean => PHONE_CONTEXT.test(text.slice(Math.max(0, at - 40), at));
  if (text[cluster.start - 1] === '+') {
    const start = cluster.start - 1;
    const match = matchAt(INTERNATIONAL, text, start);
    const digits = match?.[0].replace(/\D/g, '') ?? '';
    if (
      match !== null &&
      hasCountryCode(digits.replace(/^(\d{2,3})0(?=\d{8})/, '$1')) &&
      digits.length <= 15
    ) {
      finds.push(phone(start, match[0].length, named(start) ? 0.95 : 0.85));
      return;
    }
  }
  const open = text[cluster.start - 1] === '(' ? 1 : 0;
  for (const part of cluster.parts) {
    if (part.shape !== '999') continue;
    const start = part.start - (part.start === cluster.start ? open : 0);
    const match = matchAt(NORTH_AMERICAN, text, start);
    if (match === null || (match[3] !== undefined && match[3] !== match[4])) continue;
    finds.push(phone(start, match[0].length, named(start) ? 0.92 : match[1] === undefined ? 0.62 : 0.75));
    return;
  }
  if (cluster.parts.some((part) => part.shape.includes('A'))) return;
  const start = cluster.start - open;
  const match = matchAt(NATIONAL, text, start);
  const digits = match?.[0].replace(/\D/g, '').length ?? 0;
  if (match !== null && digits >= 7 && digits <= 13 && named(start))
    finds.push(phone(start, match[0].length, 0.8));
}
