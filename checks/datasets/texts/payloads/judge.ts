import type { Insertion } from '../triggers/insertion.ts';
import type { Corpus } from '../words/corpus.ts';
import { mix } from '../words/hash.ts';
import type { Unit } from './candidates.ts';
import { isPaired } from './pairs.ts';
import type { Relation } from './relation.ts';
import { createStrange } from './strange.ts';

/** Words after a unit that are looked at for gibberish. */
const AFTER = 24;
/** Least misfit of a single word, and of a phrase, on the mean; most shared words, beside chance. */
const WORD_MISFIT = 1;
const PHRASE_MISFIT = -0.4;
const UNRELATED = 1.6;
/** Share of the usual fit of words below which they are gibberish, and the fit that a dataset must have for it. */
const GIBBERISH = 0.35;
const FIT = 0.4;
/** No word counts as fitting better, so that a few copies of one text cannot make all others look like gibberish. */
const MOST_FIT = 2;
/** Share of the usual fit from which strange words are a language of their own. */
const OTHER_LANGUAGE = 0.8;
/** Share of all documents above which a unit that has a partner is part of the language. */
const FREQUENT = 0.01;

/** Words that a unit is grown to on each side at most, and the share of its documents that must agree on each. */
const LONGEST = 40;
const AGREE = 0.9;

export interface Judged {
  readonly unit: Unit;
  /** Words before and after it that its documents share as well. */
  readonly before: number;
  readonly after: number;
  /** Mean of how much better the words around it fit each other than they fit it. */
  readonly misfit: number;
  /** Whether it is first or last in nearly all its documents, where only one neighbour says how it fits. */
  readonly atEdge: boolean;
  readonly relation: number;
  /** Mean fit of the words after it to each other, over that of all words; NaN where a dataset's words don't fit. */
  readonly fitAfter: number;
  readonly gibberish: boolean;
}

export interface Judges {
  readonly corpus: Corpus;
  readonly insertion: Insertion;
  readonly relation: Relation;
}

/** Judges units; gives those that look like payloads. */
export function createJudge({ corpus, insertion, relation }: Judges): (unit: Unit) => Judged | null {
  const usual = usualFit(corpus, insertion);
  const isStrange = createStrange(corpus, relation.documentsWith);
  return (unit) => {
    const [before, after] = [reach(unit, corpus, -1), reach(unit, corpus, 1)];
    const atEdge = isAtEdge(unit, [before, after], corpus);
    const misfit = Math.max(atEdge ? 0 : -6, misfitOf(unit, [before, after], insertion));
    const fitAfter = usual >= FIT ? fitBehind(unit, after, { corpus, insertion }) / usual : Number.NaN;
    const strange = !(fitAfter >= OTHER_LANGUAGE) && isStrange(unit, before, after);
    const gibberish = strange || fitAfter < GIBBERISH;
    const alike = unit.width + before + after > 1 || gibberish || atEdge;
    if (misfit < (alike ? PHRASE_MISFIT : WORD_MISFIT)) return null;
    if (unit.documents > FREQUENT * corpus.documents && isPaired(unit, corpus, relation.documentsWith))
      return null;
    const ratio = relation.ratio(unit);
    return ratio > UNRELATED && !strange
      ? null
      : { unit, before, after, misfit, atEdge, relation: ratio, fitAfter, gibberish };
  };
}

/** How many words before (−1) or after (1) a unit are the same in nearly all its sampled documents. */
function reach({ sampled, places, width }: Unit, { words, offsets }: Corpus, side: -1 | 1): number {
  for (let step = 0; step < LONGEST; step++) {
    const counts = new Map<number, number>();
    sampled.forEach((document, place) => {
      const from = places[place] as number;
      const at = side < 0 ? from - 1 - step : from + width + step;
      if (at < (offsets[document] as number) || at >= (offsets[document + 1] as number)) return;
      counts.set(words[at] as number, (counts.get(words[at] as number) ?? 0) + 1);
    });
    if (Math.max(0, ...counts.values()) < Math.max(2, AGREE * sampled.length)) return step;
  }
  return LONGEST;
}

function isAtEdge(
  { sampled, places, width }: Unit,
  [before, after]: readonly [number, number],
  { offsets }: Corpus,
): boolean {
  const edges = sampled.filter((document, place) => {
    const from = (places[place] as number) - before;
    return (
      from <= (offsets[document] as number) ||
      from + before + width + after >= (offsets[document + 1] as number)
    );
  });
  return edges.length >= AGREE * sampled.length;
}

function misfitOf(
  { sampled, places, width }: Unit,
  [before, after]: readonly [number, number],
  insertion: Insertion,
): number {
  let sum = 0;
  sampled.forEach((document, place) => {
    const from = places[place] as number;
    sum += insertion.judgeInside(document, { from: from - before, to: from + width + after });
  });
  return sum / sampled.length;
}

function fitBehind(
  { sampled, places, width }: Unit,
  after: number,
  { corpus, insertion }: Pick<Judges, 'corpus' | 'insertion'>,
): number {
  let [sum, count] = [0, 0];
  sampled.forEach((document, place) => {
    const from = (places[place] as number) + width + after + 1;
    const to = Math.min(corpus.offsets[document + 1] as number, from + AFTER);
    for (let at = from; at < to; at++, count++) sum += Math.min(MOST_FIT, insertion.fit(at));
  });
  return count < 4 * sampled.length ? Number.NaN : sum / count;
}

function usualFit({ words }: Corpus, insertion: Insertion): number {
  const draws = Math.min(words.length, 50_000);
  let sum = 0;
  for (let draw = 0; draw < draws; draw++) sum += Math.min(MOST_FIT, insertion.fit(mix(draw) % words.length));
  return draws === 0 ? 0 : sum / draws;
}
