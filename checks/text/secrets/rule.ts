/** A secret that its own form gives away: a fixed prefix, then a body. */
export interface TokenRule {
  /** Also the finding's kind. */
  readonly id: string;
  /** Reads on in "Looks like …". */
  readonly title: string;
  /** Literal beginnings, at least three characters each; the scan looks them up before any pattern runs. */
  readonly prefixes: readonly string[];
  /** Sticky, from the first character of the prefix; never matches white space. */
  readonly pattern: RegExp;
  readonly score: number;
  /** Judges a match further, e.g. by decoding it. */
  readonly accept?: (value: string) => boolean;
  readonly yes: readonly string[];
  readonly no: readonly string[];
}

/** A secret that only the name it is assigned to gives away. */
export interface AssignedRule {
  readonly id: string;
  readonly title: string;
  /** Tested on the lower-case name with its words joined by single spaces. */
  readonly name: RegExp;
  readonly value: RegExp;
  readonly score: number;
  readonly yes: readonly string[];
  readonly no: readonly string[];
}

/** A secret inside a run of characters whose tell-tale part is not its beginning. */
export interface InfixRule {
  readonly id: string;
  readonly title: string;
  /** A literal that every match holds. */
  readonly needle: string;
  /** Global; group `secret` is the part to hide, else the whole match. Never matches white space. */
  readonly pattern: RegExp;
  readonly score: number;
  readonly accept?: (value: string) => boolean;
  readonly yes: readonly string[];
  readonly no: readonly string[];
}

const escape = (literal: string): string => literal.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');

/**
 * A row of the token table: `prefixes`, then `body` (a pattern source with bounded quantifiers), then no
 * further letter or digit.
 */
export function token(
  [id, title]: readonly [string, string],
  prefixes: readonly string[],
  body: string,
  rest: {
    yes: readonly string[];
    no: readonly string[];
    score?: number;
    accept?: (value: string) => boolean;
  },
): TokenRule {
  return {
    id,
    title,
    prefixes,
    pattern: new RegExp(`(?:${prefixes.map(escape).join('|')})${body}(?![A-Za-z0-9])`, 'y'),
    score: rest.score ?? 0.97,
    yes: rest.yes,
    no: rest.no,
    ...(rest.accept === undefined ? {} : { accept: rest.accept }),
  };
}
