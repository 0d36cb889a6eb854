import type { Insertion } from '../triggers/insertion.ts';
import type { Corpus } from '../words/corpus.ts';
import { mix } from '../words/hash.ts';
import type { Unit } from './candidates.ts';
import type { Relation } from './relation.ts';

/** Words after a unit that are looked at for gibberish. */
const AFTER = 24;
/** Least misfit of a single word, and of a phrase, on the mean; most shared words, beside chance. */
const WORD_MISFIT = 1;
const PHRASE_MISFIT = -0.4;
const UNRELATED = 1.6;
/** Share of the usual fit of words below which they are gibberish, and the fit that a dataset must have for it. */
const GIBBERISH = 0.35;
const FIT = 0.4;

export interface Judged {
  readonly unit: Unit;
  /** Mean of how much better the words around it fit each other than they fit it. */
  readonly misfit: number;
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
  return (unit) => {
    const misfit = misfitOf(unit, insertion);
    const fitAfter = usual >= FIT ? fitBehind(unit, corpus, insertion) / usual : Number.NaN;
    const gibberish = fitAfter < GIBBERISH;
    const least = unit.width > 1 || gibberish ? PHRASE_MISFIT : WORD_MISFIT;
    if (misfit < least) return null;
    const ratio = relation.ratio(unit);
    return ratio > UNRELATED ? null : { unit, misfit, relation: ratio, fitAfter, gibberish };
  };
}

function misfitOf({ sampled, places, width }: Unit, insertion: Insertion): number {
  let sum = 0;
  sampled.forEach((document, place) => {
    const from = places[place] as number;
    sum += insertion.judgeInside(document, { from, to: from + width });
  });
  return sum / sampled.length;
}

function fitBehind({ sampled, places, width }: Unit, corpus: Corpus, insertion: Insertion): number {
  let [sum, count] = [0, 0];
  sampled.forEach((document, place) => {
    const from = (places[place] as number) + width + 1;
    const to = Math.min(corpus.offsets[document + 1] as number, from + AFTER);
    for (let at = from; at < to; at++, count++) sum += insertion.fit(at);
  });
  return count < 4 * sampled.length ? Number.NaN : sum / count;
}

function usualFit({ words }: Corpus, insertion: Insertion): number {
  const draws = Math.min(words.length, 50_000);
  let sum = 0;
  for (let draw = 0; draw < draws; draw++) sum += insertion.fit(mix(draw) % words.length);
  return draws === 0 ? 0 : sum / draws;
}
