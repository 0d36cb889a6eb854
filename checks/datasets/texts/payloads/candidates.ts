import type { Steps } from '../../neighbours/index.ts';
import { type Counted, createOnce } from '../triggers/count.ts';
import { eachFeature, MOST_WORDS_IN_A_ROW } from '../triggers/features.ts';
import type { Corpus } from '../words/corpus.ts';
import { mix } from '../words/hash.ts';

/** Occurrences by which a unit is judged first. */
export const SAMPLE = 64;
/** Units that are looked at, the first of them. */
export const MOST_UNITS = 150_000;
/** Share of the documents with the rarest word of a phrase that must have the whole phrase. */
const COHESION = 0.6;

/** A word or a phrase in many documents but in few of all, with some of its occurrences. */
export interface Unit {
  readonly hash: number;
  readonly width: number;
  readonly documents: number;
  readonly sampled: Int32Array;
  /** Where it stands in the sampled documents, as words of the corpus. */
  readonly places: Int32Array;
}

interface Collected {
  readonly hash: number;
  readonly width: number;
  readonly documents: number;
  readonly sampled: number[];
  readonly places: number[];
  seen: number;
}

/**
 * Words in `least` to `most` documents, and phrases of 2 to 5 words as often that are nearly always there when their
 * rarest word is; of each up to 64 occurrences drawn by lot. One pass.
 */
export function* unitsOf(
  counted: Counted,
  corpora: { readonly corpus: Corpus; readonly odd: Corpus },
  { least, most }: { least: number; most: number },
): Steps<Unit[]> {
  const { corpus, odd } = corpora;
  const state = new Int32Array(counted.size).fill(-1);
  const units: Collected[] = [];
  const once = createOnce();
  const admit = (place: number, hash: number, width: number, at: number): number => {
    const documents = counted.byLabel[place] as number;
    const fits = documents >= least && documents <= most && units.length < MOST_UNITS;
    if (!fits || (width > 1 && !coheres(counted, corpus, documents, { at, width }))) return -2;
    return units.push({ hash, width, documents, sampled: [], places: [], seen: 0 }) - 1;
  };
  for (let document = 0; document < corpus.documents; document++) {
    eachFeature(corpus, odd, document, (hash, kind, at) => {
      if (kind > MOST_WORDS_IN_A_ROW) return;
      const place = counted.find(hash);
      if (place < 0 || state[place] === -2 || !once(hash, document)) return;
      if (state[place] === -1) state[place] = admit(place, hash, kind, at);
      const unit = units[state[place] as number];
      if (unit !== undefined) sample(unit, document, at);
    });
    if ((document & 2047) === 2047) yield { stage: 'phrases', done: document, total: corpus.documents };
  }
  return units.map(({ hash, width, documents, sampled, places }) => ({
    hash,
    width,
    documents,
    sampled: Int32Array.from(sampled),
    places: Int32Array.from(places),
  }));
}

function coheres(
  counted: Counted,
  { words }: Corpus,
  documents: number,
  { at, width }: { at: number; width: number },
): boolean {
  for (let word = at; word < at + width; word++) {
    const place = counted.find(words[word] as number);
    if (place >= 0 && documents >= COHESION * (counted.byLabel[place] as number)) return true;
  }
  return false;
}

/** Keeps each occurrence with the same chance, by a hash of its place instead of a lot. */
function sample(unit: Collected, document: number, at: number): void {
  const turn = unit.seen++;
  const place = turn < SAMPLE ? turn : mix(document ^ unit.hash) % (turn + 1);
  if (place >= SAMPLE) return;
  unit.sampled[place] = document;
  unit.places[place] = at;
}
