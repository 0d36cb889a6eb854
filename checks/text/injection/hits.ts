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

/**
 * More hits than this come of texts that no policy with a limit of length lets through. Fewer would let a text hide an
 * attack behind many harmless words that sound like one.
 */
const MAX_HITS = 400_000;

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

function isWordStart(code: number): boolean {
  return kindOf(code) === LETTER;
}

interface Cursor {
  word: number;
  sentence: number;
}

/** Joins `don't`, splits `l'utilisateur`: an apostrophe belongs to a word of three letters or more. */
function joins(text: string, start: number, at: number): boolean {
  const next = text.charCodeAt(at + 1);
  return (at - start > 2 || next === 109) && kindOf(next) === LETTER;
}

function endOfWord(text: string, start: number): number {
  let i = start;
  while (i < text.length) {
    const code = text.charCodeAt(i);
    const kind = kindOf(code);
    if (kind === LETTER ? isUnspaced(code) : kind !== APOSTROPHE || !joins(text, start, i)) break;
    i += 1;
  }
  return i;
}

function bare(word: string): string {
  return /['’`‘]/.test(word) ? word.replace(/['’`‘]/g, '') : word;
}

/** Start of the next word on the same line and in the same sentence, or -1. */
function nextWord(text: string, from: number): number {
  for (let i = from; i < Math.min(text.length, from + 5); i += 1) {
    const code = text.charCodeAt(i);
    const kind = kindOf(code);
    if (kind === LETTER) return i;
    if (kind === END || kind === LINE) return -1;
  }
  return -1;
}

/** Does the phrase's rest follow, its first word at `at`? Answers where it ends, or -1. */
function phraseEnd(text: string, at: number, rest: readonly string[]): number {
  let start = at;
  let end = at;
  for (let k = 0; k < rest.length; k += 1) {
    if (k > 0) start = nextWord(text, end);
    if (start < 0) return -1;
    const part = rest[k] as string;
    end = endOfWord(text, start);
    const word = bare(text.slice(start, end));
    if (part.endsWith('*') ? !word.startsWith(part.slice(0, -1)) : word !== part) return -1;
  }
  return end;
}

/** The meaning of the word that starts at `start`, and where it and the phrases that begin with it end. */
interface Meaning {
  mask: number;
  wordEnd: number;
  end: number;
}

const meaning: Meaning = { mask: 0, wordEnd: 0, end: 0 };
const { sieve } = LEXICON;

function prefixMask(text: string, start: number, end: number): number {
  return LEXICON.prefixes.get(bare(text.slice(start, end))) ?? 0;
}

/** Fills `meaning`; one shared object, since this runs for every word of every text. */
function readWord(text: string, start: number): Meaning {
  const limit = Math.min(text.length, start + 64);
  let hash = 7;
  let mask = 0;
  let plain = true;
  let i = start;
  for (; i < limit; i += 1) {
    const code = text.charCodeAt(i);
    const kind = code < 128 ? KINDS[code] : kindOf(code);
    if (kind === LETTER) {
      if (code >= 0x1100 && isUnspaced(code)) break;
      hash = hashStep(hash, code);
      if (i - start >= 2 && ((sieve[hash & 0xffff] as number) & 2) !== 0)
        mask |= prefixMask(text, start, i + 1);
    } else if (kind !== APOSTROPHE || !joins(text, start, i)) break;
    else plain = false;
  }
  meaning.mask = mask;
  meaning.wordEnd = i;
  meaning.end = i;
  const marks = sieve[hash & 0xffff] as number;
  if ((marks & 1) !== 0) readPhrases(text, start, i, plain);
  if ((marks & 4) !== 0 && text.charCodeAt(i) === 32) readCut(text, start, i);
  return meaning;
}

/** Where `rest` ends when it stands at `at` with single blanks in it, as a word by itself; or -1. */
function restEnd(text: string, at: number, rest: string): number {
  let i = at;
  for (let k = 0; k < rest.length; k += 1) {
    if (text.charCodeAt(i) !== rest.charCodeAt(k)) {
      if (k === 0 || text.charCodeAt(i) !== 32 || text.charCodeAt(i + 1) !== rest.charCodeAt(k)) return -1;
      i += 1;
    }
    i += 1;
  }
  return kindOf(text.charCodeAt(i)) === LETTER ? -1 : i;
}

/** A word cut by blanks (`prev ious`, `in struc tions`) means what it means in one piece. */
function readCut(text: string, start: number, wordEnd: number): void {
  const piece = text.slice(start, wordEnd);
  for (const rest of LEXICON.cuts.get(piece) ?? []) {
    const end = restEnd(text, wordEnd + 1, rest);
    if (end < 0) continue;
    const word = piece + rest;
    meaning.mask |= LEXICON.words.get(word) ?? 0;
    for (let k = 3; k <= word.length; k += 1) meaning.mask |= LEXICON.prefixes.get(word.slice(0, k)) ?? 0;
    meaning.wordEnd = end;
    meaning.end = Math.max(meaning.end, end);
  }
}

function readPhrases(text: string, start: number, wordEnd: number, plain: boolean): void {
  const whole = text.slice(start, wordEnd);
  const word = plain ? whole : bare(whole);
  meaning.mask |= LEXICON.words.get(word) ?? 0;
  const heads = LEXICON.phrases.get(word);
  if (heads === undefined) return;
  const next = nextWord(text, wordEnd);
  if (next < 0) return;
  const phrases = heads.get(text.charCodeAt(next));
  if (phrases === undefined) return;
  const second = text.charCodeAt(next + 1);
  for (const phrase of phrases) {
    if (!(phrase.second === second || phrase.second === 42 || Number.isNaN(phrase.second))) continue;
    const stop = phraseEnd(text, next, phrase.rest);
    if (stop < 0) continue;
    meaning.mask |= phrase.mask;
    meaning.end = Math.max(meaning.end, stop);
  }
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
    if (kind === LETTER && code >= 0x1100 && isUnspaced(code)) {
      const hit = hitAtPiece(text, i, cursor);
      if (hit !== null) hits.push(hit);
      cursor.word += 0.5;
      i += 1;
      continue;
    }
    if (kind === LETTER) {
      const { mask, wordEnd, end } = readWord(text, i);
      if (mask !== 0)
        hits.push({ mask, word: Math.floor(cursor.word), sentence: cursor.sentence, start: i, end });
      cursor.word += 1;
      i = Math.max(wordEnd, i + 1);
      continue;
    }
    if (kind === LINE) cursor.sentence += 1;
    else if (kind === END && (code > 127 || !isWordStart(text.charCodeAt(i + 1)))) cursor.sentence += 1;
    i += 1;
  }
  return hits;
}
