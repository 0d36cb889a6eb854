import { AppError } from '../../../../kernel/error.ts';

/** Longest filter in characters, and most clauses, that are read. */
export const MAX_FILTER = 20_000;

export type Token =
  | { readonly kind: 'name'; readonly text: string }
  /** In backticks or double quotes. */
  | { readonly kind: 'quoted'; readonly text: string }
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'sign'; readonly text: string };

export const badFilter = (why: string): AppError =>
  new AppError('invalid_input', `Invalid filter: ${why}`, {
    hint: "Write comparisons joined by AND, e.g. metrics.accuracy > 0.9 AND params.depth = '3'",
  });

const NAME = /[\p{L}_][\p{L}\p{N}_]*/uy;
const NUMBER = /[-+]?(?:\d{1,30}(?:\.\d{0,30})?|\.\d{1,30})(?:[eE][-+]?\d{1,3})?/y;
const SIGN = /<=|>=|!=|<>|==|[<>=(),.]/y;
const BLANK = /\s+/y;

const at = (pattern: RegExp, text: string, index: number): string => {
  pattern.lastIndex = index;
  return pattern.exec(text)?.[0] ?? '';
};

/** What stands between two quotes, a doubled quote being one; the index behind the closing one. */
function quoted(text: string, start: number): { readonly value: string; readonly end: number } {
  const quote = text[start] as string;
  let value = '';
  for (let from = start + 1; ; ) {
    const end = text.indexOf(quote, from);
    if (end === -1) throw badFilter(`there is a ${quote} that is never closed`);
    value += text.slice(from, end);
    if (text[end + 1] !== quote) return { value, end: end + 1 };
    value += quote;
    from = end + 2;
  }
}

/** Whether a sign before digits belongs to the number: not right behind a name or a value. */
const mayBeSigned = (before: Token | undefined): boolean =>
  before === undefined || before.kind === 'sign' || before.kind === 'name';

function readToken(text: string, index: number, before: Token | undefined): [Token, number] {
  const first = text[index] as string;
  if (first === "'" || first === '"' || first === '`') {
    const { value, end } = quoted(text, index);
    return [{ kind: first === "'" ? 'string' : 'quoted', text: value }, end];
  }
  const name = at(NAME, text, index);
  if (name) return [{ kind: 'name', text: name }, index + name.length];
  const digits = at(NUMBER, text, index);
  if (digits && (/^[\d.]/.test(digits) || mayBeSigned(before))) {
    return [{ kind: 'number', value: Number(digits) }, index + digits.length];
  }
  const sign = at(SIGN, text, index);
  if (sign) return [{ kind: 'sign', text: sign }, index + sign.length];
  throw badFilter(`"${first}" is not expected at position ${index + 1}`);
}

/** Splits a filter in one pass. Throws `invalid_input` for anything that is no token. */
export function tokensOf(text: string): readonly Token[] {
  if (text.length > MAX_FILTER) throw badFilter(`it is longer than ${MAX_FILTER} characters`);
  const tokens: Token[] = [];
  for (let index = 0; index < text.length; ) {
    const blank = at(BLANK, text, index);
    if (blank) {
      index += blank.length;
      continue;
    }
    const [token, end] = readToken(text, index, tokens.at(-1));
    tokens.push(token);
    index = end;
  }
  return tokens;
}
