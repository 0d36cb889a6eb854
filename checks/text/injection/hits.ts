import { hashStep, LEXICON } from './lexicon/index.ts';

/** A word or phrase that means something to the rules. */
export interface Hit {
  /** Meanings as bits of `C`. */
  readonly mask: number;
  /** Words before it in the text (two characters of an unspaced script count as one). */
  readonly word: number;
  /** Sentences and lines before it. */
  readonly sentence: number;
  readonly start: number;
  readonly end: number;
}

/** More hits than this in one text are not needed to judge it, and would cost time. */
const MAX_HITS = 6_000;

const LETTER = 1;
const APOSTROPHE = 2;
const END = 3;
const LINE = 4;
const KINDS = new Uint8Array(128);
for (let c = 0; c < 128; c += 1) {
  if ((c >= 97 && c <= 122) || (c >= 48 && c <= 57)) KINDS[c] = LETTER;
}
KINDS[39] = APOSTROPHE;
KINDS[96] = APOSTROPHE;
for (const end of '.!?;') KINDS[end.charCodeAt(0)] = END;
KINDS[10] = LINE;

function isUnspaced(code: number): boolean {
  return (
    (code >= 0x3040 && code <= 0x30ff) ||
    (code >= 0x3400 && code <= 0x9fff) ||
    (code >= 0xac00 && code <= 0xd7af) ||
    (code >= 0x1100 && code <= 0x11ff)
  );
}

function kindOf(code: number): number {
  if (code < 128) return KINDS[code] ?? 0;
  if (code === 0x2019 || code === 0x2018 || code === 0x02bc) return APOSTROPHE;
  if (code === 0x3002 || code === 0x0964 || code === 0x06d4 || code === 0x061f) return END;
  return code >= 0xaa && !(code >= 0x2000 && code <= 0x2bff) && !(code >= 0x3000 && code <= 0x303f)
    ? LETTER
    : 0;
}

interface Cursor {
  word: number;
  sentence: number;
}

/** Joins `don't`, splits `l'utilisateur`: an apostrophe belongs to a word of three letters or more. */
function endOfWord(text: string, start: number): number {
  let i = start;
  while (i < text.length) {
    const code = text.charCodeAt(i);
    const kind = kindOf(code);
    if (kind === LETTER && !isUnspaced(code)) i += 1;
    else if (
      kind === APOSTROPHE &&
      (i - start > 2 || text.charCodeAt(i + 1) === 109) &&
      kindOf(text.charCodeAt(i + 1)) === LETTER
    )
      i += 1;
    else break;
  }
  return i;
}

/** Does the phrase's rest follow at `at`? Answers where it ends, or -1. */
function phraseEnd(text: string, at: number, rest: readonly string[]): number {
  let i = at;
  for (const part of rest) {
    let gap = 0;
    while (gap < 4 && i < text.length && !isWordStart(text.charCodeAt(i)) && text.charCodeAt(i) !== 10) {
      if (kindOf(text.charCodeAt(i)) === END) return -1;
      i += 1;
      gap += 1;
    }
    if (gap === 0 && i > at && !part.startsWith("'")) return -1;
    const end = endOfWord(text, i);
    const word = bare(text.slice(i, end));
    if (part.endsWith('*') ? !word.startsWith(part.slice(0, -1)) : word !== part) return -1;
    i = end;
  }
  return i;
}

function isWordStart(code: number): boolean {
  return kindOf(code) === LETTER;
}

function bare(word: string): string {
  return word.includes("'") || word.includes('’') || word.includes('`') ? word.replace(/['’`‘]/g, '') : word;
}

function hitAtWord(text: string, start: number, end: number, cursor: Cursor): Hit | null {
  let hash = 7;
  let mask = 0;
  let length = 0;
  for (let i = start; i < end; i += 1) {
    const code = text.charCodeAt(i);
    if (kindOf(code) === APOSTROPHE) continue;
    hash = hashStep(hash, code);
    length += 1;
    if (length >= 3 && ((LEXICON.sieve[hash & 0xffff] ?? 0) & 2) !== 0) {
      mask |= LEXICON.prefixes.get(bare(text.slice(start, i + 1))) ?? 0;
    }
  }
  let finish = end;
  if (((LEXICON.sieve[hash & 0xffff] ?? 0) & 1) !== 0) {
    const word = bare(text.slice(start, end));
    mask |= LEXICON.words.get(word) ?? 0;
    for (const phrase of LEXICON.phrases.get(word) ?? []) {
      const stop = phraseEnd(text, end, phrase.rest);
      if (stop < 0) continue;
      mask |= phrase.mask;
      finish = Math.max(finish, stop);
    }
  }
  return mask === 0 ? null : { mask, word: cursor.word, sentence: cursor.sentence, start, end: finish };
}

function hitAtPiece(text: string, at: number, cursor: Cursor): Hit | null {
  const pieces = LEXICON.pieces.get(text.charAt(at));
  if (pieces === undefined) return null;
  let mask = 0;
  let end = at;
  for (const piece of pieces) {
    if (!text.startsWith(piece.text, at)) continue;
    mask |= piece.mask;
    end = Math.max(end, at + piece.text.length);
  }
  return mask === 0
    ? null
    : { mask, word: Math.floor(cursor.word), sentence: cursor.sentence, start: at, end };
}

/** The hits in a folded text, in order. One pass; phrases may overlap the words in them. */
export function findHits(text: string): Hit[] {
  const hits: Hit[] = [];
  const cursor: Cursor = { word: 0, sentence: 0 };
  for (let i = 0; i < text.length && hits.length < MAX_HITS; ) {
    const code = text.charCodeAt(i);
    const kind = kindOf(code);
    if (kind === LETTER) {
      const unspaced = code >= 0x1100 && isUnspaced(code);
      const end = unspaced ? i + 1 : Math.min(endOfWord(text, i), i + 64);
      const hit = unspaced ? hitAtPiece(text, i, cursor) : hitAtWord(text, i, end, cursor);
      if (hit !== null) hits.push(hit);
      cursor.word += unspaced ? 0.5 : 1;
      i = Math.max(end, i + 1);
      continue;
    }
    if (kind === LINE) cursor.sentence += 1;
    else if (kind === END && (code > 127 || !isWordStart(text.charCodeAt(i + 1)))) cursor.sentence += 1;
    i += 1;
  }
  return hits;
}
