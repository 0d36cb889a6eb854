import type { SpanMap } from './span.ts';
import { identityMap, tableMap } from './span.ts';
import { segmentWords } from './vocabulary.ts';

export interface Respelled {
  readonly how: 'leetspeak' | 'spaced' | 'glued' | 'joined';
  readonly text: string;
  readonly map: SpanMap;
}

const LEET: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '6': 'g',
  '7': 't',
  '8': 'b',
  '9': 'g',
  '@': 'a',
  $: 's',
  '!': 'i',
  '|': 'l',
};
const LEET_WORD = /[a-z0-9@$!|]{2,40}/g;

/** Digits and signs read as letters, in words that mix both. The length does not change. */
export function unleet(text: string): Respelled | null {
  let changed = 0;
  const out = text.replace(LEET_WORD, (word) => {
    if (!/[a-z]/.test(word) || !/[0134579@$]/.test(word)) return word;
    changed += 1;
    return word.replace(/[01345-9@$!|]/g, (sign) => LEET[sign] ?? sign).replace(/ii\b/, 'll');
  });
  // A few part numbers in a long text are no leetspeak.
  return changed >= 4 || (changed >= 2 && changed * 40 >= text.length)
    ? { how: 'leetspeak', text: out, map: identityMap }
    : null;
}

const SPACED = /(?<![a-z0-9])(?:[a-z0-9][ \t.,_*|/+~-]{1,4}){4,400}[a-z0-9](?![a-z0-9])/g;

/**
 * Letters that stand apart (`i g n o r e`) drawn together. Wider gaps end a word; where all gaps are alike
 * the letters are cut into known words.
 */
export function closeGaps(text: string): Respelled | null {
  const out: string[] = [];
  const starts: number[] = [];
  let done = 0;
  const put = (piece: string, at: number): void => {
    for (let i = 0; i < piece.length; i += 1) {
      out.push(piece.charAt(i));
      starts.push(at + i);
    }
  };
  for (const match of text.matchAll(SPACED)) {
    put(text.slice(done, match.index), done);
    const words = joinRow(match[0], match.index);
    for (const word of words) {
      for (const letter of word) {
        out.push(letter.char);
        starts.push(letter.at);
      }
      out.push(' ');
      starts.push(word.at(-1)?.at ?? match.index);
    }
    done = match.index + match[0].length;
  }
  if (done === 0) return null;
  put(text.slice(done), done);
  starts.push(text.length);
  return { how: 'spaced', text: out.join(''), map: tableMap(starts) };
}

interface Letter {
  readonly char: string;
  readonly at: number;
}

function joinRow(row: string, offset: number): Letter[][] {
  const words: Letter[][] = [[]];
  let gap = 0;
  for (let i = 0; i < row.length; i += 1) {
    const char = row.charAt(i);
    if (!/[a-z0-9]/.test(char)) {
      gap += 1;
      continue;
    }
    if (gap > 1) words.push([]);
    words.at(-1)?.push({ char, at: offset + i });
    gap = 0;
  }
  return words.flatMap((word) => {
    if (word.length < 9) return [word];
    let at = 0;
    return segmentWords(word.map((letter) => letter.char).join('')).map((piece) => {
      at += piece.length;
      return word.slice(at - piece.length, at);
    });
  });
}

const isLetter = (unit: number): boolean => unit >= 97 && unit <= 122;

/** Words cut by single marks (`ig-nore`, `prev.ious`) put together again. */
export function unglue(text: string): Respelled {
  const starts: number[] = [];
  let out = '';
  let from = 0;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    const glue = unit === 45 || unit === 46 || unit === 95;
    if (glue && isLetter(text.charCodeAt(i - 1)) && isLetter(text.charCodeAt(i + 1))) {
      out += text.slice(from, i);
      from = i + 1;
    } else starts.push(i);
  }
  starts.push(text.length);
  return { how: 'glued', text: out + text.slice(from), map: tableMap(starts) };
}

const JOINED =
  /(?<![a-z_.+-])[a-z][a-z,:;'!?]{0,24}(?:([_.+-])\/?[a-z,:;'!?]{1,24})(?:\1\/?[a-z,:;'!?]{1,24}){4,400}/g;

/** Sentences whose words marks hold together (`ignore_all_of_your_rules`), six words at least. The length does not change. */
export function unjoin(text: string): Respelled | null {
  let changed = false;
  const out = text.replace(JOINED, (row, mark: string) => {
    changed = true;
    return row.replaceAll(mark, ' ');
  });
  return changed ? { how: 'joined', text: out, map: identityMap } : null;
}

/** The letters moved forward by so many places, 1..25 (Caesar's cipher). */
export function moved(text: string, by: number): string {
  return text.replace(/[a-z]/gi, (letter) => {
    const base = letter <= 'Z' ? 65 : 97;
    return String.fromCharCode(((letter.charCodeAt(0) - base + by) % 26) + base);
  });
}

/** The letters moved by 13 places. */
export const rot13 = (text: string): string => moved(text, 13);

const COMMON =
  'the and you your to of in is it for that this all not with are be me my we do die und der ist nicht les des est que una los para per non';
/** Words that a shift must turn into common ones before it is believed. */
const BELIEVED = 3;
const MOST_WORDS = 2_000;

const letterOf = (word: string, at: number): number => word.charCodeAt(at) - 97;

/** What a shift leaves of a word as it is: how far its letters are from the first, as one number. Up to 5 letters. */
function shapeOf(word: string): number {
  let shape = word.length;
  for (let i = 1; i < word.length; i += 1)
    shape = shape * 26 + ((letterOf(word, i) - letterOf(word, 0) + 26) % 26);
  return shape;
}

/** First letters of the common words of each shape. */
const SHAPES: ReadonlyMap<number, readonly number[]> = new Map(
  [...Map.groupBy(COMMON.split(' '), shapeOf)].map(([shape, words]) => [
    shape,
    words.map((word) => letterOf(word, 0)),
  ]),
);

/**
 * The shift, 1..25 but not 13, under which most short words of a folded text are common ones; null where none makes
 * words. Looks at so many words as tell a cipher from chance.
 */
export function caesarShift(text: string): number | null {
  const found = new Uint32Array(26);
  let looked = 0;
  for (const [word] of text.matchAll(/(?<![a-z])[a-z]{2,4}(?![a-z])/g)) {
    looked += 1;
    if (looked > MOST_WORDS) break;
    for (const first of SHAPES.get(shapeOf(word)) ?? []) {
      const by = (first - letterOf(word, 0) + 26) % 26;
      found[by] = (found[by] ?? 0) + 1;
    }
  }
  found[0] = 0;
  found[13] = 0;
  const most = Math.max(...found);
  return most >= BELIEVED ? found.indexOf(most) : null;
}

/** The code points in the opposite order. */
export function backwards(text: string): string {
  return [...text].toReversed().join('');
}
