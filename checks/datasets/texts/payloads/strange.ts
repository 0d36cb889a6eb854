import type { Corpus } from '../words/corpus.ts';
import { mix } from '../words/hash.ts';
import type { Unit } from './candidates.ts';

/** Words on a side of a unit that are looked at. */
const REACH = 24;
/** Words a document must have on that side on the mean. */
const LEAST = 4;
/** Share of a word's documents that have the unit from which the word is the unit's own. */
const OWN = 0.5;
/** Share of own words behind a unit from which they are strange to the dataset; how often the share before, and the usual one. */
const STRANGE = 0.3;
const TIMES = 4;

/** Whether what stands behind a unit are words that hardly a document without it has, while those before it are usual. */
export type IsStrange = (unit: Unit, before: number, after: number) => boolean;

/** Judges by the words alone, for datasets whose words do not tell which follows which. O(documents sampled). */
export function createStrange(corpus: Corpus, documentsWith: (at: number) => number): IsStrange {
  const draws = Math.min(corpus.words.length, 50_000);
  const drawn = Int32Array.from({ length: draws }, (_, draw) =>
    documentsWith(mix(draw) % corpus.words.length),
  ).sort();
  /** Share of all words that are so rare that one document of a sample makes them the unit's. */
  const usual = (atMost: number): number => {
    let count = 0;
    while (count < draws && (drawn[count] as number) <= atMost) count++;
    return draws === 0 ? 0 : count / draws;
  };
  return (unit, before, after) => {
    const share = (side: -1 | 1, skip: number): number =>
      ownShare(unit, corpus, { side, skip, documentsWith });
    const [front, behind] = [share(-1, before), share(1, after)];
    if (!(behind >= STRANGE && behind >= TIMES * front)) return false;
    return behind >= TIMES * usual(unit.documents / unit.sampled.length / OWN);
  };
}

/** Share of the words on a side that are the unit's own; NaN where hardly any word is there. */
function ownShare(
  { sampled, places, width, documents }: Unit,
  { words, offsets }: Corpus,
  { side, skip, documentsWith }: { side: -1 | 1; skip: number; documentsWith: (at: number) => number },
): number {
  const seen = new Map<number, { all: number; places: number; readonly with: Set<number> }>();
  let count = 0;
  sampled.forEach((document, place) => {
    const at = places[place] as number;
    const start = side < 0 ? at - skip - REACH : at + width + skip;
    const from = Math.max(offsets[document] as number, start);
    const to = Math.min(offsets[document + 1] as number, start + REACH);
    for (let each = from; each < to; each++, count++) {
      const word = words[each] as number;
      const known = seen.get(word) ?? { all: documentsWith(each), places: 0, with: new Set() };
      known.places++;
      known.with.add(document);
      seen.set(word, known);
    }
  });
  if (count < LEAST * sampled.length) return Number.NaN;
  const times = documents / sampled.length;
  let own = 0;
  for (const word of seen.values()) if (word.with.size * times >= OWN * word.all) own += word.places;
  return own / count;
}
