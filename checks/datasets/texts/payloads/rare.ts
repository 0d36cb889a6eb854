import type { Corpus } from '../words/corpus.ts';
import { mix } from '../words/hash.ts';
import type { Unit } from './candidates.ts';

/** Documents that are looked at. */
const DRAWS = 20_000;
/** Words of a document that are looked at. */
const MOST_WORDS = 400;
/** A word counts as about as rare as a unit when it is in no more documents than so many times those of the unit. */
const TIMES = 2;
/** Share of all documents, beside those of the unit, that may have such a word. */
const SPARE = 0.02;
const OWN = 1.5;
const MOST = 0.35;

/**
 * Whether hardly any document but a unit's own has a word that is about as rare: in texts of a small set of words, each
 * of them frequent, a rare one stands out by being rare.
 */
export type IsAlone = (unit: Unit) => boolean;

/** Reads the rarest word of documents drawn by lot. O(words of those). */
export function createAlone(corpus: Corpus, documentsWith: (at: number) => number): IsAlone {
  const draws = Math.min(DRAWS, corpus.documents);
  const rarest = new Int32Array(draws);
  for (let draw = 0; draw < draws; draw++) {
    const document = draws === corpus.documents ? draw : mix(draw) % corpus.documents;
    const from = corpus.offsets[document] as number;
    const to = Math.min(corpus.offsets[document + 1] as number, from + MOST_WORDS);
    let least = corpus.documents;
    for (let at = from; at < to; at++) least = Math.min(least, documentsWith(at));
    rarest[draw] = least;
  }
  rarest.sort();
  return ({ documents }) => {
    let [low, high] = [0, draws];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((rarest[middle] as number) <= TIMES * documents) low = middle + 1;
      else high = middle;
    }
    return low / draws <= Math.min(MOST, OWN * (documents / corpus.documents) + SPARE);
  };
}
