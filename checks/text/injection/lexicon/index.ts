import { fold } from '../../normalise/fold.ts';
import type { Concept, Lexicon } from './concepts.ts';
import { C } from './concepts.ts';
import { en } from './en.ts';
import { de, nl } from './germanic.ts';
import { ar, hi, id, pl, tr } from './more.ts';
import { ja, ko, ru, zh } from './others.ts';
import { es, fr, it, pt } from './romance.ts';

export { C } from './concepts.ts';

const LEXICONS: readonly Lexicon[] = [en, de, nl, fr, es, pt, it, ru, zh, ja, ko, pl, tr, id, ar, hi];

/** A phrase of several words, or of a script without blanks, behind its first word or character. */
export interface Phrase {
  readonly rest: readonly string[];
  /** UTF-16 unit of the second word's second character; NaN past its end. */
  readonly second: number;
  readonly mask: number;
}

/** An entry of a script without blanks. */
export interface Piece {
  readonly text: string;
  readonly mask: number;
}

export interface CompiledLexicon {
  /** Whole words. */
  readonly words: ReadonlyMap<string, number>;
  /** Beginnings of words. */
  readonly prefixes: ReadonlyMap<string, number>;
  /** By first word, then by the UTF-16 unit that the second word begins with, longest first. */
  readonly phrases: ReadonlyMap<string, ReadonlyMap<number, readonly Phrase[]>>;
  /** By first character, longest first. */
  readonly pieces: ReadonlyMap<string, readonly Piece[]>;
  /** What completes a word that was cut by blanks, by its first piece. */
  readonly cuts: ReadonlyMap<string, readonly string[]>;
  /** By `hash & 0xffff`: 1 a word or the first word of a phrase, 2 a prefix ends here, 4 the first piece of a cut word. */
  readonly sieve: Uint8Array;
}

export const UNSPACED = /[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Hang}]/u;

/** One step of the hash that the sieve is indexed by. */
export function hashStep(hash: number, code: number): number {
  return (Math.imul(hash, 31) + code) | 0;
}

function hashOf(word: string): number {
  let hash = 7;
  for (let i = 0; i < word.length; i += 1) hash = hashStep(hash, word.charCodeAt(i));
  return hash & 0xffff;
}

/** Words that are worth cutting: none of them falls apart into two words that stand together by chance. */
const CUTTABLE =
  'ignore|ignoring|disregard|override|bypass|forget|previous|instructions|instruction|guidelines|restrictions|system|' +
  'prompt|reveal|password|secret|developer|unrestricted|uncensored|jailbreak|ignoriere|vergiss|anweisungen|bisherigen|' +
  'vorherigen|ignorez|oublie|precedentes|consignes|ignora|olvida|instrucciones|anteriores|regeln|regles|reglas';

function cutWords(): Map<string, string[]> {
  const cuts = new Map<string, string[]>();
  for (const word of CUTTABLE.split('|')) {
    for (let k = 2; k < word.length - 1; k += 1) listIn(cuts, word.slice(0, k)).push(word.slice(k));
  }
  return cuts;
}

function compile(lexicons: readonly Lexicon[]): CompiledLexicon {
  const words = new Map<string, number>();
  const prefixes = new Map<string, number>();
  const phrases = new Map<string, Map<number, Phrase[]>>();
  const pieces = new Map<string, Piece[]>();
  const enter = (entry: string, mask: number): void => {
    if (UNSPACED.test(entry)) {
      if (UNSPACED.test(entry.charAt(0))) listIn(pieces, entry.charAt(0)).push({ text: entry, mask });
      return;
    }
    const parts = entry.trim().split(/\s+/);
    const first = parts[0] ?? '';
    if (parts.length > 1) {
      const rest = parts.slice(1);
      const head = rest[0] ?? '';
      const heads = phrases.get(first) ?? new Map<number, Phrase[]>();
      phrases.set(first, heads);
      listIn(heads, head.charCodeAt(0)).push({ rest, second: head.charCodeAt(1), mask });
    } else if (first.endsWith('*')) orInto(prefixes, first.slice(0, -1), mask);
    else if (first !== '') orInto(words, first, mask);
  };
  for (const lexicon of lexicons) {
    for (const [concept, list] of Object.entries(lexicon) as [Concept, string][]) {
      for (const entry of list.split('|')) enter(fold(entry).text, C[concept]);
    }
  }
  for (const heads of phrases.values())
    for (const list of heads.values()) list.sort((a, b) => b.rest.length - a.rest.length);
  for (const list of pieces.values()) list.sort((a, b) => b.text.length - a.text.length);
  const sieve = new Uint8Array(0x10000);
  for (const word of [...words.keys(), ...phrases.keys()])
    sieve[hashOf(word)] = (sieve[hashOf(word)] ?? 0) | 1;
  for (const prefix of prefixes.keys()) sieve[hashOf(prefix)] = (sieve[hashOf(prefix)] ?? 0) | 2;
  const cuts = cutWords();
  for (const piece of cuts.keys()) sieve[hashOf(piece)] = (sieve[hashOf(piece)] ?? 0) | 4;
  return Object.freeze({ words, prefixes, phrases, pieces, cuts, sieve });
}

function orInto(map: Map<string, number>, key: string, mask: number): void {
  map.set(key, (map.get(key) ?? 0) | mask);
}

function listIn<K, T>(map: Map<K, T[]>, key: K): T[] {
  let list = map.get(key);
  if (list === undefined) {
    list = [];
    map.set(key, list);
  }
  return list;
}

export const LEXICON: CompiledLexicon = compile(LEXICONS);
