/** What a character is to a reader of words. */
export const SPACE = 0;
export const WORD = 1;
/** Stands alone: punctuation, signs, letters of scripts without spaces, invisible characters. */
export const ALONE = 2;

const CHARACTERS = 0x10000;
const UNKNOWN = 255;
const ALONE_LETTER =
  /[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Thai}\p{scx=Lao}\p{scx=Khmer}\p{scx=Myanmar}]/u;

const classes = new Uint8Array(CHARACTERS).fill(UNKNOWN);
const lower = new Uint16Array(CHARACTERS);

/** Fills in what is the same for every text, when a character is first met. */
function learn(code: number): number {
  const character = String.fromCharCode(code);
  const lowered = character.toLowerCase();
  lower[code] = lowered.length === 1 ? lowered.charCodeAt(0) : code;
  const found = /\s/.test(character)
    ? SPACE
    : /[\p{L}\p{N}\p{M}]/u.test(character) && !ALONE_LETTER.test(character)
      ? WORD
      : ALONE;
  classes[code] = found;
  return found;
}

/** SPACE, WORD or ALONE for a UTF-16 code unit. */
export function classOf(code: number): number {
  const known = classes[code] as number;
  return known === UNKNOWN ? learn(code) : known;
}

/** Small letter of a code unit that `classOf` was asked about. */
export const lowered = (code: number): number => lower[code] as number;
