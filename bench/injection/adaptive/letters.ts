import type { Operator } from './operator.ts';
import { below } from './operator.ts';

const LEET: Readonly<Record<string, string>> = { a: '4', e: '3', i: '1', o: '0', s: '5', t: '7' };
/** Cyrillic and Greek letters that look like Latin ones. */
// biome-ignore format: pairs in rows
export const LOOK_ALIKES: Readonly<Record<string, string>> = {
  a: 'а', c: 'с', e: 'е', i: 'і', j: 'ј', o: 'о', p: 'р', s: 'ѕ', x: 'х', y: 'у', A: 'А', B: 'В',
  C: 'С', E: 'Е', H: 'Н', K: 'К', M: 'М', O: 'О', P: 'Р', T: 'Т', X: 'Х', v: 'ν', n: 'ո', h: 'һ',
  d: 'ԁ', q: 'ԛ', w: 'ԝ', l: 'ӏ',
};
export const INVISIBLE = ['\u200b', '\u200c', '\u2060', '\u00ad', '\ufeff'] as const;
const COMBINING = ['\u0301', '\u0308', '\u0323', '\u0336', '\u0332'] as const;

const perLetter =
  (share: number, change: (letter: string, random: () => number) => string): Operator['apply'] =>
  (text, { random }) =>
    [...text].map((letter) => (random() < share ? change(letter, random) : letter)).join('');

/** Moves the letters of both cases that Unicode repeats in fancy dress, e.g. as full-width or mathematical letters. */
function dressed(upper: number, lower: number): Operator['apply'] {
  return (text) =>
    [...text]
      .map((letter) => {
        const code = letter.codePointAt(0) as number;
        if (code >= 65 && code <= 90) return String.fromCodePoint(upper + code - 65);
        return code >= 97 && code <= 122 ? String.fromCodePoint(lower + code - 97) : letter;
      })
      .join('');
}

const isLetter = (letter: string): boolean => /^\p{L}$/u.test(letter);

/** A mark within each longer word, so that a tokeniser sees pieces. */
const splitWords =
  (mark: string, share: number): Operator['apply'] =>
  (text, { random }) =>
    text.replace(/\p{L}{4,}/gu, (word) => {
      if (random() > share) return word;
      const at = 1 + below(random, word.length - 2);
      return word.slice(0, at) + mark + word.slice(at);
    });

const op = (id: string, apply: Operator['apply']): Operator => ({
  id,
  layer: 'letters',
  keeps: 'verbatim',
  apply,
});

/** Ways to spell the same words; a reader still sees them. */
export const LETTERS: readonly Operator[] = [
  op('upper case', (text) => text.toUpperCase()),
  op('lower case', (text) => text.toLowerCase()),
  op(
    'MiXeD case',
    perLetter(0.5, (letter) =>
      letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase(),
    ),
  ),
  op(
    'leetspeak',
    perLetter(1, (letter) => LEET[letter.toLowerCase()] ?? letter),
  ),
  op(
    'leetspeak, some',
    perLetter(0.3, (letter) => LEET[letter.toLowerCase()] ?? letter),
  ),
  op(
    'look-alikes',
    perLetter(1, (letter) => LOOK_ALIKES[letter] ?? letter),
  ),
  op(
    'look-alikes, some',
    perLetter(0.25, (letter) => LOOK_ALIKES[letter] ?? letter),
  ),
  op(
    'invisible characters',
    perLetter(0.3, (letter, random) =>
      isLetter(letter) ? letter + INVISIBLE[below(random, INVISIBLE.length)] : letter,
    ),
  ),
  op(
    'invisible between all',
    perLetter(1, (letter) => (isLetter(letter) ? `${letter}\u200b` : letter)),
  ),
  op(
    'combining marks',
    perLetter(0.4, (letter, random) =>
      isLetter(letter) ? letter + COMBINING[below(random, COMBINING.length)] : letter,
    ),
  ),
  op('full-width letters', dressed(0xff21, 0xff41)),
  op('mathematical letters', dressed(0x1d400, 0x1d41a)),
  op('letters in circles', dressed(0x24b6, 0x24d0)),
  op('words split by hyphens', splitWords('-', 0.6)),
  op('words split by blanks', splitWords(' ', 0.6)),
  op('words split by dots', splitWords('.', 0.6)),
  op('letters apart', (text) =>
    text
      .split(/\s+/u)
      .map((word) => [...word].join(' '))
      .join('   '),
  ),
  op('underscores for blanks', (text) => text.trim().replace(/\s+/gu, '_')),
  op('a line for each word', (text) => text.trim().replace(/\s+/gu, '\n')),
];
