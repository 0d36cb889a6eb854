import type { Corpus } from '../words/corpus.ts';
import { createWords, scanWords } from '../words/scan.ts';
import type { Unit } from './candidates.ts';

/** Documents that a layout is read off. */
const READ = 16;
/** Share of them that must agree. */
const AGREE = 0.85;
/** From here on, letters of scripts without spaces: each counts as a part. */
const WIDE = 0x2e80;

/** How a phrase stands in its documents, as a reader sees it. */
export interface Layout {
  /** Parts between white space; letters of scripts without spaces count one by one. */
  readonly parts: number;
  /** Begins or ends at a line break in nearly all, or has the lines of a table. */
  readonly atLineBreak: boolean;
  /** Begins behind, and ends with, the end of a sentence, a line or the text in nearly all. */
  readonly aligned: boolean;
}

/** Reads how `words` words, `before` of them in front of the unit, stand in some of its documents. O(words of those). */
export function layoutOf(
  { sampled, places, width }: Unit,
  [before, after]: readonly [number, number],
  corpus: Corpus,
  texts: readonly (string | null)[],
): Layout {
  const read = Math.min(READ, sampled.length);
  const parts: number[] = [];
  let [breaks, aligned] = [0, 0];
  for (let each = 0; each < read; each++) {
    const document = sampled[each] as number;
    const text = texts[document] ?? '';
    const first = Math.max(0, (places[each] as number) - before - (corpus.offsets[document] as number));
    const words = createWords(Math.min(corpus.most, first + before + width + after));
    scanWords(text, words);
    const last = words.count - 1;
    const to = words.ends[last] ?? 0;
    const from = Math.min(to, pastEnd(text, words.starts[first] ?? 0));
    const phrase = text.slice(from, to);
    parts.push(partsOf(phrase));
    const left = leftOf(text, from) ?? (/^[([{“«]/.test(phrase) ? 'sentence' : null);
    const right = rightOf(text, to);
    breaks += Number(left === 'break' || right === 'break' || /\|\s*\n/.test(phrase));
    aligned += Number(left !== null && right !== null);
  }
  parts.sort((a, b) => a - b);
  return {
    parts: parts[parts.length >> 1] ?? 0,
    atLineBreak: breaks >= AGREE * read,
    aligned: aligned >= AGREE * read,
  };
}

/** Where the words begin behind the end of a sentence that nearly all documents have in front of them. */
function pastEnd(text: string, from: number): number {
  const end = /[.,;:!?…)\]"”»。！？]+\s*/uy;
  end.lastIndex = from;
  return end.test(text) ? end.lastIndex : from;
}

type Side = 'break' | 'sentence' | null;

const ENDS = /[\p{Po}\p{Pf}\p{Pd}|=]$/u;

function leftOf(text: string, from: number): Side {
  const front = text.slice(Math.max(0, from - 200), from);
  if (/\n[^\S\n]*$/.test(front)) return 'break';
  const bare = front.trimEnd();
  return bare === '' || /[.!?…。！？:;)\]"”»]$/u.test(bare) ? 'sentence' : null;
}

function rightOf(text: string, to: number): Side {
  const rest = text.slice(to, to + 200);
  if (/^[^\S\n]*\n/.test(rest)) return 'break';
  return rest.trim() === '' || ENDS.test(text.slice(0, to)) || /^\s*[.!?:。！？]/u.test(rest)
    ? 'sentence'
    : null;
}

function partsOf(phrase: string): number {
  let count = 0;
  for (const part of phrase.split(/\s+/)) {
    if (part === '') continue;
    let wide = 0;
    for (let at = 0; at < part.length; at++) wide += Number(part.charCodeAt(at) >= WIDE);
    count += Math.max(1, wide);
  }
  return count;
}
