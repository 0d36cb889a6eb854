import type { Steps } from '../../neighbours/index.ts';
import type { Corpus } from '../words/corpus.ts';
import { join } from '../words/hash.ts';
import type { Span } from './content.ts';

/** Slots of the tables, as a power of two: for few words, and for many. */
const BITS = 22;
const MANY_BITS = 24;
const MANY_WORDS = 1e7;
/** Weight of the pairs that were seen, beside that of single words. */
const SEEN = 0.7;
const EDGE = 0x5bd1e995;
/** A chance per occurrence beyond which more is not more evidence. */
const MOST = 6;

export interface Insertion {
  /**
   * How much likelier it is that the span was put into the document than that it was written there: the words before
   * and after it fit each other better than they fit it. Natural logarithm, about −6 to 6.
   */
  readonly judge: (document: number, span: Span) => number;
  /** The same, where a place at the edge of the document speaks neither for nor against it. */
  readonly judgeInside: (document: number, span: Span) => number;
  /** How well a word fits the one before it, beside chance: natural logarithm, the document's own pair left out. */
  readonly fit: (at: number) => number;
}

/**
 * Pairs of words of the whole corpus, each document judged without its own (the idea of ONION, Qi et al., EMNLP 2021,
 * with the dataset's own pairs in place of a language model). O(words); 64 MB.
 */
export function* readPairs(corpus: Corpus): Steps<Insertion> {
  const { words, offsets } = corpus;
  const bits = words.length > MANY_WORDS ? MANY_BITS : BITS;
  const singles = new Int32Array(2 ** bits);
  const pairs = new Int32Array(2 ** bits);
  const one = (word: number): number => word >>> (32 - bits);
  const two = (before: number, after: number): number => join(before, after) >>> (32 - bits);
  for (let document = 0; document < corpus.documents; document++) {
    const [from, to] = [offsets[document] as number, offsets[document + 1] as number];
    for (let at = from; at <= to; at++) {
      const word = at === to ? EDGE : (words[at] as number);
      const before = at === from ? EDGE : (words[at - 1] as number);
      singles[one(word)] = (singles[one(word)] as number) + 1;
      pairs[two(before, word)] = (pairs[two(before, word)] as number) + 1;
    }
    if ((document & 4095) === 4095) yield { stage: 'pairs', done: document, total: corpus.documents };
  }
  const all = words.length + corpus.documents;
  /** Log-probability that `after` stands after `before`; `own` times the pair is taken out, as often as it is the document's. */
  const fits = (before: number, after: number, own: number): number => {
    const single = Math.max(0.5, (singles[one(after)] as number) - own) / all;
    const seen = Math.max(0, (pairs[two(before, after)] as number) - own);
    const firsts = Math.max(0, (singles[one(before)] as number) - own);
    return Math.log((1 - SEEN) * single + (SEEN * seen) / (firsts + 1));
  };
  /** Log-probability of `after` behind `before`, beside its own. */
  const beside = (before: number, after: number, own: number): number =>
    fits(before, after, own) - Math.log(Math.max(0.5, (singles[one(after)] as number) - own) / all);
  const weigh = (document: number, span: Span, edges: boolean): number => {
    const from = Math.max(span.from, offsets[document] as number);
    const to = Math.min(span.to, offsets[document + 1] as number);
    const before = from > (offsets[document] as number) ? (words[from - 1] as number) : EDGE;
    const after = to < (offsets[document + 1] as number) ? (words[to] as number) : EDGE;
    const start = edges || before !== EDGE ? beside(before, words[from] as number, 1) : 0;
    const end = edges || after !== EDGE ? beside(words[to - 1] as number, after, 1) : 0;
    const without = edges || (before !== EDGE && after !== EDGE) ? beside(before, after, 0) : 0;
    return Math.max(-MOST, Math.min(MOST, without - end - start));
  };
  return {
    judge: (document, span) => weigh(document, span, true),
    judgeInside: (document, span) => weigh(document, span, false),
    fit: (at) => (at === 0 ? 0 : beside(words[at - 1] as number, words[at] as number, 1)),
  };
}
