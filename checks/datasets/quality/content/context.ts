/** Longer texts are read without the name of their column, which is context only for values. */
const LONGEST_VALUE = 300;

/** A value as one would write it in a form: `date of birth: 1985-03-12`, and how much of that is not the value. */
export interface InContext {
  readonly text: string;
  readonly before: number;
}

/** The name of a column in words: `customerSSN` and `date_of_birth` as a person would say them. */
export const spokenName = (name: string): string =>
  name
    .slice(0, 60)
    .replaceAll(/([\p{Ll}\d])(\p{Lu})/gu, '$1 $2')
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();

export function inContext(name: string, value: string): InContext {
  if (value.length > LONGEST_VALUE) return { text: value, before: 0 };
  const before = `${spokenName(name)}: `;
  return { text: before + value, before: before.length };
}
