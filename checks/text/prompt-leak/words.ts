import { fold } from '../normalise/fold.ts';

/** A word of a text, folded, with its place in the original. */
export interface Word {
  readonly word: string;
  readonly start: number;
  readonly end: number;
}

/** Scripts without blanks count character by character. */
const WORD =
  /[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}\p{sc=Laoo}\p{sc=Khmr}\p{sc=Mymr}]|[\p{L}\p{N}\p{M}]{1,64}/gu;
const UNSPACED = /[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}\p{sc=Laoo}\p{sc=Khmr}\p{sc=Mymr}]/u;
/** Letters with their own word each in the scripts above are cut out of longer runs. */
const PIECE =
  /[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}\p{sc=Laoo}\p{sc=Khmr}\p{sc=Mymr}]|[^\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}\p{sc=Laoo}\p{sc=Khmr}\p{sc=Mymr}]{1,64}/gu;

const LONGEST_WORD = 64;
const BEYOND_ASCII = /[^\x00-\x7f]/;
const isAsciiWord = (code: number): boolean =>
  (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57);

/** What `WORD` finds in a text of ASCII alone, an order of magnitude faster. */
function asciiWords(text: string): Word[] {
  const words: Word[] = [];
  let start = -1;
  for (let i = 0; i <= text.length; i += 1) {
    const inWord = i < text.length && isAsciiWord(text.charCodeAt(i));
    if (start >= 0 && (!inWord || i - start === LONGEST_WORD)) {
      words.push({ word: text.slice(start, i), start, end: i });
      start = -1;
    }
    if (inWord && start < 0) start = i;
  }
  return words;
}

/** The words of a text already folded. */
export function wordsOf(folded: string): Word[] {
  if (!BEYOND_ASCII.test(folded)) return asciiWords(folded);
  const words: Word[] = [];
  for (const match of folded.matchAll(WORD)) {
    if (match[0].length > 1 && UNSPACED.test(match[0])) {
      for (const piece of match[0].matchAll(PIECE)) {
        const start = match.index + piece.index;
        words.push({ word: piece[0], start, end: start + piece[0].length });
      }
    } else words.push({ word: match[0], start: match.index, end: match.index + match[0].length });
  }
  return words;
}

/** The words of a text as written. */
export function wordList(text: string): string[] {
  return wordsOf(fold(text).text).map(({ word }) => word);
}
