import { isInvisible } from './invisible.ts';

/** A text with its escapes undone and its invisible characters taken out, and where each character came from. */
export interface PlainView {
  readonly text: string;
  /** The range of the original that `[start, end)` of `text` came from. */
  readonly spanOf: (start: number, end: number) => { readonly start: number; readonly end: number };
  /** Where an escape may have begun that the original's end cuts off; the original's length if none. */
  readonly cutFrom: number;
}

/** Anything that a plain view would change: an escape, or a character from U+00AD on that is invisible or a digit. */
const ESCAPED = /\\[nrtbfux/"']|%[2-7][0-9a-f]|&(?:#|commat;)|\\$|%[2-7]?$|&$/i;
const UNUSUAL = /[^\0-\u00ac]/;

function hasUnusual(text: string): boolean {
  const from = text.search(UNUSUAL);
  if (from < 0) return false;
  for (let i = from; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code < 0xad) continue;
    // The first half of all tag characters and variation selectors beyond the sixteen.
    if (code === 0xdb40 || asciiOf(code) > 0 || isInvisible(code)) return true;
  }
  return false;
}
/** Backslashes before an escape are those of JSON within JSON, so that any number of them stands for one. */
const ESCAPE =
  /\\{1,64}(?:u([0-9a-f]{4})|x([0-9a-f]{2})|([nrtbf/"']))|%([2-7][0-9a-f])|&#(?:x([0-9a-f]{1,6})|([0-9]{1,7}));|&commat;/iy;
const UNFINISHED = /(?:\\{1,64}(?:u[0-9a-f]{0,3}|x[0-9a-f]?)?|%[2-7]?|&(?:#x?[0-9a-f]{0,7}|[a-z]{0,6}))$/i;
const LONGEST_ESCAPE = 72;
const CONTROLS: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' };

function decoded(match: RegExpExecArray): string {
  const [, unicode, byte, letter, percent, hexEntity, entity] = match;
  const hex = unicode ?? byte ?? percent ?? hexEntity;
  if (hex !== undefined || entity !== undefined) {
    const code = hex === undefined ? Number(entity) : Number.parseInt(hex, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : ' ';
  }
  if (letter === undefined) return '@';
  return CONTROLS[letter.toLowerCase()] ?? letter;
}

/** Digits of other scripts and full-width forms as their ASCII counterparts; 0 for all others. */
function asciiOf(code: number): number {
  if (code >= 0xff01 && code <= 0xff5e) return code - 0xfee0;
  if (code >= 0x0660 && code <= 0x0669) return code - 0x0660 + 48;
  if (code >= 0x06f0 && code <= 0x06f9) return code - 0x06f0 + 48;
  return code >= 0x0966 && code <= 0x096f ? code - 0x0966 + 48 : 0;
}

/**
 * The text as a reader understands it who undoes the escapes of JSON, URLs and HTML, does not see invisible
 * characters, and reads the digits of every script alike; null when that is the text itself. For checks that
 * look for values, which in JSON or a URL stand beside escapes and may be written with them. Linear.
 */
export function plainView(text: string): PlainView | null {
  if (!ESCAPED.test(text) && !hasUnusual(text)) return null;
  const starts = new Uint32Array(text.length + 1);
  const ends = new Uint32Array(text.length + 1);
  let plain = '';
  const put = (piece: string, start: number, end: number): void => {
    for (let k = 0; k < piece.length; k += 1) {
      starts[plain.length + k] = start;
      ends[plain.length + k] = end;
    }
    plain += piece;
  };
  for (let i = 0; i < text.length; ) {
    const code = text.charCodeAt(i);
    if (code === 92 || code === 37 || code === 38) {
      ESCAPE.lastIndex = i;
      const match = ESCAPE.exec(text);
      const end = match === null ? i + 1 : ESCAPE.lastIndex;
      put(match === null ? (text[i] as string) : decoded(match), i, end);
      i = end;
      continue;
    }
    const point = code >= 0xd800 && code < 0xdc00 ? (text.codePointAt(i) ?? code) : code;
    const size = point > 0xffff ? 2 : 1;
    if (code < 128 || !isInvisible(point)) {
      const ascii = code < 128 ? 0 : asciiOf(code);
      put(ascii === 0 ? text.slice(i, i + size) : String.fromCharCode(ascii), i, i + size);
    }
    i += size;
  }
  const tail = text.slice(-LONGEST_ESCAPE);
  const cut = UNFINISHED.exec(tail);
  return {
    text: plain,
    spanOf: (start, end) => ({
      start: start < plain.length ? (starts[start] as number) : text.length,
      end:
        end > start
          ? (ends[end - 1] as number)
          : start < plain.length
            ? (starts[start] as number)
            : text.length,
    }),
    cutFrom: cut === null ? text.length : text.length - tail.length + cut.index,
  };
}

interface Spanned {
  readonly start: number;
  readonly end: number;
}

/**
 * What `find` finds in a text as it stands and in its plain view, with offsets into the text as it stands. Of two
 * overlapping finds the plain view's stays, because the other may have taken an escape for part of the value.
 * `value` is what a find stands for.
 */
export function findInViews<Find extends Spanned>(
  text: string,
  find: (view: string) => readonly Find[],
): readonly { readonly find: Find; readonly value: string }[] {
  const open = find(text).map((each) => ({ find: each, value: text.slice(each.start, each.end) }));
  const view = plainView(text);
  if (view === null) return open;
  const plain = find(view.text).map((each) => ({
    find: { ...each, ...view.spanOf(each.start, each.end) },
    value: view.text.slice(each.start, each.end),
  }));
  if (plain.length === 0) return open;
  // Both lists are in order and without overlaps in themselves.
  let next = 0;
  const kept = open.filter(({ find: own }) => {
    while (next < plain.length && (plain[next]?.find.end ?? 0) <= own.start) next += 1;
    return next >= plain.length || (plain[next]?.find.start ?? 0) >= own.end;
  });
  return [...kept, ...plain].sort((a, b) => a.find.start - b.find.start);
}

/** The smallest index from which `unfinished` holds either view of a growing text back. */
export function unfinishedInViews(text: string, unfinished: (view: string) => number): number {
  const from = unfinished(text);
  const view = plainView(text);
  if (view === null) return from;
  const at = unfinished(view.text);
  return Math.min(from, view.spanOf(at, at).start, view.cutFrom);
}
