import type { SpanMap } from './span.ts';
import { tableMap } from './span.ts';

/** The named entities that change how a sentence reads; the rest stay as they are. */
const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  apos: "'",
  colon: ':',
  comma: ',',
  excl: '!',
  gt: '>',
  lpar: '(',
  lsqb: '[',
  lt: '<',
  nbsp: ' ',
  newline: '\n',
  num: '#',
  period: '.',
  quest: '?',
  quot: '"',
  rpar: ')',
  rsqb: ']',
  semi: ';',
  shy: '',
  sol: '/',
  tab: ' ',
  zwj: '',
  zwnj: '',
};

const ESCAPE =
  /(?:%[0-9a-f]{2}){1,4096}|&#\d{1,7};?|&#x[0-9a-f]{1,6};?|&[a-z]{2,8};|\\(?-i:U)000[0-9a-f]{5}|[\\%]u[0-9a-f]{4}|\\u\{[0-9a-f]{1,6}\}|\\x[0-9a-f]{2}|\\[nrt"/\\]/gi;
const utf8 = new TextDecoder('utf-8');

function fromCode(code: number): string | null {
  return code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? String.fromCodePoint(code) : null;
}

function decodeOne(token: string): string | null {
  if (token.startsWith('%') && !/^%u/i.test(token)) {
    return utf8.decode(Uint8Array.from(token.slice(1).split('%'), (pair) => Number.parseInt(pair, 16)));
  }
  if (token.startsWith('&#')) {
    const body = token.slice(2).replace(';', '');
    return fromCode(/^x/i.test(body) ? Number.parseInt(body.slice(1), 16) : Number.parseInt(body, 10));
  }
  if (token.startsWith('&')) return ENTITIES[token.slice(1, -1).toLowerCase()] ?? null;
  const kind = token.charAt(1).toLowerCase();
  if (kind === 'x') return fromCode(Number.parseInt(token.slice(2), 16));
  if (kind === 'u') return String.fromCharCode(Number.parseInt(token.replace(/[^0-9a-f]/gi, ''), 16));
  if (kind === 'n' || kind === 'r') return '\n';
  return kind === 't' ? ' ' : token.charAt(1);
}

export interface Unescaped {
  readonly text: string;
  readonly map: SpanMap;
}

/**
 * Percent-encoding, HTML entities and the escapes of JSON, JavaScript and C undone in place; null where
 * there are none. Offsets map each decoded character to its escape.
 */
export function unescapeText(text: string): Unescaped | null {
  const parts: string[] = [];
  const starts: number[] = [];
  let done = 0;
  let changed = false;
  const copy = (end: number): void => {
    parts.push(text.slice(done, end));
    for (let i = done; i < end; i += 1) starts.push(i);
  };
  for (const match of text.matchAll(ESCAPE)) {
    const token = match[0];
    const decoded = decodeOne(token);
    if (decoded === null) continue;
    copy(match.index);
    parts.push(decoded);
    const ratio = decoded.length === 0 ? 0 : token.length / decoded.length;
    for (let i = 0; i < decoded.length; i += 1) starts.push(match.index + Math.floor(i * ratio));
    done = match.index + token.length;
    changed = true;
  }
  if (!changed) return null;
  copy(text.length);
  starts.push(text.length);
  return { text: parts.join(''), map: tableMap(starts) };
}
