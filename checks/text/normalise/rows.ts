import type { Decoded } from './encodings.ts';
import { hasWords, readable, repaired } from './readable.ts';
import type { Span } from './span.ts';

const HEX_PAIRS = /(?:(?:0x|\\x)?[0-9a-f]{2}[ ,:;]{1,2}){7,2000}(?:0x|\\x)?[0-9a-f]{2}\b/gi;
const OCTETS = /(?:[01]{8}[ ,]{0,2}){4,2000}/g;
const DECIMALS = /(?:1?\d{2}[ ,;]{1,2}){7,2000}1?\d{2}\b/g;
const OCTALS = /(?:\\[0-3]?[0-7]{2}){6,2000}/g;

/** Rows of hexadecimal pairs, binary octets, decimal character codes or octal escapes. */
export function decodeRows(text: string): Decoded[] {
  const found: Decoded[] = [];
  const collect = (how: Decoded['how'], match: RegExpExecArray, codes: readonly number[]): void => {
    const bytes = Uint8Array.from(codes);
    const at = { start: match.index, end: match.index + match[0].length };
    const decoded = readable(bytes);
    if (decoded !== null) found.push({ how, text: decoded, at });
    else for (const part of repaired(bytes)) found.push({ how, text: part, at });
  };
  for (const match of text.matchAll(OCTETS)) {
    collect('binary', match, words(match[0].replace(/[ ,]/g, ''), /[01]{8}/g, 2));
  }
  for (const match of text.matchAll(HEX_PAIRS)) collect('hex', match, words(match[0], /[0-9a-f]{2}\b/gi, 16));
  for (const match of text.matchAll(DECIMALS)) collect('decimal', match, words(match[0], /\d{2,3}/g, 10));
  if (text.includes('\\')) {
    for (const match of text.matchAll(OCTALS)) collect('octal', match, words(match[0], /[0-7]{2,3}/g, 8));
  }
  return found;
}

function words(row: string, word: RegExp, radix: number): number[] {
  return (row.match(word) ?? []).map((digits) => Number.parseInt(digits, radix));
}

/** Base64 or hexadecimal of fewer characters a word than a run: words of a row, and what stands between them. */
const WORD = /[A-Za-z0-9+/]{2,15}={0,2}/g;
const MOST_BETWEEN = 4;
/** Capitals behind other letters, or digits among letters. */
const CODED = /[A-Za-z0-9][A-Z]|[A-Za-z][0-9]|[0-9][A-Za-z]|\+|\/[^/]/;
const HEX_WORD = /^(?:[0-9a-f]{2}){2,7}$/i;
const MIN_WORDS = 3;

/** Encodings that were cut into short words, in the rows that a survey found: `aWdub3Jl IGFsbCBw cmV2aW91`, `6967 6e6f`. */
export function decodeWords(text: string, rows: readonly Span[]): Decoded[] {
  return rows.flatMap(({ start, end }) => {
    // The padding of the last word is no letter.
    const row = text.slice(start, end + 2);
    return decodeWordsOf(row).map(({ at, ...found }) => ({
      ...found,
      at: { start: start + at.start, end: start + at.end },
    }));
  });
}

function decodeWordsOf(text: string): Decoded[] {
  const found: Decoded[] = [];
  let row: RegExpExecArray[] = [];
  let coded = 0;
  let plain = 0;
  const close = (): void => {
    if (coded >= MIN_WORDS && coded * 2 >= row.length) found.push(...decodeWordRow(row));
    row = [];
    coded = 0;
    plain = 0;
  };
  for (const match of text.matchAll(WORD)) {
    const last = row.at(-1);
    if (last !== undefined && match.index - last.index - last[0].length > MOST_BETWEEN) close();
    const isCoded = CODED.test(match[0]) || HEX_WORD.test(match[0]);
    if (!isCoded && row.length === 0) continue;
    plain = isCoded ? 0 : plain + 1;
    row.push(match);
    if (isCoded) coded += 1;
    if (plain > 1) {
      row.length -= plain;
      close();
    }
  }
  close();
  return found;
}

