import { ALONE, classOf, lowered, SPACE, WORD } from './characters.ts';
import { mix } from './hash.ts';

/** Longest word in code units; what is longer counts as several. */
const LONGEST_WORD = 100;

/** Words of a text as 32-bit hashes, with where they stand. Reused: valid until the next scan. */
export interface Words {
  count: number;
  hashes: Uint32Array;
  starts: Int32Array;
  ends: Int32Array;
}

export function createWords(most: number): Words {
  return {
    count: 0,
    hashes: new Uint32Array(most),
    starts: new Int32Array(most),
    ends: new Int32Array(most),
  };
}

/**
 * Reads the words of a text, without regard to case, up to the room in `words`. Runs of letters, digits and marks are
 * words, with an apostrophe in between; a run of the same sign is one; every other character stands alone. O(length).
 */
export function scanWords(text: string, words: Words): void {
  const most = words.hashes.length;
  let [at, count] = [0, 0];
  while (at < text.length && count < most) {
    const code = text.charCodeAt(at);
    const kind = classOf(code);
    if (kind === SPACE) {
      at++;
      continue;
    }
    const end = kind === WORD ? endOfWord(text, at) : endOfRun(text, at);
    words.starts[count] = at;
    words.ends[count] = end;
    words.hashes[count++] = hashOf(text, at, kind === ALONE ? Math.min(end, at + 2) : end);
    at = end;
  }
  words.count = count;
}

function endOfWord(text: string, start: number): number {
  const last = Math.min(text.length, start + LONGEST_WORD);
  let at = start + 1;
  for (; at < last; at++) {
    const code = text.charCodeAt(at);
    if (classOf(code) === WORD) continue;
    const apostrophe = code === 0x27 || code === 0x2019;
    if (!apostrophe || at + 1 >= last || classOf(text.charCodeAt(at + 1)) !== WORD) break;
  }
  return at;
}

function endOfRun(text: string, start: number): number {
  const code = text.charCodeAt(start);
  if (code >= 0xd800 && code < 0xdc00) return Math.min(text.length, start + 2);
  const last = Math.min(text.length, start + LONGEST_WORD);
  let at = start + 1;
  if (code >= 0x80) return at;
  while (at < last && text.charCodeAt(at) === code) at++;
  return at;
}

function hashOf(text: string, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at);
    classOf(code);
    hash = Math.imul(hash ^ lowered(code), 0x01000193);
  }
  return mix(hash);
}
