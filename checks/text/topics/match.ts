import { foldWord, isUnspaced, stem, type Word, wordsOf } from './words.ts';

/** A term of a topic where it stands. */
export interface TermHit {
  readonly topic: number;
  readonly term: number;
  readonly weight: number;
  readonly start: number;
  readonly end: number;
}

export interface WeightedTerms {
  readonly terms: readonly string[];
  readonly weight: number;
}

interface Entry {
  readonly topic: number;
  readonly term: number;
  readonly weight: number;
}

/** Terms of all topics, made ready for one pass over a text's words. */
export interface TermIndex {
  readonly find: (text: string) => TermHit[];
  /** From where the end of `text` could still become a term. */
  readonly holdFrom: (text: string) => number;
}

const MOST_WORDS = 12;
const MOST_HITS = 200;
/** No term is longer than this many units of text, however much space its words are apart. */
const REACH = 1_024;

function keyOf(words: readonly string[]): string {
  return words.join(' ');
}

/** An index over topics, each a few lists of terms. Terms of more than 12 words are cut to their first 12. */
export function createTermIndex(topics: readonly (readonly WeightedTerms[])[]): TermIndex {
  const entries = new Map<string, Entry[]>();
  const beginnings = new Set<string>();
  const unspaced: { readonly text: string; readonly entry: Entry }[] = [];
  let term = 0;
  for (const [topic, lists] of topics.entries()) {
    for (const { terms, weight } of lists) {
      for (const written of terms) {
        const entry = { topic, term, weight };
        term += 1;
        if (isUnspaced(written)) {
          unspaced.push({ text: foldWord(written.trim()), entry });
          continue;
        }
        const words = wordsOf(written)
          .slice(0, MOST_WORDS)
          .map(({ folded }) => stem(folded));
        if (words.length === 0) continue;
        for (let count = 1; count < words.length; count += 1) beginnings.add(keyOf(words.slice(0, count)));
        const key = keyOf(words);
        const known = entries.get(key);
        if (known === undefined) entries.set(key, [entry]);
        else known.push(entry);
      }
    }
  }

  /**
   * Calls back for each term that begins at word `index`. True when the text ends within one: all words to the
   * end begin it, the last of them perhaps `unfinished`.
   */
  function follow(
    words: readonly Word[],
    index: number,
    unfinished: boolean,
    hit: (entry: Entry, last: Word) => void,
  ): boolean {
    let key = '';
    for (let at = index; at < words.length; at += 1) {
      const word = words[at] as Word;
      key = at === index ? stem(word.folded) : `${key} ${stem(word.folded)}`;
      for (const entry of entries.get(key) ?? []) hit(entry, word);
      if (unfinished && at === words.length - 1) return true;
      if (!beginnings.has(key)) return false;
    }
    return true;
  }

  function findUnspaced(text: string, hits: TermHit[]): void {
    if (unspaced.length === 0) return;
    const folded = text.toLowerCase();
    // Lower-casing may change the length (İ); offsets would no longer fit, so such texts are taken as they are.
    const searched = folded.length === text.length ? folded : text;
    for (const { text: wanted, entry } of unspaced) {
      const start = searched.indexOf(wanted);
      if (start >= 0) hits.push({ ...entry, start, end: start + wanted.length });
    }
  }

  return Object.freeze({
    find(text: string): TermHit[] {
      const hits: TermHit[] = [];
      findUnspaced(text, hits);
      if (entries.size === 0) return hits;
      const words = wordsOf(text);
      for (let index = 0; index < words.length && hits.length < MOST_HITS; index += 1) {
        const { start } = words[index] as Word;
        follow(words, index, false, (entry, last) => hits.push({ ...entry, start, end: last.end }));
      }
      return hits;
    },
    holdFrom(text: string): number {
      if (entries.size === 0 && unspaced.length === 0) return text.length;
      const words = wordsOf(text, Math.max(0, text.length - REACH));
      let hold = text.length;
      for (let index = Math.max(0, words.length - MOST_WORDS); index < words.length; index += 1) {
        const word = words[index] as Word;
        if (follow(words, index, words.at(-1)?.end === text.length, () => {}))
          hold = Math.min(hold, word.start);
      }
      for (const { text: wanted } of unspaced) {
        for (let length = Math.min(wanted.length - 1, text.length); length > 0; length -= 1) {
          if (!text.endsWith(wanted.slice(0, length))) continue;
          hold = Math.min(hold, text.length - length);
          break;
        }
      }
      return hold;
    },
  });
}
