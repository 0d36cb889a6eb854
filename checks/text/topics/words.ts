/** A word of a text, folded for comparing. Offsets are UTF-16 units. */
export interface Word {
  /** Lower case, without accents; `ß` is `ss`. */
  readonly folded: string;
  readonly start: number;
  readonly end: number;
}

const LETTER = /[\p{L}\p{M}\p{N}]/u;
/** Scripts that put no space between words. */
const UNSPACED =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

/** The same word however it is cased and accented. */
export function foldWord(word: string): string {
  let ascii = true;
  for (let index = 0; ascii && index < word.length; index += 1) ascii = word.charCodeAt(index) < 128;
  if (ascii) return word.toLowerCase();
  return word.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replaceAll('ß', 'ss');
}

export function isUnspaced(term: string): boolean {
  return UNSPACED.test(term);
}

/** Length in units of the letter or digit at `index`, 0 when something else stands there. */
function letterAt(text: string, index: number): number {
  const code = text.charCodeAt(index);
  if (code < 128) {
    return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57) ? 1 : 0;
  }
  const point = String.fromCodePoint(text.codePointAt(index) ?? code);
  return LETTER.test(point) ? point.length : 0;
}

/** The words of a text from `from` on, in order. */
export function wordsOf(text: string, from = 0): Word[] {
  const words: Word[] = [];
  let start = -1;
  for (let index = from; index <= text.length; ) {
    const length = index < text.length ? letterAt(text, index) : 0;
    if (length > 0) {
      if (start < 0) start = index;
      index += length;
      continue;
    }
    if (start >= 0) words.push({ folded: foldWord(text.slice(start, index)), start, end: index });
    start = -1;
    index += 1;
  }
  return words;
}

const SUFFIXES = [
  'innen',
  'ungen',
  'ings',
  'ers',
  'ern',
  'ing',
  'ung',
  'est',
  'en',
  'em',
  'er',
  'es',
  'ed',
  'e',
  's',
];

/**
 * A word without the commonest English and German endings, so that inflections of one word meet. Not a
 * dictionary stem; at least three letters stay.
 */
export function stem(folded: string): string {
  if (folded.length < 4) return folded;
  if (folded.endsWith('ies') && folded.length > 5) return folded.slice(0, -2);
  if (folded.endsWith('y') && folded.length > 4) return `${folded.slice(0, -1)}i`;
  const suffix = SUFFIXES.find((ending) => folded.endsWith(ending) && folded.length - ending.length >= 3);
  if (suffix === undefined || folded.endsWith('ss')) return folded;
  const root = folded.slice(0, -suffix.length);
  const doubled = root.length > 3 && root.at(-1) === root.at(-2) && !/[aeiouls]$/.test(root);
  return doubled ? root.slice(0, -1) : root;
}
