import type { Insertion } from '../triggers/insertion.ts';
import type { Corpus } from '../words/corpus.ts';
import type { Unit } from './candidates.ts';
import { type Core, coreOf, isOfSigns } from './core.ts';
import { fitBeside, usualFit } from './fit.ts';
import { type Layout, layoutOf } from './layout.ts';
import { isPaired } from './pairs.ts';
import { createAlone } from './rare.ts';
import type { Relation } from './relation.ts';
import { createStrange } from './strange.ts';

/** Least misfit of a single word, of a phrase, and of what is told by more than its place, on the mean. */
const WORD_MISFIT = 1.3;
const PHRASE_MISFIT = 0.8;
const GIBBERISH_MISFIT = -1;
const STRANGE_MISFIT = -0.4;
const ALONE_MISFIT = -2;
/** Most shared words, beside chance. */
const UNRELATED = 1.6;
/** Share of the usual fit of words, and of the fit of those before a unit, below which those after it are gibberish. */
const GIBBERISH = 0.35;
const CONTRAST = 0.5;
/** Standard errors by which the fit after a unit must be below that share: of thousands of units some are low by chance. */
const SURE = 5;
/** The fit that the words of a dataset must have for that. */
const FIT = 0.2;
/** Share of the usual fit from which strange words are a language of their own. */
const OTHER_LANGUAGE = 0.8;
/** Share of all documents above which a unit that has a partner is part of the language. */
const FREQUENT = 0.01;
/** Parts from which it says something, and misfit from which it is no part of the sentences: no bracket is either. */
const SAYING = 3;
const FOREIGN = 1.6;

/** Words that a unit is grown to on each side at most, and the share of its documents that must agree on each. */
const LONGEST = 160;
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
  /** The same of the words before it. */
  readonly fitBefore: number;
  readonly gibberish: boolean;
  /** Whether hardly any other document has a word as rare. */
  readonly alone: boolean;
  readonly layout: Layout;
  /** What its documents are told by. */
  readonly core: Core;
}

export interface Judges {
  readonly corpus: Corpus;
  readonly texts: readonly (string | null)[];
  readonly insertion: Insertion;
  readonly relation: Relation;
}

export type Judge = (unit: Unit) => Judged | null;

/** Judges units; gives those that look like payloads. */
export function createJudge({ corpus, texts, insertion, relation }: Judges): Judge {
  const { documentsWith } = relation;
  const usual = usualFit(corpus, insertion);
  const isStrange = createStrange(corpus, documentsWith);
  const isAlone = createAlone(corpus, documentsWith);
  const behind = (unit: Unit, before: number, after: number) => {
    if (usual < FIT)
      return {
        fits: { fitBefore: Number.NaN, fitAfter: Number.NaN },
        gibberish: isStrange(unit, before, after),
        strange: true,
      };
    const [front, back] = [
      fitBeside(unit, before, -1, { corpus, insertion }),
      fitBeside(unit, after, 1, { corpus, insertion }),
    ];
    const [first, last] = [front.mean / usual, back.mean / usual];
    const strange = !(last >= OTHER_LANGUAGE) && isStrange(unit, before, after);
    const surely = back.mean + SURE * back.error < CONTRAST * usual;
    const unfit = surely && last < GIBBERISH && !(last > CONTRAST * first);
    return { fits: { fitBefore: first, fitAfter: last }, gibberish: strange || unfit, strange };
  };
  return (unit) => {
    const [before, after] = [reach(unit, corpus, -1), reach(unit, corpus, 1)];
    const atEdge = isAtEdge(unit, [before, after], corpus);
    const misfit = Math.max(atEdge ? 0 : -6, misfitOf(unit, [before, after], insertion));
    if (misfit < ALONE_MISFIT) return null;
    const { fits, gibberish, strange } = behind(unit, before, after);
    const alone = isAlone(unit);
    const told = alone || (gibberish && misfit >= (strange ? STRANGE_MISFIT : GIBBERISH_MISFIT));
    if (!told && !atEdge && misfit < PHRASE_MISFIT) return null;
    if (!told && before + after === 0 && isOfSigns(unit, corpus)) return null;
    const layout = layoutOf(unit, [before, after], corpus, texts);
    if (!told && !atEdge && misfit < WORD_MISFIT && layout.parts < 2) return null;
    const frequent =
      layout.parts < SAYING && misfit < FOREIGN && unit.documents > FREQUENT * corpus.documents;
    if (frequent && isPaired(unit, corpus, documentsWith)) return null;
    const ratio = relation.ratio(unit);
    if (ratio > UNRELATED && !(gibberish && strange) && !alone) return null;
    const core = coreOf(unit, corpus, documentsWith);
    return {
      unit,
      before,
      after,
      misfit,
      atEdge,
      relation: ratio,
      ...fits,
      gibberish: told && gibberish,
      alone,
      layout,
      core,
    };
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
