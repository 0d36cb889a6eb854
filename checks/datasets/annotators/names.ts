const LONGEST_NAME = 60;

/** A name that may hold anything, on one line, without control characters and at most 60 characters. */
export function shownName(name: string): string {
  const plain = [...name.slice(0, 4 * LONGEST_NAME).replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ')];
  return plain.length > LONGEST_NAME ? `${plain.slice(0, LONGEST_NAME - 1).join('')}…` : plain.join('');
}
