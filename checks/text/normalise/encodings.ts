import type { Span } from './span.ts';

/** The most bytes that one encoded run is decoded to. */
const MAX_BYTES = 262_144;
const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

/** A decoded stretch and where its encoded form stands. */
export interface Decoded {
  readonly how: 'base64' | 'hex' | 'binary' | 'decimal' | 'morse';
  readonly text: string;
  readonly at: Span;
}

/** Text, not noise: valid UTF-8, nearly all printable, mostly letters and spaces. */
function readable(bytes: Uint8Array): string | null {
  if (bytes.length < 6) return null;
  for (let i = 0; i < Math.min(bytes.length, 24); i += 1) {
    const byte = bytes[i] ?? 0;
    if (byte < 9 || (byte > 13 && byte < 32) || byte === 127) return null;
  }
  let text: string;
  try {
    text = strictUtf8.decode(bytes);
  } catch {
    return null;
  }
  let wordy = 0;
  let total = 0;
  for (const char of text.slice(0, 512)) {
    total += 1;
    const code = char.codePointAt(0) ?? 0;
    if (code < 128 ? /[A-Za-z0-9\s=+/]/.test(char) : /[\p{L}\p{M}\p{Cf}\p{Z}]/u.test(char)) wordy += 1;
  }
  return wordy / total >= 0.75 ? text : null;
}

const HEX_RUN = /^(?:0x)?(?:[0-9a-f]{2}){8,}$/i;
const BASE64_RUN = /^[A-Za-z0-9+/_-]{16,}={0,2}$/;

/** Decodes the long runs that a survey found, as hexadecimal or base64 (either alphabet). */
export function decodeRuns(text: string, runs: readonly Span[]): Decoded[] {
  const found: Decoded[] = [];
  for (const at of runs) {
    const run = text.slice(at.start, Math.min(at.end, at.start + MAX_BYTES * 2));
    if (HEX_RUN.test(run)) {
      const decoded = readable(Buffer.from(run.replace(/^0x/i, ''), 'hex'));
      if (decoded !== null) found.push({ how: 'hex', text: decoded, at });
      continue;
    }
    const value = trimToBase64(run);
    if (value === null) continue;
    const decoded = readable(Buffer.from(value.slice(0, Math.ceil((MAX_BYTES * 4) / 3)), 'base64'));
    if (decoded !== null) found.push({ how: 'base64', text: decoded, at });
  }
  return found;
}

/** A run may carry `data=` or `/path/` in front: the longest tail that can be base64. */
function trimToBase64(run: string): string | null {
  const value = run.replace(/^[^=]{0,40}=(?=[A-Za-z0-9])/, '').replace(/^[-=]{1,8}/, '');
  return BASE64_RUN.test(value) && value.replace(/=+$/, '').length % 4 !== 1 ? value : null;
}

const HEX_PAIRS = /(?:(?:0x|\\x)?[0-9a-f]{2}[ ,:;]{1,2}){7,2000}(?:0x|\\x)?[0-9a-f]{2}\b/gi;
const OCTETS = /(?:[01]{8}[ ,]{0,2}){4,2000}/g;
const DECIMALS = /(?:1?\d{2}[ ,;]{1,2}){7,2000}1?\d{2}\b/g;

/** Rows of hexadecimal pairs, binary octets or decimal character codes. */
export function decodeRows(text: string): Decoded[] {
  const found: Decoded[] = [];
  const collect = (how: Decoded['how'], match: RegExpExecArray, bytes: readonly number[]): void => {
    const decoded = readable(Uint8Array.from(bytes.slice(0, MAX_BYTES)));
    if (decoded === null) return;
    found.push({ how, text: decoded, at: { start: match.index, end: match.index + match[0].length } });
  };
  for (const match of text.matchAll(OCTETS)) {
    collect('binary', match, words(match[0].replace(/[ ,]/g, ''), /[01]{8}/g, 2));
  }
  for (const match of text.matchAll(HEX_PAIRS)) collect('hex', match, words(match[0], /[0-9a-f]{2}\b/gi, 16));
  for (const match of text.matchAll(DECIMALS)) collect('decimal', match, words(match[0], /\d{2,3}/g, 10));
  return found;
}

function words(row: string, word: RegExp, radix: number): number[] {
  return (row.match(word) ?? []).map((digits) => Number.parseInt(digits, radix));
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
