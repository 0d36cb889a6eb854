import { isUtf8 } from 'node:buffer';

const utf8 = new TextDecoder('utf-8');
const utf16 = new TextDecoder('utf-16le');

/** Characters that are judged together where bytes are not all text. */
const BLOCK = 32;
/** Of so many characters one may be none: what a tool that decodes, or a model, reads over. */
const ONE_BAD_IN = 10;
/** Shorter stretches beside noise may be chance. */
const MIN_REPAIRED = 12;
/** Shorter ones must show that they have words. */
const SHORT = 24;

/** Text, not noise: valid UTF-8, nearly all printable, mostly letters and spaces. */
export function readable(bytes: Uint8Array): string | null {
  if (bytes.length < 6) return null;
  for (let i = 0; i < Math.min(bytes.length, 24); i += 1) {
    const byte = bytes[i] ?? 0;
    if (byte < 9 || (byte > 13 && byte < 32) || byte === 127) return null;
  }
  if (!isUtf8(bytes)) return null;
  const text = utf8.decode(bytes);
  let wordy = 0;
  let total = 0;
  for (const char of text.slice(0, 512)) {
    total += 1;
    const code = char.codePointAt(0) ?? 0;
    if (code < 128 ? /[A-Za-z0-9\s=+/]/.test(char) : /[\p{L}\p{M}\p{Cf}\p{Z}]/u.test(char)) wordy += 1;
  }
  return wordy / total >= 0.75 ? text : null;
}

/** UTF-16 of mostly Latin text: every second byte is 0, as in commands that shells take encoded. */
function wideText(bytes: Uint8Array): string | null {
  if (bytes.length < 12) return null;
  const seen = Math.min(bytes.length & ~1, 256);
  let zeros = 0;
  for (let i = 1; i < seen; i += 2) if (bytes[i] === 0) zeros += 1;
  return zeros * 10 >= seen * 4 ? utf16.decode(bytes.subarray(0, bytes.length & ~1)) : null;
}

/**
 * Whether a block of bytes may be text: of its bytes no more than twice as many as of characters are no UTF-8, or control
 * characters. Most bytes that are asked about are names and numbers, which this tells at little cost.
 */
function mayHoldText(bytes: Uint8Array): boolean {
  const length = bytes.length < BLOCK * 2 ? bytes.length : BLOCK;
  const most = 1 + Math.floor((2 * length) / ONE_BAD_IN);
  for (let from = 0; from + length <= bytes.length; from += length) {
    let bad = 0;
    for (let i = from; i < from + length && bad <= most; i += 1) {
      const byte = bytes[i] as number;
      const follows = ((bytes[i - 1] ?? 0) & 0x80) !== 0;
      if (byte < 0x80) {
        if (byte === 127 || (byte < 32 && byte !== 9 && byte !== 10 && byte !== 13)) bad += 1;
      } else if (byte < 0xc0) {
        if (!follows) bad += 1;
      } else if (((bytes[i + 1] ?? 0x80) & 0xc0) !== 0x80) bad += 1;
    }
    if (bad <= most) return true;
  }
  return false;
}

const BAD = 1;
const WORDY = 2;
const LETTER = /[\p{L}\p{M}\p{N}]/u;

function judgeUnit(unit: number): number {
  if (unit < 128) {
    if (unit < 32) return unit === 9 || unit === 10 || unit === 13 ? WORDY : BAD;
    if ((unit | 32) >= 97 && (unit | 32) <= 122) return WORDY;
    return unit === 32 || (unit >= 48 && unit <= 57) ? WORDY : unit === 127 ? BAD : 0;
  }
  if (unit < 160 || unit === 0xfffd) return BAD;
  return LETTER.test(String.fromCharCode(unit)) ? WORDY : 0;
}

/** At most one character in ten is none, and most of the others belong to words; the fewer there are, the more. */
function isTextual(text: string, start: number, end: number): boolean {
  const length = end - start;
  const most = Math.max(1, Math.floor(length / ONE_BAD_IN));
  let bad = 0;
  let wordy = 0;
  for (let i = start; i < end; i += 1) {
    const kind = judgeUnit(text.charCodeAt(i));
    if (kind === WORDY) wordy += 1;
    else if (kind === BAD) {
      bad += 1;
      if (bad > most) return false;
    }
  }
  return wordy >= (length - bad) * (length < BLOCK ? 0.9 : 0.6);
}

/**
 * The stretches of bytes that are text although some bytes are none (U+FFFD stands for those): what an attacker breaks
 * with a bad byte, or puts behind noise. Blocks of `BLOCK` characters are judged; noise passes for text once in 10⁹.
 */
export function repaired(bytes: Uint8Array): string[] {
  if (bytes.length < MIN_REPAIRED) return [];
  const wide = wideText(bytes);
  if (wide === null && !mayHoldText(bytes)) return [];
  const text = wide ?? utf8.decode(bytes);
  if (text.length < BLOCK * 2) {
    const isText = isTextual(text, 0, text.length) && (text.length >= SHORT || hasWords(text));
    return isText ? [clean(text)] : [];
  }
  const found: string[] = [];
  let from = -1;
  const close = (end: number): void => {
    if (from >= 0) found.push(clean(text.slice(widened(text, from, -1), widened(text, end, 1))));
    from = -1;
  };
  for (let at = 0; at < text.length; at += BLOCK) {
    // What is left behind the last whole block is judged with it.
    const end = text.length - at < BLOCK * 2 ? text.length : at + BLOCK;
    if (isTextual(text, at, end)) {
      if (from < 0) from = at;
    } else close(at);
    if (end === text.length) break;
  }
  close(text.length);
  return found;
}

const FOREIGN_ROW = /[\u0370-\u1fff\u3040-\ud7ff]{4}/;

/** Words, not what chance makes of names and numbers: letters together and white space, or a row of foreign letters. */
export function hasWords(text: string): boolean {
  return (text.length >= 10 && /[a-z]{3}/i.test(text) && text.includes(' ')) || FOREIGN_ROW.test(text);
}

/** An edge moved on over printable characters, a block at most. */
function widened(text: string, edge: number, step: 1 | -1): number {
  let at = edge;
  for (let i = 0; i < BLOCK; i += 1) {
    const next = step === 1 ? at : at - 1;
    if (next < 0 || next >= text.length || judgeUnit(text.charCodeAt(next)) === BAD) break;
    at += step;
  }
  return at;
}

/** Control characters as U+FFFD. */
function clean(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is replaced
  return text.replace(/[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g, '\ufffd');
}
