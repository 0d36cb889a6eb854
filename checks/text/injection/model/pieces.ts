import type { Span } from '../../normalise/index.ts';

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

function addBlocks(text: string, pieces: Piece[]): void {
  for (const { open, close, kind } of BLOCKS) {
    for (let at = text.indexOf(open); at >= 0; ) {
      const start = at + open.length;
      const end = text.indexOf(close, start);
      if (end < 0) {
        add(text, pieces, { start, end: Math.min(text.length, start + MAX_CHARS), kind });
        break;
      }
      add(text, pieces, { start, end, kind });
      at = text.indexOf(open, end + close.length);
    }
  }
}

/** Strings between straight double quotes of one line: JSON values, attributes, quotations. */
function addStrings(text: string, line: Span, pieces: Piece[]): void {
  let open = -1;
  for (let i = line.start; i < line.end; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit === 92) i += 1;
    else if (unit === 34) {
      if (open >= 0) add(text, pieces, { start: open, end: i, kind: 'a quoted string' });
      open = open >= 0 ? -1 : i + 1;
    }
  }
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

/**
 * Parts of a document that are written, and hidden, by themselves: comments, strings and attributes, quoted blocks, table
 * cells, paragraphs. In the order of their kinds; they overlap. Time and number are linear in the text.
 */
export function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = [];
  addBlocks(text, pieces);
  const groups = createGroups(text, pieces);
  for (let start = 0; start <= text.length; ) {
    const next = text.indexOf('\n', start);
    const line = { start, end: next < 0 ? text.length : next };
    groups.line(line);
    addStrings(text, line, pieces);
    addCells(text, line, pieces);
    const trailing = TRAILING.exec(text.slice(start, Math.min(line.end, start + MAX_CHARS)));
    if (trailing !== null)
      add(text, pieces, {
        start: start + trailing.index + trailing[0].length,
        end: line.end,
        kind: 'a code comment',
      });
    start = line.end + 1;
  }
  groups.end();
  return pieces;
}
