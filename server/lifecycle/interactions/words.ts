import { createHmac, createSecretKey, hkdfSync } from 'node:crypto';
import type { MasterKey } from '@bartizan/contracts/sealed.ts';

/** Words are cut to this many characters. */
const MAX_WORD_CHARS = 64;
/** Distinct words indexed of one interaction; the rest is not found by search. */
export const MAX_WORDS = 4096;
/** Characters of one interaction looked at. */
const MAX_CHARS = 1_000_000;
const MAX_QUERY_WORDS = 32;
const MAX_CACHED = 100_000;

const WORD = /[\p{L}\p{N}\p{M}]+/gu;
/** Scripts written without spaces: indexed by pairs of characters. */
const UNSPACED =
  /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]+/gu;

/** Case, width, accents and ligatures do not matter in search. */
function normalise(text: string): string {
  return text
    .normalize('NFKD')
    .replaceAll(/\p{M}+/gu, '')
    .toLowerCase();
}

function addPlain(word: string, into: Set<string>): void {
  into.add(word.length > MAX_WORD_CHARS ? word.slice(0, MAX_WORD_CHARS) : word);
}

function addPairs(run: string, into: Set<string>): void {
  const characters = [...run];
  if (characters.length === 1) into.add(run);
  for (let index = 0; index + 1 < characters.length && into.size < MAX_WORDS; index += 1) {
    into.add(`${characters[index]}${characters[index + 1]}`);
  }
}

function addUnspaced(word: string, into: Set<string>): void {
  const rest = word.replaceAll(UNSPACED, (run) => {
    addPairs(run, into);
    return ' ';
  });
  for (const part of rest.split(' ')) if (part !== '' && into.size < MAX_WORDS) addPlain(part, into);
}

/** Nothing below U+0E00 (Thai) is of an unspaced script. */
const MAYBE_UNSPACED = /[\u0e00-\uffff]/;

/**
 * The distinct words of some texts, normalised: letters and digits of any script, without case and accents.
 * Looks at the first million characters and keeps the first 4,096 words.
 */
export function wordsOf(texts: readonly string[]): Set<string> {
  const words = new Set<string>();
  let left = MAX_CHARS;
  for (const text of texts) {
    if (left <= 0) break;
    const normal = normalise(text.slice(0, left));
    const add = MAYBE_UNSPACED.test(normal) ? addUnspaced : addPlain;
    for (const word of normal.match(WORD) ?? []) {
      if (words.size >= MAX_WORDS) return words;
      add(word, words);
    }
    left -= text.length;
  }
  return words;
}

/** The words that a search asks for; at most 32. Empty when there is none in it. */
export function queryWords(query: string): string[] {
  return [...wordsOf([query])].slice(0, MAX_QUERY_WORDS);
}

/**
 * Hashes words for the blind index: HMAC-SHA-256 under a key derived from the master key, cut to 63 bits so that
 * it fits a non-negative bigint. Decimal strings, for JavaScript numbers hold 53 bits.
 */
export function createBlindIndex(master: MasterKey) {
  const key = createSecretKey(
    Buffer.from(hkdfSync('sha256', master.bytes, '', 'bartizan/interactions/blind-index/v1', 32)),
  );
  let recent = new Map<string, string>();
  let older = new Map<string, string>();

  function hash(word: string): string {
    const known = recent.get(word);
    if (known !== undefined) return known;
    const value =
      older.get(word) ??
      (
        createHmac('sha256', key).update(word).digest().readBigUInt64BE(0) & 0x7fff_ffff_ffff_ffffn
      ).toString();
    recent.set(word, value);
    if (recent.size >= MAX_CACHED) {
      older = recent;
      recent = new Map();
    }
    return value;
  }

  return Object.freeze({
    hashes: (words: Iterable<string>): string[] => Array.from(words, hash),
  });
}
export type BlindIndex = ReturnType<typeof createBlindIndex>;
