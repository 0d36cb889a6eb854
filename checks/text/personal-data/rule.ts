/** How an identifier is written: `9` a digit, `A` a letter, anything else itself. */
export interface Shape {
  readonly pattern: string;
  /** Certainty of a valid number in this form without a word that names it, 0..1. */
  readonly alone: number;
}

/** An official number of a country: its written forms, the words that name it, and its rules. */
export interface IdRule {
  /** Also the finding's kind. */
  readonly id: string;
  /** ISO 3166-1 alpha-2. */
  readonly country: string;
  readonly title: string;
  readonly shapes: readonly Shape[];
  /** Words that name it, in the languages of the country; tested on the text before the number. */
  readonly context: RegExp;
  /** Certainty of a valid number after such a word. */
  readonly near: number;
  /** Takes the number in upper case without separators. */
  readonly valid: (compact: string) => boolean;
  /** False where the number has rules but no check digit. */
  readonly checked: boolean;
  readonly yes: readonly string[];
  readonly no: readonly string[];
}

/** Scripts that are written without spaces between words. */
const UNSPACED = /[\u0e00-\u0e7f\u3040-\u9fff\uac00-\ud7af]/;

/** Words joined by `|`, compiled to one pattern; with letter boundaries where the script has spaces. */
export function contextWords(words: string): RegExp {
  const sources = words.split('|').map((word) => {
    const source = word
      .trim()
      .replace(/[.*+?^${}()[\]\\]/g, '\\$&')
      .replaceAll(' ', '[\\s_-]{0,2}');
    return UNSPACED.test(word) ? source : `(?<![\\p{L}\\p{N}])${source}(?!\\p{L})`;
  });
  return new RegExp(sources.join('|'), 'iu');
}

/**
 * A row of the table. `shapes` are joined by `|`, each with its certainty alone in percent after `@`
 * (none: never without context), e.g. `999.999.999-99@95|99999999999`.
 */
export function id(
  [name, title]: readonly [string, string],
  [shapes, context]: readonly [string, string],
  valid: (compact: string) => boolean,
  rest: { yes: readonly string[]; no: readonly string[]; checked?: boolean; near?: number },
): IdRule {
  return {
    id: name,
    country: name.slice(-2).toUpperCase(),
    title,
    shapes: shapes.split('|').map((shape) => {
      const [pattern = '', percent = '0'] = shape.split('@');
      return { pattern, alone: Number(percent) / 100 };
    }),
    context: contextWords(context),
    near: rest.near ?? 0.95,
    valid,
    checked: rest.checked ?? true,
    yes: rest.yes,
    no: rest.no,
  };
}
