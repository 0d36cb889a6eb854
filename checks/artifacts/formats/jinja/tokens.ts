import { ScanFault } from '../../types.ts';

export interface JinjaToken {
  readonly kind: 'name' | 'string' | 'number' | 'operator';
  /** For strings the value, escapes resolved. */
  readonly text: string;
  /** UTF-16 offset in the template. */
  readonly offset: number;
}

/** One `{{ … }}` or `{% … %}`. */
export interface JinjaBlock {
  readonly kind: 'expression' | 'statement';
  readonly tokens: readonly JinjaToken[];
  readonly offset: number;
  /** False where it runs to the end of the text. */
  readonly isClosed: boolean;
}

const MOST_TOKENS = 200_000;
const OPENERS = /\{[{%#]/g;
const NAME = /[\p{ID_Start}_][\p{ID_Continue}]{0,10000}/uy;
const NUMBER = /\d[\d_]{0,1000}(?:\.\d{1,1000})?/y;
const OPERATORS = ['//', '**', '==', '!=', '<=', '>='];

/**
 * The code in a Jinja template. Comments and `{% raw %}` are left out as the renderer leaves them out. A block that
 * does not end runs to the end of the text (the renderer would refuse it). Throws `ScanFault` on more tokens than
 * any template has.
 */
export function jinjaBlocks(template: string): JinjaBlock[] {
  const blocks: JinjaBlock[] = [];
  const count = { tokens: 0 };
  OPENERS.lastIndex = 0;
  for (let match = OPENERS.exec(template); match !== null; match = OPENERS.exec(template)) {
    const offset = match.index;
    if (match[0] === '{#') {
      const end = template.indexOf('#}', offset + 2);
      OPENERS.lastIndex = end < 0 ? template.length : end + 2;
      continue;
    }
    const closer = match[0] === '{{' ? '}}' : '%}';
    const { tokens, end, isClosed } = tokensUntil(template, offset + 2, closer, count);
    OPENERS.lastIndex = end;
    blocks.push({ kind: match[0] === '{{' ? 'expression' : 'statement', tokens, offset, isClosed });
    if (closer === '%}' && tokens[0]?.text === 'raw' && tokens[0].kind === 'name') {
      const rawEnd = /\{%[-+]?\s{0,100}endraw\s{0,100}[-+]?%\}/g;
      rawEnd.lastIndex = end;
      const found = rawEnd.exec(template);
      OPENERS.lastIndex = found === null ? template.length : rawEnd.lastIndex;
    }
  }
  return blocks;
}

function tokensUntil(
  text: string,
  start: number,
  closer: string,
  count: { tokens: number },
): { tokens: JinjaToken[]; end: number; isClosed: boolean } {
  const tokens: JinjaToken[] = [];
  let at = start;
  let braces = 0;
  while (at < text.length) {
    const unit = text[at] as string;
    if (/\s/.test(unit)) {
      at += 1;
      continue;
    }
    if (text.startsWith(closer, at) && (closer === '%}' || braces === 0)) {
      return { tokens, end: at + 2, isClosed: true };
    }
    count.tokens += 1;
    if (count.tokens > MOST_TOKENS) throw new ScanFault(`a template of more than ${MOST_TOKENS} tokens`, at);
    const token = tokenAt(text, at);
    if (token.token.text === '{') braces += 1;
    if (token.token.text === '}' && token.token.kind === 'operator') braces = Math.max(0, braces - 1);
    tokens.push(token.token);
    at = token.end;
  }
  return { tokens, end: text.length, isClosed: false };
}

function tokenAt(text: string, at: number): { token: JinjaToken; end: number } {
  const unit = text[at] as string;
  if (unit === '"' || unit === "'") return stringAt(text, at);
  for (const [kind, pattern] of [
    ['name', NAME],
    ['number', NUMBER],
  ] as const) {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    // Python reads identifiers in their NFKC form: a dunder of full-width letters is a dunder.
    if (found) return { token: { kind, text: found.normalize('NFKC'), offset: at }, end: at + found.length };
  }
  const operator = OPERATORS.find((candidate) => text.startsWith(candidate, at)) ?? unit;
  return { token: { kind: 'operator', text: operator, offset: at }, end: at + operator.length };
}

function stringAt(text: string, start: number): { token: JinjaToken; end: number } {
  const quote = text[start];
  let at = start + 1;
  while (at < text.length && text[at] !== quote) at += text[at] === '\\' ? 2 : 1;
  const raw = text.slice(start + 1, at);
  return {
    token: { kind: 'string', text: unescape(raw), offset: start },
    end: Math.min(at + 1, text.length),
  };
}

/** Resolves the escapes of a Python string literal that spell characters. */
function unescape(raw: string): string {
  if (!raw.includes('\\')) return raw;
  return raw.replace(ESCAPE, (whole, ...parts: (string | undefined)[]) => {
    const [x, u, wide, octal, plain = ''] = parts;
    const digits = x ?? u ?? wide;
    if (digits !== undefined) return character(Number.parseInt(digits, 16));
    if (octal !== undefined) return character(Number.parseInt(octal, 8));
    if (whole.startsWith('\\N')) return '_';
    return PLAIN_ESCAPES[plain] ?? plain;
  });
}

const ESCAPE =
  /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{1,3})|N\{LOW LINE\}|([\s\S]))/g;
const PLAIN_ESCAPES: Readonly<Record<string, string>> = Object.freeze({
  n: '\n',
  t: '\t',
  r: '\r',
  '\n': '',
});

function character(code: number): string {
  return code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';
}
