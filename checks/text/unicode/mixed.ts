import { CONFUSABLE } from '../normalise/confusables.ts';
import type { Span } from '../normalise/span.ts';

export interface MixedWord extends Span {
  /** The word as a reader takes it. */
  readonly looksLike: string;
}

const WORD = /[A-Za-z\u0370-\u03ff\u0400-\u052f\u0531-\u058f\u1f00-\u1fff]{3,64}/g;
const FOREIGN = /[\u0370-\u03ff\u0400-\u052f\u0531-\u058f]/;
const GREEK = /[\u0370-\u03ff\u1f00-\u1fff]/;

function unmask(word: string): string | null {
  let latin = 0;
  let masked = 0;
  let out = '';
  for (const char of word) {
    if (/[A-Za-z]/.test(char)) {
      latin += 1;
      out += char;
      continue;
    }
    const lower = char.toLowerCase();
    const plain = CONFUSABLE.get(lower);
    if (plain === undefined) return null;
    masked += 1;
    out += lower === char ? plain : plain.toUpperCase();
  }
  return latin >= 1 && masked >= 1 && latin + masked >= 4 ? out : null;
}

/** Symbols such as `TNFα`, `μm` or `Δt` put one Greek letter at an edge of a word: science, not deceit. */
function isSymbol(word: string): boolean {
  const greek = [...word].filter((char) => GREEK.test(char)).length;
  return greek === 1 && (GREEK.test(word.charAt(0)) || GREEK.test(word.charAt(word.length - 1)));
}

/** Words that mix Latin letters with letters of another script that look the same. */
export function findMixedWords(text: string): MixedWord[] {
  if (!FOREIGN.test(text)) return [];
  const found: MixedWord[] = [];
  for (const match of text.matchAll(WORD)) {
    const word = match[0];
    if (!FOREIGN.test(word) || isSymbol(word)) continue;
    const looksLike = unmask(word);
    if (looksLike !== null) found.push({ start: match.index, end: match.index + word.length, looksLike });
  }
  return found;
}
