import { classOf, WORD } from '../words/characters.ts';
import type { Corpus } from '../words/corpus.ts';
import { join, mix } from '../words/hash.ts';

/** 1..5: so many words one after another; then openings, endings, and odd signs. */
export type Kind = number;
export const MOST_WORDS_IN_A_ROW = 5;
export const OPENING = 10;
export const ENDING = 20;
export const ODD = 30;
const EDGE_WORDS = 3;

/** Odd signs of a document that are kept at most. */
const MOST_ODD = 64;

export const kindHash = (kind: Kind, hash: number): number => (kind === 1 ? hash : join(hash, kind));

/** Sees every feature of a document, some of them more than once. `at` is the first word, −1 where there is none. */
export type Visit = (hash: number, kind: Kind, at: number) => void;

/** The n-grams of 1 to 5 words, the first and last 1 to 3 words, and the odd signs, of one document. O(5 · words). */
export function eachFeature(corpus: Corpus, odd: Corpus, document: number, visit: Visit): void {
  const { words } = corpus;
  const [from, to] = [corpus.offsets[document] as number, corpus.offsets[document + 1] as number];
  for (let start = from; start < to; start++) {
    let hash = words[start] as number;
    visit(hash, 1, start);
    const last = Math.min(to, start + MOST_WORDS_IN_A_ROW);
    for (let at = start + 1; at < last; at++) {
      hash = join(hash, words[at] as number);
      visit(kindHash(at - start + 1, hash), at - start + 1, start);
    }
  }
  edges(corpus, from, to, visit);
  for (let at = odd.offsets[document] as number; at < (odd.offsets[document + 1] as number); at++)
    visit(kindHash(ODD, odd.words[at] as number), ODD, -1);
}

function edges({ words }: Corpus, from: number, to: number, visit: Visit): void {
  const length = Math.min(EDGE_WORDS, to - from);
  let [opening, ending] = [0, 0];
  for (let n = 1; n <= length; n++) {
    opening = n === 1 ? (words[from] as number) : join(opening, words[from + n - 1] as number);
    ending = n === 1 ? (words[to - 1] as number) : join(ending, words[to - n] as number);
    visit(kindHash(OPENING + n, opening), OPENING + n, from);
    visit(kindHash(ENDING + n, ending), ENDING + n, to - n);
  }
}

/** Letters and signs beyond ASCII, words in capitals, and runs of white space: what a reader may not notice. */
export function readOdd(texts: readonly (string | null)[]): Corpus {
  const offsets = new Int32Array(texts.length + 1);
  let words = new Uint32Array(1024);
  let used = 0;
  for (let document = 0; document < texts.length; document++) {
    const found = oddSigns(texts[document] ?? '');
    if (used + found.size > words.length) {
      const wider = new Uint32Array(2 * (used + found.size));
      wider.set(words);
      words = wider;
    }
    for (const sign of found) words[used++] = sign;
    offsets[document + 1] = used;
  }
  return { documents: texts.length, offsets, words: words.subarray(0, used), cut: false, most: MOST_ODD };
}

/** Characters of a text that are looked at for odd signs. */
const MOST_CHARACTERS = 16_384;
const isCapital = (code: number): boolean => code >= 0x41 && code <= 0x5a;

function oddSigns(text: string): Set<number> {
  const found = new Set<number>();
  const end = Math.min(text.length, MOST_CHARACTERS);
  for (let at = 0; at < end && found.size < MOST_ODD; at++) {
    const code = text.charCodeAt(at);
    if (code > 0x7f && code !== 0xa0) found.add(mix(code));
    else if (code <= 0x20 && (code !== 0x20 || text.charCodeAt(at + 1) === 0x20))
      found.add(mix(code + 0x20000));
    else if (isCapital(code) && isCapital(text.charCodeAt(at + 1))) {
      let [hash, last] = [0, at];
      for (; last < end && classOf(text.charCodeAt(last)) === WORD; last++)
        hash = join(hash, text.charCodeAt(last));
      found.add(hash);
      at = last;
    }
  }
  return found;
}
