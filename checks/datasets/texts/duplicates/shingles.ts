import type { Corpus } from '../words/corpus.ts';
import { join, mix } from '../words/hash.ts';

/** Words in a shingle, as in datatrove; characters in one of a short text. */
const WORDS = 5;
const CHARACTERS = 5;
/** Fewer words than this are compared by characters. */
const SHORT = 10;
const MOST = 2048;

/**
 * The distinct shingles of documents as sorted 32-bit hashes: five words in a row, or, of a text of fewer than ten words,
 * five characters in a row of its letters and signs without regard to case and white space. The first 2,048 of a
 * document. What `read` gives is valid until the next call.
 */
export function createShingles(
  corpus: Corpus,
  texts: readonly (string | null)[],
): (document: number) => Uint32Array {
  const scratch = new Uint32Array(MOST);
  return (document) => {
    const [from, to] = [corpus.offsets[document] as number, corpus.offsets[document + 1] as number];
    const used =
      to - from >= SHORT
        ? ofWords(corpus.words.subarray(from, to), scratch)
        : ofCharacters(texts[document] ?? '', scratch);
    return distinct(scratch.subarray(0, used).sort());
  };
}

function ofWords(words: Uint32Array, into: Uint32Array): number {
  const count = Math.min(MOST, words.length - WORDS + 1);
  for (let at = 0; at < count; at++) {
    let hash = words[at] as number;
    for (let next = 1; next < WORDS; next++) hash = join(hash, words[at + next] as number);
    into[at] = hash;
  }
  return count;
}

function ofCharacters(text: string, into: Uint32Array): number {
  const letters = text.slice(0, MOST).toLowerCase().replaceAll(/\s+/g, ' ').trim();
  const count = Math.min(MOST, letters.length === 0 ? 0 : Math.max(1, letters.length - CHARACTERS + 1));
  for (let at = 0; at < count; at++) {
    let hash = 0x2545f491;
    const end = Math.min(letters.length, at + CHARACTERS);
    for (let next = at; next < end; next++) hash = Math.imul(hash ^ letters.charCodeAt(next), 0x01000193);
    into[at] = mix(hash);
  }
  return count;
}

function distinct(sorted: Uint32Array): Uint32Array {
  let used = 0;
  for (let at = 0; at < sorted.length; at++)
    if (at === 0 || sorted[at] !== sorted[used - 1]) sorted[used++] = sorted[at] as number;
  return sorted.subarray(0, used);
}

/** Shared members over all members of two sorted sets, 0..1; 0 for two empty ones. */
export function jaccard(a: Uint32Array, b: Uint32Array): number {
  let [i, j, shared] = [0, 0, 0];
  while (i < a.length && j < b.length) {
    const [x, y] = [a[i] as number, b[j] as number];
    if (x === y) shared++;
    if (x <= y) i++;
    if (y <= x) j++;
  }
  const all = a.length + b.length - shared;
  return all === 0 ? 0 : shared / all;
}
