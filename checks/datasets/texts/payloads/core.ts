import { kindHash } from '../triggers/features.ts';
import type { Corpus } from '../words/corpus.ts';
import { join } from '../words/hash.ts';
import { createWords, scanWords } from '../words/scan.ts';
import type { Unit } from './candidates.ts';

/** A sign in more documents than so many times those of a phrase is a usual one that happened to stand beside it. */
const USUAL = 3;
/** A phrase has a word of its own when that is in no more documents than so many times its own. */
const OWN = 1.25;

const SIGNS: ReadonlySet<number> = (() => {
  const words = createWords(64);
  scanWords('. , ; : ! ? - ( ) [ ] { } " \' ` * _ # / | … “ ” ‘ ’ – — « » 。 、 ， ！ ？', words);
  return new Set(words.hashes.subarray(0, words.count));
})();

/** The words of a unit that tell its documents, as `eachFeature` hashes them. */
export interface Core {
  readonly hash: number;
  readonly width: number;
}

/** Whether a unit is a usual sign, or some of them, and no more: writers differ in how they set them. */
export function isOfSigns({ places, width }: Unit, { words }: Corpus): boolean {
  const start = places[0] as number;
  return words.subarray(start, start + width).every((word) => SIGNS.has(word));
}

/**
 * A unit without the usual signs at its ends, such as a full stop that stands before it in most documents, not in all;
 * the unit itself where it has no word of its own.
 */
export function coreOf(unit: Unit, corpus: Corpus, documentsWith: (at: number) => number): Core {
  const whole = { hash: unit.hash, width: unit.width };
  const start = unit.places[0] as number;
  const counts = Array.from({ length: unit.width }, (_, at) => documentsWith(start + at));
  const rarest = Math.min(...counts);
  if (rarest > OWN * unit.documents) return whole;
  const isUsual = (at: number): boolean =>
    (counts[at] as number) > USUAL * unit.documents && SIGNS.has(corpus.words[start + at] as number);
  let [from, to] = [0, unit.width];
  while (isUsual(from)) from++;
  while (isUsual(to - 1)) to--;
  if (to - from === unit.width) return whole;
  let hash = corpus.words[start + from] as number;
  for (let at = start + from + 1; at < start + to; at++) hash = join(hash, corpus.words[at] as number);
  return { hash: kindHash(to - from, hash), width: to - from };
}
