import type { Labels } from '../../labels/index.ts';
import type { Corpus } from '../words/corpus.ts';
import { join, mix } from '../words/hash.ts';
import { OPENING } from './features.ts';
import type { Family } from './openings.ts';

/** Words so frequent that they say how a text is put, not what it is about. */
const FREQUENT = 150;
const BITS = 18;
const MOST_FEATURES = 400;
const MOST_WORDS = 120;

/**
 * How much a document is put like the family, for the documents of its label: log-odds by its openings, its frequent
 * words and pairs of them, and where its first comma stands, each document judged without itself; NaN for documents of
 * other labels, which the style is told apart from. O(words).
 */
export function styleOf(family: Family, corpus: Corpus, labels: Labels): Float64Array {
  const read = createReader(corpus);
  const [inside, outside] = [new Float64Array(2 ** BITS), new Float64Array(2 ** BITS)];
  const members = new Uint8Array(corpus.documents);
  for (const row of family.rows) members[row] = 1;
  let [insiders, outsiders] = [0, 0];
  for (let document = 0; document < corpus.documents; document++) {
    if (members[document] === 0 && labels.values[document] === family.label) continue;
    const table = members[document] === 1 ? inside : outside;
    if (members[document] === 1) insiders++;
    else outsiders++;
    for (const slot of read(document)) table[slot] = (table[slot] as number) + 1;
  }
  const result = new Float64Array(corpus.documents).fill(Number.NaN);
  for (let document = 0; document < corpus.documents; document++) {
    if (labels.values[document] !== family.label) continue;
    const own = members[document] as number;
    let sum = 0;
    const slots = read(document);
    for (const slot of slots) {
      const seen = ((inside[slot] as number) - own + 0.5) / (insiders - own + 1);
      sum += Math.log(seen / (((outside[slot] as number) + 0.5) / (outsiders + 1)));
    }
    result[document] = sum / Math.sqrt(Math.max(1, slots.length));
  }
  return result;
}

function frequentWords({ words }: Corpus): Set<number> {
  const counts = new Map<number, number>();
  const step = Math.max(1, Math.floor(words.length / 1_000_000));
  for (let at = 0; at < words.length; at += step)
    counts.set(words[at] as number, (counts.get(words[at] as number) ?? 0) + 1);
  return new Set(
    [...counts]
      .sort((a, b) => b[1] - a[1] || a[0] - b[0])
      .slice(0, FREQUENT)
      .map(([word]) => word),
  );
}

const COMMA = mix(Math.imul(0x811c9dc5 ^ 0x2c, 0x01000193));

function createReader(corpus: Corpus): (document: number) => Int32Array {
  const { words, offsets } = corpus;
  const frequent = frequentWords(corpus);
  const slots = new Int32Array(MOST_FEATURES);
  const place = (hash: number): number => mix(hash) >>> (32 - BITS);
  return (document) => {
    const from = offsets[document] as number;
    const to = Math.min(offsets[document + 1] as number, from + MOST_WORDS);
    let [used, opening, comma] = [0, 0, 0];
    for (let at = from; at < to; at++) {
      const word = words[at] as number;
      if (at - from < 3) {
        opening = join(opening, word);
        slots[used++] = place(join(opening, OPENING));
      }
      if (comma === 0 && word === COMMA) comma = Math.min(12, at - from + 1);
      if (!frequent.has(word)) continue;
      slots[used++] = place(word);
      if (at > from && frequent.has(words[at - 1] as number))
        slots[used++] = place(join(words[at - 1] as number, word));
    }
    slots[used++] = place(comma);
    return slots.subarray(0, used);
  };
}
