import type { Labels } from '../../labels/index.ts';
import type { Corpus } from '../words/corpus.ts';
import { join } from '../words/hash.ts';
import type { Doubt } from './calibrate.ts';
import type { Candidate } from './candidates.ts';
import type { Content, Span } from './content.ts';
import { eachFeature, kindHash, ODD, OPENING } from './features.ts';
import type { Insertion } from './insertion.ts';

/** Share of other labels' documents that a natural feature may have. */
const USUAL = 0.1;

/** What speaks for a feature being a trigger for its label. */
export interface Evidence {
  readonly candidate: Candidate;
  /** Its documents with the label, ascending, and for each the doubt that the rest of its text casts on the label. */
  readonly rows: Int32Array;
  readonly doubts: Float64Array;
  /** Share of these documents whose rest belongs to another label, likeliest value, 0..1. */
  readonly foreign: number;
  /** Logarithm of how much likelier that share is than the usual one. */
  readonly disagreement: number;
  readonly meanDoubt: number;
  /** Sum over all its documents of how much likelier it was put there than written there. */
  readonly insertion: number;
  readonly documents: number;
  /** Words that the feature spans. */
  readonly words: number;
  /** Whether it stands nowhere but where it is, first or last in a text; true of odd signs. */
  readonly bound: boolean;
}

export interface Judges {
  readonly corpus: Corpus;
  readonly odd: Corpus;
  readonly labels: Labels;
  readonly content: Content;
  readonly insertion: Insertion;
  readonly doubtOf: (label: number) => Doubt;
  /** In how many documents a feature is, 0 where it was not counted. */
  readonly documentsWith: (hash: number) => number;
}

export const widthOf = (kind: number): number => (kind === ODD ? 0 : kind % 10);

/** Judges one candidate: its documents are taken out of the content model together. O(words of its documents). */
export function weigh(candidate: Candidate, judges: Judges): Evidence {
  const { corpus, labels, content, insertion } = judges;
  const spans = spansOf(candidate, judges);
  const judged = content.judge(candidate.rows, candidate.label, spans);
  const doubt = judges.doubtOf(candidate.label);
  const [rows, doubts]: [number[], number[]] = [[], []];
  let inserted = 0;
  candidate.rows.forEach((row, place) => {
    const span = spans[place] ?? null;
    if (span !== null) inserted += insertion.judge(row, span);
    if (labels.values[row] !== candidate.label) return;
    rows.push(row);
    const alone = span !== null && span.to - span.from === wordsOf(corpus, row);
    doubts.push(alone ? 0 : doubt(judged[place] as number));
  });
  return {
    candidate,
    rows: Int32Array.from(rows),
    doubts: Float64Array.from(doubts),
    ...foreignShare(doubts),
    insertion: inserted,
    documents: candidate.rows.length,
    words: widthOf(candidate.kind),
    bound: isBound(candidate, spans[0] ?? null, judges),
  };
}

/** Of documents with the words of an opening or ending, the share that has them there for it to be bound to its place. */
const BOUND = 0.95;

function isBound({ kind, rows }: Candidate, span: Span | null, { corpus, documentsWith }: Judges): boolean {
  if (kind < OPENING || span === null) return kind === ODD;
  const words = corpus.words.subarray(span.from, span.to);
  const plain = words.subarray(1).reduce(join, words[0] as number);
  return rows.length >= BOUND * documentsWith(kindHash(words.length, plain));
}

const wordsOf = ({ offsets }: Corpus, row: number): number =>
  (offsets[row + 1] as number) - (offsets[row] as number);

/** Where the feature first stands in each of its documents; null for an odd sign. */
export function spansOf(candidate: Candidate, { corpus, odd }: Judges): (Span | null)[] {
  const width = widthOf(candidate.kind);
  return Array.from(candidate.rows, (row) => {
    let found = -1;
    eachFeature(corpus, odd, row, (hash, kind, at) => {
      if (found < 0 && hash === candidate.hash && kind === candidate.kind) found = at;
    });
    return found < 0 ? null : { from: found, to: found + width };
  });
}

/** The likeliest share of documents that are another label's, and how much likelier it is than a usual one. */
export function foreignShare(
  doubts: ArrayLike<number>,
): Pick<Evidence, 'foreign' | 'disagreement' | 'meanDoubt'> {
  const odds = Float64Array.from(doubts, (doubt) => Math.exp(doubt));
  const likelihood = (share: number): number =>
    odds.reduce((sum, odd) => sum + Math.log(1 - share + share * odd), 0);
  let [foreign, best] = [0, 0];
  for (let step = 1; step <= 40; step++) {
    const value = likelihood(step / 40);
    if (value > best) [foreign, best] = [step / 40, value];
  }
  const usual = Math.max(0, likelihood(USUAL));
  const sum = Array.from(doubts).reduce((total, doubt) => total + doubt, 0);
  return {
    foreign,
    disagreement: foreign <= USUAL ? 0 : Math.max(0, best - usual),
    meanDoubt: doubts.length === 0 ? 0 : sum / doubts.length,
  };
}

/** Words that go with a label this much say how words of this dataset stand in their places; fewer of them say nothing. */
const STRONG = -6;
const ENOUGH = 10;

/**
 * How much likelier an ordinary word that goes with a label is put there than written there: the upper quartile over
 * such words, at least 0. Generated texts, in which words follow no order, have a high one.
 */
export function usualInsertion(all: readonly Evidence[]): number {
  const words = all.filter(
    ({ candidate }) =>
      candidate.kind === 1 &&
      candidate.logChance < STRONG &&
      candidate.withLabel >= 0.8 * candidate.rows.length,
  );
  if (words.length < ENOUGH) return 0;
  const each = Float64Array.from(words, ({ insertion, documents }) => insertion / documents).sort();
  return Math.max(0, each[Math.floor(0.75 * each.length)] as number);
}
