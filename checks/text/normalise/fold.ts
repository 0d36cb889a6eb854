import { CONFUSABLE, UNUSUAL_LATIN } from './confusables.ts';
import { isInvisible } from './invisible.ts';
import type { SpanMap } from './span.ts';
import { identityMap, tableMap } from './span.ts';

export interface Folded {
  readonly text: string;
  readonly map: SpanMap;
}

const MARKS = /[\u0300-\u036f]|\u0489|[\u1ab0-\u1aff]|[\u1dc0-\u1dff]|[\u20d0-\u20ff]/gu;
const NOT_ASCII = /[^\0-\x7f]/;

/** Folds of single code points; grows to at most the assigned code points that were met. */
const foldedBmp: (string | undefined)[] = [];
const foldedAstral = new Map<number, string>();

function foldCode(code: number): string {
  if (isInvisible(code)) return '';
  // Squared, circled and regional-indicator letters have no compatibility mapping.
  if (code >= 0x1f150 && code <= 0x1f169) return String.fromCharCode(97 + code - 0x1f150);
  if (code >= 0x1f170 && code <= 0x1f189) return String.fromCharCode(97 + code - 0x1f170);
  if (code >= 0x1f1e6 && code <= 0x1f1ff) return String.fromCharCode(97 + code - 0x1f1e6);
  const char = String.fromCodePoint(code);
  const plain = char.normalize('NFKD').replace(MARKS, '').normalize('NFC').toLowerCase();
  const bare = plain.normalize('NFKD').replace(MARKS, '').normalize('NFC');
  return UNUSUAL_LATIN.get(bare) ?? bare;
}

function foldCached(code: number): string {
  if (code < 0x10000) {
    let known = foldedBmp[code];
    if (known === undefined) {
      known = foldCode(code);
      foldedBmp[code] = known;
    }
    return known;
  }
  let known = foldedAstral.get(code);
  if (known === undefined) {
    known = foldCode(code);
    foldedAstral.set(code, known);
  }
  return known;
}

function isLatinLetter(unit: number): boolean {
  return unit >= 97 && unit <= 122;
}

/** Rewrites out[from..] letter by letter when the word mixes Latin with look-alikes, or is made only of them. */
function unmaskWord(out: string[], from: number, latinText: boolean): void {
  let latin = 0;
  let masked = 0;
  let foreign = 0;
  for (let i = from; i < out.length; i += 1) {
    const char = out[i] ?? '';
    if (isLatinLetter(char.charCodeAt(0))) latin += 1;
    else if (CONFUSABLE.has(char)) masked += 1;
    else foreign += 1;
  }
  if (masked === 0 || (latin === 0 && (!latinText || foreign > 0))) return;
  for (let i = from; i < out.length; i += 1) {
    const char = out[i] ?? '';
    out[i] = CONFUSABLE.get(char) ?? char;
  }
}

function countScripts(text: string): { latin: number; other: number } {
  let latin = 0;
  let other = 0;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i) | 32;
    if (isLatinLetter(unit)) latin += 1;
    else if (unit >= 0x370 && unit < 0x590) other += 1;
  }
  return { latin, other };
}

const WORD_UNIT = /[\p{L}\p{N}]/u;

/** Lower case of ASCII, and whether each is a letter or digit. */
const ASCII_LOWER = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code).toLowerCase());
const ASCII_WORD = Uint8Array.from(ASCII_LOWER, (char) => (/[a-z0-9]/.test(char) ? 1 : 0));

function foldUnicode(text: string): Folded {
  const { latin, other } = countScripts(text);
  const latinText = latin > other;
  const out: string[] = [];
  const starts: number[] = [];
  let wordFrom = 0;
  let suspicious = false;
  const endWord = (): void => {
    if (suspicious && out.length > wordFrom) unmaskWord(out, wordFrom, latinText);
    suspicious = false;
  };
  for (let i = 0; i < text.length; ) {
    const unit = text.charCodeAt(i);
    if (unit < 128) {
      const word = ASCII_WORD[unit] === 1;
      if (!word) endWord();
      out.push(ASCII_LOWER[unit] as string);
      starts.push(i);
      if (!word) wordFrom = out.length;
      i += 1;
      continue;
    }
    const code = text.codePointAt(i) as number;
    const folded = foldCached(code);
    if (folded !== '') {
      const word = WORD_UNIT.test(folded);
      if (!word) endWord();
      for (let k = 0; k < folded.length; k += 1) {
        out.push(folded.charAt(k));
        starts.push(i);
      }
      if (word) suspicious ||= code < 0x10000;
      else wordFrom = out.length;
    }
    i += code > 0xffff ? 2 : 1;
  }
  endWord();
  starts.push(text.length);
  return { text: out.join(''), map: tableMap(starts) };
}

/**
 * The fold of a text in which every foreign character becomes one character that passes for no other, as in most texts
 * with a few accents or quotation marks: a tenth of the time. Null for others.
 */
function foldSimply(text: string): Folded | null {
  let folded = '';
  let from = 0;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit < 128) continue;
    if (unit >= 0xd800 && unit < 0xe000) return null;
    const char = foldCached(unit);
    if (char.length !== 1 || CONFUSABLE.has(char)) return null;
    folded += text.slice(from, i).toLowerCase() + char;
    from = i + 1;
  }
  return { text: folded + text.slice(from).toLowerCase(), map: identityMap };
}

export function isAscii(text: string): boolean {
  return !NOT_ASCII.test(text);
}

/**
 * Lower case, compatibility forms and accents undone, invisible characters removed, look-alike letters of
 * other scripts unmasked in words that mix scripts. Linear in the text.
 */
export function fold(text: string): Folded {
  if (isAscii(text)) return { text: text.toLowerCase(), map: identityMap };
  return foldSimply(text) ?? foldUnicode(text);
}
