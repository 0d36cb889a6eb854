import type { Steps } from '../../neighbours/index.ts';
import type { Corpus } from '../words/corpus.ts';
import type { Unit } from './candidates.ts';

const BITS = 22;
/** Share of documents from which a word says nothing of what a text is about. */
const COMMON = 0.05;
/** Words of a document that are looked at. */
const MOST_WORDS = 400;

export interface Relation {
  /**
   * How many more words the documents of a unit share, two by two, than documents drawn by lot: 1 for unrelated ones,
   * far more for those of one topic, one source or one text. Words that most of the unit's documents have are left out.
   */
  readonly ratio: (unit: Unit) => number;
  /** How many documents have the word of the corpus at this place. */
  readonly documentsWith: (at: number) => number;
}

/** Counts in how many documents every word is, hashed. O(words); 34 MB. */
export function* readRelation(corpus: Corpus): Steps<Relation> {
  const documents = new Int32Array(2 ** BITS);
  const last = new Int32Array(2 ** BITS).fill(-1);
  const limit = Math.max(2, COMMON * corpus.documents);
  let read = 0;
  const each = (document: number, visit: (slot: number) => void): void => {
    const from = corpus.offsets[document] as number;
    const to = Math.min(corpus.offsets[document + 1] as number, from + MOST_WORDS);
    for (let at = from; at < to; at++) visit((corpus.words[at] as number) >>> (32 - BITS));
  };
  for (let document = 0; document < corpus.documents; document++) {
    each(document, (slot) => {
      if (last[slot] === document) return;
      last[slot] = document;
      documents[slot] = (documents[slot] as number) + 1;
    });
    if ((document & 4095) === 4095) yield { stage: 'words of all', done: document, total: corpus.documents };
  }
  let usual = 0;
  for (const count of documents)
    if (count <= limit) {
      usual += (count / corpus.documents) ** 2;
      read += count;
    }
  const ratio = (unit: Unit): number => {
    const counts = new Map<number, number>();
    let own = 0;
    for (const document of unit.sampled) {
      const seen = new Set<number>();
      each(document, (slot) => {
        if ((documents[slot] as number) <= limit) seen.add(slot);
      });
      own += seen.size;
      for (const slot of seen) counts.set(slot, (counts.get(slot) ?? 0) + 1);
    }
    const size = unit.sampled.length;
    let shared = 0;
    for (const count of counts.values()) if (count <= 0.5 * size) shared += (count * (count - 1)) / 2;
    const length = own / size / Math.max(1, read / corpus.documents);
    return shared / Math.max(1e-9, ((size * (size - 1)) / 2) * usual * length * length);
  };
  const documentsWith = (at: number): number =>
    documents[(corpus.words[at] as number) >>> (32 - BITS)] as number;
  return { ratio, documentsWith };
}
