import { foldWord, type Word, wordsOf } from '../topics/words.ts';

/** A name where it stands, with how closely it is written like the configured one. */
export interface NameHit {
  readonly name: number;
  readonly start: number;
  readonly end: number;
  readonly how: 'exact' | 'lower-case' | 'typo';
}

export interface NameIndex {
  readonly find: (text: string) => NameHit[];
  readonly holdFrom: (text: string) => number;
}

/** Names shorter than this must be written right. */
const TYPO_FROM = 6;
/** Words that one name may be split into. */
const MOST_WORDS = 6;
/** Space and signs between two words of one name, in units. */
const MOST_GAP = 2;
const MOST_HITS = 200;
const REACH = 512;

interface Name {
  readonly index: number;
  /** All letters and digits of the name, folded, without gaps. */
  readonly key: string;
  readonly capital: boolean;
}

/** True when one insertion, deletion, change or swap of neighbours makes `a` of `b`. */
export function withinOneEdit(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1) return false;
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1;
  let tail = 0;
  const most = Math.min(a.length, b.length) - head;
  while (tail < most && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail += 1;
  const restA = a.length - head - tail;
  const restB = b.length - head - tail;
  if (restA <= 1 && restB <= 1) return true;
  return restA === 2 && restB === 2 && a[head] === b[head + 1] && a[head + 1] === b[head];
}

/** Two words count as one name only when hardly anything stands between them. */
function joins(before: Word, after: Word): boolean {
  return after.start - before.end <= MOST_GAP;
}

/**
 * Finds names however they are cased, hyphenated, spaced or put into an address, with their possessive and, from
 * six letters on, with one slip of the pen.
 */
export function createNameIndex(names: readonly string[], typos: boolean): NameIndex {
  const byKey = new Map<string, Name>();
  const byLength = new Map<number, Name[]>();
  const beginnings = new Set<string>();
  for (const [index, written] of names.entries()) {
    const key = wordsOf(written)
      .map(({ folded }) => folded)
      .join('');
    if (key === '') continue;
    const name = { index, key, capital: foldWord(written.slice(0, 1)) !== written.slice(0, 1) };
    byKey.set(key, byKey.get(key) ?? name);
    for (let length = 1; length < key.length; length += 1) beginnings.add(key.slice(0, length));
    if (!typos || key.length < TYPO_FROM) continue;
    for (const length of [key.length - 1, key.length, key.length + 1]) {
      byLength.set(length, [...(byLength.get(length) ?? []), name]);
    }
  }

  function slipOf(word: string): Name | undefined {
    if (word.length < TYPO_FROM - 1) return undefined;
    // A plural or possessive without its apostrophe is no slip of another name, nor a different word.
    return byLength.get(word.length)?.find(({ key }) => withinOneEdit(word, key));
  }

  function hitAt(text: string, words: readonly Word[], index: number): NameHit | null {
    const first = words[index] as Word;
    let best: NameHit | null = null;
    let key = '';
    for (let at = index; at < words.length && at < index + MOST_WORDS; at += 1) {
      const word = words[at] as Word;
      if (at > index && !joins(words[at - 1] as Word, word)) break;
      key += word.folded;
      const name = byKey.get(key);
      if (name !== undefined) {
        const lower =
          name.capital &&
          text.slice(first.start, word.end) === text.slice(first.start, word.end).toLowerCase();
        best = { name: name.index, start: first.start, end: word.end, how: lower ? 'lower-case' : 'exact' };
      }
      if (!beginnings.has(key)) break;
    }
    if (best !== null) return best;
    const slip = slipOf(first.folded);
    return slip === undefined ? null : { name: slip.index, start: first.start, end: first.end, how: 'typo' };
  }

  /** True when the words from `index` to the end of the text begin a name, the last perhaps unfinished. */
  function begins(words: readonly Word[], index: number): boolean {
    let key = '';
    for (let at = index; at < words.length; at += 1) {
      if (at > index && !joins(words[at - 1] as Word, words[at] as Word)) return false;
      key += (words[at] as Word).folded;
    }
    return beginnings.has(key);
  }

  return Object.freeze({
    find(text: string): NameHit[] {
      const hits: NameHit[] = [];
      const words = byKey.size === 0 ? [] : wordsOf(text);
      for (let index = 0; index < words.length && hits.length < MOST_HITS; ) {
        const hit = hitAt(text, words, index);
        index += 1;
        if (hit === null) continue;
        hits.push(hit);
        while (index < words.length && (words[index] as Word).start < hit.end) index += 1;
      }
      return hits;
    },
    holdFrom(text: string): number {
      if (byKey.size === 0) return text.length;
      const words = wordsOf(text, Math.max(0, text.length - REACH));
      const last = words.at(-1);
      if (last === undefined) return text.length;
      let hold = last.end === text.length ? last.start : text.length;
      if (text.length - last.end > MOST_GAP) return hold;
      for (let index = words.length - 1; index >= 0 && index >= words.length - MOST_WORDS; index -= 1) {
        if (begins(words, index)) hold = Math.min(hold, (words[index] as Word).start);
      }
      return hold;
    },
  });
}
