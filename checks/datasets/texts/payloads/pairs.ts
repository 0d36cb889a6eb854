import type { Corpus } from '../words/corpus.ts';
import type { Unit } from './candidates.ts';

/** Words on each side that are looked at. */
const REACH = 60;
/** Share of a unit's documents that must have the partner, and share of those in which it must be on the same side. */
const PARTNERED = 0.8;
const SAME_SIDE = 0.95;
/** Share of them that the commonest distance may have at most: the parts of a fixed phrase stand at one distance. */
const ONE_DISTANCE = 0.75;
/** A partner is in no more documents than so many times those of the unit. */
const TIMES = 3;

interface Seen {
  sides: number;
  count: number;
  readonly distances: Map<number, number>;
}

/**
 * Whether a unit has a partner as a closing bracket has its opening one: a word that is about as rare, nearly always on
 * the same side of it, now nearer and now further. O(documents sampled).
 */
export function isPaired(
  { sampled, places, width, documents }: Unit,
  { words, offsets }: Corpus,
  documentsWith: (at: number) => number,
): boolean {
  const partners = new Map<number, Seen>();
  sampled.forEach((document, place) => {
    const from = places[place] as number;
    const start = Math.max(offsets[document] as number, from - REACH);
    const end = Math.min(offsets[document + 1] as number, from + width + REACH);
    const own = new Set<number>();
    for (let at = start; at < end; at++) {
      const word = words[at] as number;
      if ((at >= from && at < from + width) || own.has(word) || documentsWith(at) > TIMES * documents)
        continue;
      own.add(word);
      note(partners, word, at - from);
    }
  });
  return [...partners.values()].some(
    ({ sides, count, distances }) =>
      count >= PARTNERED * sampled.length &&
      Math.abs(sides) >= (2 * SAME_SIDE - 1) * count &&
      Math.max(...distances.values()) <= ONE_DISTANCE * count,
  );
}

function note(partners: Map<number, Seen>, word: number, distance: number): void {
  const seen = partners.get(word) ?? { sides: 0, count: 0, distances: new Map<number, number>() };
  seen.count++;
  seen.sides += Math.sign(distance);
  seen.distances.set(distance, (seen.distances.get(distance) ?? 0) + 1);
  partners.set(word, seen);
}
