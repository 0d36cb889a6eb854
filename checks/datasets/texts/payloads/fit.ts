import type { Insertion } from '../triggers/insertion.ts';
import type { Corpus } from '../words/corpus.ts';
import { mix } from '../words/hash.ts';
import type { Unit } from './candidates.ts';

/** Words on a side of a unit that are looked at, and of a document for the usual fit. */
const REACH = 24;
const OF_DOCUMENT = 48;
const DRAWS = 2000;
/** Words a document must have on that side on the mean. */
const LEAST = 4;
/** No word counts as fitting better, so that a few copies of one text cannot make all others look like gibberish. */
const MOST_FIT = 2;

interface Judges {
  readonly corpus: Corpus;
  readonly insertion: Insertion;
}

/** Mean fit of the words beside a unit to each other, and its standard error, each document drawn as a whole. */
export interface Beside {
  readonly mean: number;
  readonly error: number;
}

/** How the words before (−1) or after (1) a unit fit each other, `skip` of them left out; NaN where hardly any are there. */
export function fitBeside(
  { sampled, places, width }: Unit,
  skip: number,
  side: -1 | 1,
  { corpus, insertion }: Judges,
): Beside {
  let [sum, count] = [0, 0];
  const ofDocument: { sum: number; count: number }[] = [];
  sampled.forEach((document, place) => {
    const at = places[place] as number;
    const [start, end] =
      side < 0 ? [at - skip - REACH, at - skip] : [at + width + skip + 1, at + width + skip + 1 + REACH];
    const from = Math.max(1 + (corpus.offsets[document] as number), start);
    const to = Math.min(corpus.offsets[document + 1] as number, end);
    if (to <= from) return;
    let own = 0;
    for (let each = from; each < to; each++) own += Math.min(MOST_FIT, insertion.fit(each));
    ofDocument.push({ sum: own, count: to - from });
    sum += own;
    count += to - from;
  });
  const drawn = ofDocument.length;
  if (count < LEAST * sampled.length || drawn < 2) return { mean: Number.NaN, error: Number.NaN };
  const mean = sum / count;
  const squares = ofDocument.reduce((all, own) => all + (own.sum - mean * own.count) ** 2, 0);
  return { mean, error: Math.sqrt((squares * drawn) / (drawn - 1)) / count };
}

/** Median over documents of how well their words fit: a few long ones of gibberish do not change it. */
export function usualFit(corpus: Corpus, insertion: Insertion): number {
  const fits: number[] = [];
  const draws = Math.min(DRAWS, corpus.documents);
  for (let draw = 0; draw < draws; draw++) {
    const document = draws === corpus.documents ? draw : mix(draw) % corpus.documents;
    const from = 1 + (corpus.offsets[document] as number);
    const to = Math.min(corpus.offsets[document + 1] as number, from + OF_DOCUMENT);
    if (to - from < LEAST) continue;
    let sum = 0;
    for (let at = from; at < to; at++) sum += Math.min(MOST_FIT, insertion.fit(at));
    fits.push(sum / (to - from));
  }
  fits.sort((a, b) => a - b);
  return fits[fits.length >> 1] ?? 0;
}
