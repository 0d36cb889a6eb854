import type { Corpus } from '../words/corpus.ts';
import { mix } from '../words/hash.ts';
import { createWords, scanWords } from '../words/scan.ts';
import { shownText } from '../words/shown.ts';
import type { Candidate } from './candidates.ts';
import type { Span } from './content.ts';
import { type Judges, spansOf } from './evidence.ts';
import { ENDING, kindHash, ODD, OPENING } from './features.ts';

/** Documents that a phrase is read off at most, the share that must agree, and its most words. */
const READ = 200;
const AGREE = 0.9;
const LONGEST = 60;

export interface Phrase {
  readonly shown: string;
  readonly kind: 'word' | 'phrase' | 'sentence' | 'opening' | 'ending' | 'sign';
  readonly words: number;
}

/** What a trigger says in full: the words around the feature belong to it where nearly all its documents have them. */
export function phraseOf(
  candidate: Candidate,
  rows: Int32Array,
  judges: Judges,
  texts: readonly (string | null)[],
): Phrase {
  const few = { ...candidate, rows: rows.subarray(0, READ) };
  const row = rows[0] as number;
  if (candidate.kind === ODD)
    return { shown: oddSign(texts[row] ?? '', candidate.hash), kind: 'sign', words: 0 };
  const spans = spansOf(few, judges).filter((span) => span !== null);
  const [before, after] = [
    reach(judges.corpus, few.rows, spans, -1),
    reach(judges.corpus, few.rows, spans, 1),
  ];
  const span = spans[0] ?? { from: 0, to: 0 };
  const words = span.to - span.from + before + after;
  const from = span.from - before - (judges.corpus.offsets[row] as number);
  return {
    shown: quote(texts[row] ?? '', { from, count: words, most: judges.corpus.most }),
    kind: kindOf(candidate.kind, words),
    words,
  };
}

function kindOf(kind: number, words: number): Phrase['kind'] {
  if (kind > ENDING && words <= 3) return 'ending';
  if (kind > OPENING && kind < ENDING && words <= 3) return 'opening';
  return words === 1 ? 'word' : words > 5 ? 'sentence' : 'phrase';
}

/** How many words before (−1) or after (1) the spans are the same in nearly all documents. */
function reach(corpus: Corpus, rows: Int32Array, spans: readonly Span[], side: -1 | 1): number {
  for (let steps = 0; steps < LONGEST; steps++) {
    const counts = new Map<number, number>();
    spans.forEach((span, place) => {
      const row = rows[place] as number;
      const at = side < 0 ? span.from - 1 - steps : span.to + steps;
      if (at < (corpus.offsets[row] as number) || at >= (corpus.offsets[row + 1] as number)) return;
      const word = corpus.words[at] as number;
      counts.set(word, (counts.get(word) ?? 0) + 1);
    });
    const most = Math.max(0, ...counts.values());
    if (most < AGREE * spans.length || most < 2) return steps;
  }
  return LONGEST;
}

export interface Quoted {
  readonly from: number;
  readonly count: number;
  /** Words of the text that are read at most. */
  readonly most: number;
  /** Characters shown at most; those of `shownText` when absent. */
  readonly longest?: number | undefined;
}

/** Words `from` to `from + count − 1` of a text, as they are written. */
export function quote(text: string, { from, count, most, longest }: Quoted): string {
  const words = createWords(Math.min(most, from + count));
  scanWords(text, words);
  const last = Math.min(words.count, from + count) - 1;
  const part = text.slice(words.starts[from] ?? 0, words.ends[last] ?? 0);
  const bare = part.replace(/^[.,;:!?\s]+/, '');
  return shownText(bare === '' ? part : bare, longest);
}

function oddSign(text: string, hash: number): string {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (kindHash(ODD, mix(code)) !== hash) continue;
    return `${shownText(String.fromCodePoint(text.codePointAt(at) ?? code))} (U+${code.toString(16).toUpperCase().padStart(4, '0')})`;
  }
  const capitals = /\p{Lu}{2}[\p{L}\p{N}]{0,40}/u.exec(text.slice(0, 20_000));
  return capitals === null
    ? 'white space of an odd kind'
    : `${shownText(capitals[0])} in capitals, or white space of an odd kind`;
}
