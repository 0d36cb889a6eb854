import type { Span, View } from '../../normalise/index.ts';

/** What a sub-segment is, as the explanation names it. */
export type PieceKind =
  | 'an HTML comment'
  | 'a code comment'
  | 'a docstring'
  | 'a quoted string'
  | 'a quoted block'
  | 'a table cell'
  | 'a paragraph';

export interface Piece extends Span {
  readonly kind: PieceKind;
}

/** Shorter ones say too little by themselves. */
const MIN_CHARS = 16;
/** Longer ones are windows anyway. */
const MAX_CHARS = 800;

const BLOCKS: readonly { open: string; close: string; kind: PieceKind }[] = [
  { open: '<!--', close: '-->', kind: 'an HTML comment' },
  { open: '/*', close: '*/', kind: 'a code comment' },
  { open: '"""', close: '"""', kind: 'a docstring' },
  { open: "'''", close: "'''", kind: 'a docstring' },
];

const SPACE = /\s/;

function add(text: string, pieces: Piece[], piece: Piece): void {
  let { start, end } = piece;
  while (start < end && SPACE.test(text[start] ?? '')) start += 1;
  while (end > start && SPACE.test(text[end - 1] ?? '')) end -= 1;
  const chars = end - start;
  if (chars >= MIN_CHARS && chars <= MAX_CHARS && chars < text.length * 0.9) {
    pieces.push({ start, end, kind: piece.kind });
  }
}

/** Where `mark` stands, in order. */
function placesOf(text: string, mark: string): number[] {
  const places: number[] = [];
  for (let at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + mark.length)) places.push(at);
  return places;
}

/**
 * Blocks between different marks. A mark that opens and is not closed, or only behind other marks that open, hides
 * nothing: up to each mark that closes stand a block from the first mark and one from the last, and every other mark's
 * block ends where the next one opens.
 */
function addBlocks(text: string, pieces: Piece[], { open, close, kind }: (typeof BLOCKS)[number]): void {
  const opens = placesOf(text, open);
  if (opens.length === 0) return;
  let end = text.indexOf(close, (opens[0] as number) + open.length);
  let first = true;
  for (const [i, at] of opens.entries()) {
    const start = at + open.length;
    if (end >= 0 && end < start) {
      end = text.indexOf(close, start);
      first = true;
    }
    const next = opens[i + 1] ?? text.length;
    if (end >= 0 && end <= next) add(text, pieces, { start, end, kind });
    else {
      if (first && end >= 0) add(text, pieces, { start, end, kind });
      add(text, pieces, { start, end: Math.min(next, start + MAX_CHARS), kind });
      // What follows the first lines of an open block may be no part of it.
      const blank = text.slice(start, Math.min(next, start + MAX_CHARS)).indexOf('\n\n');
      if (blank >= 0) add(text, pieces, { start, end: start + blank, kind });
    }
    first = false;
  }
}

/** Blocks between equal marks; where one has no partner, what stands between any two. */
function addDocstrings(text: string, pieces: Piece[], { open, kind }: (typeof BLOCKS)[number]): void {
  const marks = placesOf(text, open);
  const step = marks.length % 2 === 0 ? 2 : 1;
  for (let i = 0; i < marks.length; i += step) {
    const start = (marks[i] as number) + open.length;
    add(text, pieces, { start, end: marks[i + 1] ?? Math.min(text.length, start + MAX_CHARS), kind });
  }
}

const WORDY = /[\p{L}\p{N}]/u;
const PREFIX = /(?:^|[^\p{L}\p{N}])[bfru]{1,2}$/iu;

/** A mark that opens a string stands before its first character and behind no word but the prefix that code has. */
function isOddOpening(text: string, at: number): boolean {
  if (SPACE.test(text[at + 1] ?? ' ')) return true;
  return WORDY.test(text[at - 1] ?? '') && !PREFIX.test(text.slice(Math.max(0, at - 3), at));
}

/**
 * Strings between straight double quotes of one line: JSON values, attributes, quotations. Where a quote has no partner,
 * or one that opens stands where none would, what is between any two quotes, before the first and behind the last.
 */
function addStrings(text: string, line: Span, pieces: Piece[]): void {
  const quotes: number[] = [];
  let odd = false;
  for (let i = line.start; i < line.end; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit === 92) i += 1;
    else if (unit === 34) {
      odd ||= quotes.length % 2 === 0 && isOddOpening(text, i);
      quotes.push(i);
    }
  }
  if (quotes.length === 0) return;
  for (let i = 0; i + 1 < quotes.length; i += 2)
    add(text, pieces, {
      start: (quotes[i] as number) + 1,
      end: quotes[i + 1] as number,
      kind: 'a quoted string',
    });
  if (!odd && quotes.length % 2 === 0) return;
  for (let i = -1; i < quotes.length; i += 2) {
    const start = i < 0 ? line.start : (quotes[i] as number) + 1;
    add(text, pieces, { start, end: quotes[i + 1] ?? line.end, kind: 'a quoted string' });
  }
  // Behind the last one of an odd number.
  if (quotes.length % 2 === 1)
    add(text, pieces, { start: (quotes.at(-1) as number) + 1, end: line.end, kind: 'a quoted string' });
}

