import { memoised } from '../../define.ts';
import type { Word } from './words.ts';
import { wordList } from './words.ts';

/** Words in a row that make two texts worth comparing further. */
export const SHINGLE = 5;
/** Longest stretch of one text that is compared, in words. */
const MAX_WORDS = 50_000;
/** A shingle that stands at more places than this is boilerplate within the text itself. */
const MAX_PLACES = 16;

/** Texts made ready to find stretches of them elsewhere. */
export interface Source {
  readonly words: readonly string[];
  /** Shingle → where it starts. */
  readonly places: ReadonlyMap<string, readonly number[]>;
  /** Word → where it stands, for stretches still shorter than a shingle. */
  readonly single: ReadonlyMap<string, readonly number[]>;
  /** Words of the longest text: no stretch is longer. */
  readonly longest: number;
}

/** Between two texts stands a word that no text has, so that no stretch runs across. */
const BORDER = '\u0000';

function buildSource(texts: readonly string[]): Source {
  const words: string[] = [];
  let longest = 0;
  for (const text of texts) {
    const own = wordList(text);
    longest = Math.max(longest, own.length);
    for (const word of own) words.push(word);
    words.push(BORDER);
    if (words.length >= MAX_WORDS) break;
  }
  if (words.length > MAX_WORDS) words.length = MAX_WORDS;
  const places = new Map<string, number[]>();
  const single = new Map<string, number[]>();
  for (let i = 0; i < words.length; i += 1) {
    add(single, words[i] ?? '', i);
    if (i + SHINGLE <= words.length) add(places, words.slice(i, i + SHINGLE).join(' '), i);
  }
  return { words, places, single, longest };
}

function add(map: Map<string, number[]>, key: string, at: number): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [at]);
  else known.push(at);
}

/** Sources of instructions seen lately, by the texts themselves: an application sends the same with each call. */
const lately = new Map<string, Source>();
const MOST_LATELY = 32;
const LONGEST_LATELY = 32_768;

function recalled(texts: readonly string[]): Source {
  const key = texts.length === 1 ? (texts[0] as string) : JSON.stringify(texts);
  if (key.length > LONGEST_LATELY) return buildSource(texts);
  const known = lately.get(key);
  if (known !== undefined) return known;
  const source = buildSource(texts);
  if (lately.size >= MOST_LATELY) lately.clear();
  lately.set(key, source);
  return source;
}

/** Built once for each list of texts, as long as the list lives. */
export const sourceOf: (texts: readonly string[]) => Source = memoised(buildSource);
/** The same for texts that come again and again in lists of their own. */
export const instructionsOf: (texts: readonly string[]) => Source = memoised(recalled);

/** Words `from..to` of the judged text stand in a row in the source. */
export interface Run {
  readonly from: number;
  readonly to: number;
}

/** The longest common stretch that starts at word `from`. */
function extend(words: readonly Word[], from: number, source: Source): number {
  const key = words
    .slice(from, from + SHINGLE)
    .map(({ word }) => word)
    .join(' ');
  let longest = 0;
  for (const place of (source.places.get(key) ?? []).slice(0, MAX_PLACES)) {
    let length = SHINGLE;
    while (
      from + length < words.length &&
      source.words[place + length] !== undefined &&
      source.words[place + length] === words[from + length]?.word
    ) {
      length += 1;
    }
    longest = Math.max(longest, length);
  }
  return longest;
}

/** The last word of the shingle at `from` that the source does not have at all, or -1. */
function lastUnknown(words: readonly Word[], from: number, source: Source): number {
  for (let k = from + SHINGLE - 1; k >= from; k -= 1) {
    if (!source.single.has((words[k] as Word).word)) return k;
  }
  return -1;
}

/** Maximal stretches of at least a shingle that also stand in the source, left to right without overlap. */
export function commonRuns(words: readonly Word[], source: Source): Run[] {
  const runs: Run[] = [];
  if (source.longest < SHINGLE) return runs;
  for (let i = 0; i + SHINGLE <= words.length; ) {
    const unknown = lastUnknown(words, i, source);
    if (unknown >= 0) {
      i = unknown + 1;
      continue;
    }
    const length = extend(words, i, source);
    if (length === 0) i += 1;
    else {
      runs.push({ from: i, to: i + length });
      i += length;
    }
  }
  return runs;
}

/** Does words[from..] stand in a row in the source, to the end? */
export function isTail(words: readonly Word[], from: number, source: Source): boolean {
  for (const place of source.single.get(words[from]?.word ?? '') ?? []) {
    let k = 1;
    while (from + k < words.length && source.words[place + k] === words[from + k]?.word) k += 1;
    if (from + k === words.length) return true;
  }
  return false;
}
