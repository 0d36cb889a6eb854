/** Everything that an ordinary ASCII text has none of. */
export const UNUSUAL = /[^\t\n\r\x20-\x7e]/;

const EMOJI = /[\p{Extended_Pictographic}\p{Emoji_Modifier}\u{1f1e6}-\u{1f1ff}]/u;
/** Scripts whose spelling needs joiners: Arabic and its sisters, the Indic scripts, Mongolian and others. */
const JOINING =
  /[\p{sc=Arab}\p{sc=Syrc}\p{sc=Mong}\p{sc=Nkoo}\p{sc=Deva}\p{sc=Beng}\p{sc=Guru}\p{sc=Gujr}\p{sc=Orya}\p{sc=Taml}\p{sc=Telu}\p{sc=Knda}\p{sc=Mlym}\p{sc=Sinh}\p{sc=Thaa}\p{sc=Adlm}\p{sc=Rohg}]/u;
/** Scripts written without spaces, in which a zero-width space marks where a line may break. */
const UNSPACED =
  /[\p{sc=Thai}\p{sc=Laoo}\p{sc=Khmr}\p{sc=Mymr}\p{sc=Tibt}\p{sc=Hani}\p{sc=Hira}\p{sc=Kana}\p{sc=Java}]/u;
const RIGHT_TO_LEFT = /[\p{sc=Arab}\p{sc=Hebr}\p{sc=Syrc}\p{sc=Thaa}\p{sc=Nkoo}\p{sc=Adlm}]/u;
const LETTER = /[\p{L}\p{N}]/u;

export function isEmojiPart(char: string): boolean {
  return char === '\ufe0f' || char === '\u20e3' || EMOJI.test(char);
}
export function isJoiningLetter(char: string): boolean {
  return JOINING.test(char);
}
export function isUnspacedLetter(char: string): boolean {
  return UNSPACED.test(char);
}
export function hasRightToLeft(text: string): boolean {
  return RIGHT_TO_LEFT.test(text);
}
export function isWordCharacter(char: string): boolean {
  return LETTER.test(char);
}
export function isIdeograph(char: string): boolean {
  return /[\p{sc=Hani}\p{sc=Mong}]/u.test(char);
}

/** Zero-width spaces, joiners, fillers and invisible operators (not the direction marks). */
export function isZeroWidth(code: number): boolean {
  return (
    (code >= 0x200b && code <= 0x200d) ||
    (code >= 0x2060 && code <= 0x2064) ||
    (code >= 0x206a && code <= 0x206f) ||
    code === 0xfeff ||
    code === 0x180e ||
    code === 0x34f ||
    code === 0x115f ||
    code === 0x1160 ||
    code === 0x3164 ||
    code === 0xffa0
  );
}

/** Embeddings, overrides and isolates; the plain marks (LRM, RLM, ALM) order nothing by force. */
export function isBidiControl(code: number): boolean {
  return (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

export function isPrivateUse(code: number): boolean {
  return (code >= 0xe000 && code <= 0xf8ff) || (code >= 0xf0000 && code <= 0x10fffd);
}

/** C0 and C1 controls other than tab and line ends. */
export function isControl(code: number): boolean {
  return (
    (code < 0x20 && code !== 9 && code !== 10 && code !== 13) ||
    (code >= 0x7f && code <= 0x9f && code !== 0x85)
  );
}