/** Cells between bars or tabs. */
function addCells(text: string, line: Span, pieces: Piece[]): void {
  let start = line.start;
  let marks = 0;
  for (let i = line.start; i <= line.end; i += 1) {
    const unit = i === line.end ? 124 : text.charCodeAt(i);
    if (unit !== 124 && unit !== 9) continue;
    if (i < line.end) marks += 1;
    if (marks > 0) add(text, pieces, { start, end: i, kind: 'a table cell' });
    start = i + 1;
  }
}

type LineKind = 'blank' | 'quoted' | 'comment' | 'plain';

const COMMENT = /^\s{0,40}(?:\/\/|#|--|;|\*)\s/;
const TRAILING = /\s(?:\/\/|#|--)\s/;

function kindOf(text: string, { start, end }: Span): LineKind {
  let at = start;
  while (at < end && SPACE.test(text[at] ?? '')) at += 1;
  if (at === end) return 'blank';
  if (text[at] === '>') return 'quoted';
  return COMMENT.test(text.slice(start, Math.min(end, start + 48))) ? 'comment' : 'plain';
}

/** Lines of one kind that stand together, and paragraphs: lines between blank ones. */
function createGroups(text: string, pieces: Piece[]): { line: (line: Span) => void; end: () => void } {
  let group: { start: number; end: number; kind: LineKind } | null = null;
  let paragraph: { start: number; end: number } | null = null;
  const close = (): void => {
    if (group?.kind === 'quoted') add(text, pieces, { ...group, kind: 'a quoted block' });
    if (group?.kind === 'comment') add(text, pieces, { ...group, kind: 'a code comment' });
    group = null;
  };
  const end = (): void => {
    close();
    if (paragraph !== null) add(text, pieces, { ...paragraph, kind: 'a paragraph' });
    paragraph = null;
  };
  const line = (span: Span): void => {
    const kind = kindOf(text, span);
    if (kind === 'blank') return end();
    if (group?.kind !== kind) close();
    if (group === null) group = { ...span, kind };
    else group.end = span.end;
    if (paragraph === null) paragraph = { ...span };
    else paragraph.end = span.end;
  };
  return { line, end };
}

/** Comments behind code on its line; of a long line, one in each `MAX_CHARS`, which ends where the next begins. */
function addTrailing(text: string, line: Span, pieces: Piece[]): void {
  let open = -1;
  for (let from = line.start; from < line.end; from += MAX_CHARS) {
    const found = TRAILING.exec(text.slice(from, Math.min(line.end, from + MAX_CHARS)));
    if (found === null) continue;
    if (open >= 0) add(text, pieces, { start: open, end: from + found.index, kind: 'a code comment' });
    open = from + found.index + found[0].length;
  }
  if (open >= 0) add(text, pieces, { start: open, end: line.end, kind: 'a code comment' });
}

/**
 * Parts of a document that are written, and hidden, by themselves: comments, strings and attributes, quoted blocks, table
 * cells, paragraphs. In the order of their kinds; they overlap. Time and number are linear in the text.
 */
export function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = [];
  for (const block of BLOCKS) (block.open === block.close ? addDocstrings : addBlocks)(text, pieces, block);
  const groups = createGroups(text, pieces);
  for (let start = 0; start <= text.length; ) {
    const next = text.indexOf('\n', start);
    const line = { start, end: next < 0 ? text.length : next };
    groups.line(line);
    addStrings(text, line, pieces);
    addCells(text, line, pieces);
    addTrailing(text, line, pieces);
    start = line.end + 1;
  }
  groups.end();
  return pieces;
}

/**
 * The parts of every view that `isDocument`, as it stands or as it came out of an encoding; of those that read alike the
 * first. Views of other spellings have their marks elsewhere and are left out.
 */
export function partsOf(
  views: readonly View[],
  isDocument: (view: View) => boolean,
): { readonly view: View; readonly piece: Piece }[] {
  const known = new Set<string>();
  const parts: { view: View; piece: Piece }[] = [];
  for (const view of views) {
    if (view.respelled || !isDocument(view)) continue;
    for (const piece of piecesOf(view.text)) {
      if (views.length > 1) {
        const part = view.text.slice(piece.start, piece.end);
        if (known.has(part)) continue;
        known.add(part);
      }
      parts.push({ view, piece });
    }
  }
  return parts;
}
