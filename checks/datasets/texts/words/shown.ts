const LONGEST = 90;
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}]/gu;

/** A part of a text as it may be shown: one line, invisible characters by their number, at most 90 characters. */
export function shownText(text: string, longest = LONGEST): string {
  const characters = [...text.slice(0, 4 * longest).replaceAll(/\s+/g, ' ')];
  const cut = characters.length > longest ? [...characters.slice(0, longest - 1), '…'] : characters;
  return cut
    .join('')
    .toWellFormed()
    .replaceAll(UNSEEN, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}