function decodeWordRow(row: readonly RegExpExecArray[]): Decoded[] {
  const first = row[0] as RegExpExecArray;
  const last = row.at(-1) as RegExpExecArray;
  const at = { start: first.index, end: last.index + last[0].length };
  const values = row.map(([word]) => word);
  const digits = values.filter((word) => HEX_WORD.test(word));
  if (digits.length * 10 >= values.length * 9) {
    const bytes = Buffer.from(digits.join(''), 'hex');
    const whole = readable(bytes);
    const parts = whole === null ? repaired(bytes) : [whole];
    return parts.filter(hasWords).map((text) => ({ how: 'hex', text, at }));
  }
  const joined = values.join('').replaceAll('=', '');
  for (let shift = 0; shift < 4; shift += 1) {
    const bytes = Buffer.from(joined.slice(shift), 'base64');
    const whole = readable(bytes);
    const parts = (whole === null ? repaired(bytes) : [whole]).filter(hasWords);
    if (parts.length > 0) return parts.map((text) => ({ how: 'base64', text, at }));
  }
  return [];
}

/** Ascii85 between its marks. */
export function decodeAscii85(text: string): Decoded[] {
  const found: Decoded[] = [];
  for (let start = text.indexOf('<~'); start >= 0; ) {
    const close = text.indexOf('~>', start + 2);
    if (close < 0) break;
    const end = close + 2;
    const decoded = readable(fromAscii85(text.slice(start + 2, close).replace(/[^!-uz]/g, '')));
    if (decoded !== null) found.push({ how: 'base85', text: decoded, at: { start, end } });
    start = text.indexOf('<~', end);
  }
  return found;
}

function fromAscii85(digits: string): Uint8Array {
  const bytes: number[] = [];
  const full = digits.replaceAll('z', '!!!!!');
  for (let i = 0; i < full.length; i += 5) {
    const group = full.slice(i, i + 5);
    let value = 0;
    for (const char of group.padEnd(5, 'u')) value = value * 85 + char.charCodeAt(0) - 33;
    for (let k = 0; k < group.length - 1; k += 1) bytes.push(Math.floor(value / 256 ** (3 - k)) & 255);
  }
  return Uint8Array.from(bytes);
}

/** International Morse code (ITU-R M.1677-1). */
const MORSE: ReadonlyMap<string, string> = new Map(
  (
    'a.- b-... c-.-. d-.. e. f..-. g--. h.... i.. j.--- k-.- l.-.. m-- n-. o--- p.--. q--.- r.-. s... t- ' +
    'u..- v...- w.-- x-..- y-.-- z--.. 0----- 1.---- 2..--- 3...-- 4....- 5..... 6-.... 7--... 8---.. 9----.'
  )
    .split(' ')
    .map((entry) => [entry.slice(1), entry.charAt(0)] as const),
);
const MORSE_ROW = /(?:[.-]{1,6}(?: ?[/|] ?|\n| {1,3})){8,4000}[.-]{0,6}/g;

export function decodeMorse(text: string): Decoded[] {
  const found: Decoded[] = [];
  for (const match of text.matchAll(MORSE_ROW)) {
    const decoded = match[0]
      .split(/ ?[/|\n] ?| {2,3}/)
      .map((letters) =>
        letters
          .split(' ')
          .map((code) => MORSE.get(code) ?? '')
          .join(''),
      )
      .join(' ')
      .trim();
    const letters = decoded.replace(/[^a-z]/g, '').length;
    if (letters >= 8 && new Set(decoded).size >= 5) {
      found.push({
        how: 'morse',
        text: decoded,
        at: { start: match.index, end: match.index + match[0].length },
      });
    }
  }
  return found;
}
