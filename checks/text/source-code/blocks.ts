import { classifyLine, isSettledProse } from './lines.ts';

/** A stretch of lines that reads as code. Offsets are UTF-16, `end` without the last line break. */
export interface CodeBlock {
  readonly start: number;
  readonly end: number;
  readonly codeLines: number;
  readonly proseLines: number;
  /** Lines by language id. */
  readonly languages: ReadonlyMap<string, number>;
  /** Right after an opening code fence. */
  readonly fenced: boolean;
  /** The text ended while more lines could still belong to it. */
  readonly open: boolean;
}

interface Draft {
  start: number;
  end: number;
  codeLines: number;
  proseLines: number;
  pendingProse: number;
  blanks: number;
  languages: Map<string, number>;
  fenced: boolean;
}

/** Prose lines in a row, and blank lines in a row, that end a block. */
const PROSE_GAP = 2;
const BLANK_GAP = 4;

const finish = (draft: Draft, open: boolean): CodeBlock => ({
  start: draft.start,
  end: draft.end,
  codeLines: draft.codeLines,
  proseLines: draft.proseLines,
  languages: draft.languages,
  fenced: draft.fenced,
  open,
});

/** Adds a line to the draft; false when the block ended before it. */
function extend(draft: Draft, kind: ReturnType<typeof classifyLine>, end: number): boolean {
  if (kind.kind === 'code') {
    draft.codeLines++;
    draft.proseLines += draft.pendingProse;
    draft.pendingProse = 0;
    draft.blanks = 0;
    draft.end = end;
    const id = kind.language?.id;
    if (id !== undefined) draft.languages.set(id, (draft.languages.get(id) ?? 0) + 1);
    return true;
  }
  if (kind.kind === 'closing') {
    draft.end = end;
    draft.blanks = 0;
    return true;
  }
  if (kind.kind === 'blank') return ++draft.blanks < BLANK_GAP;
  if (kind.kind === 'prose') return ++draft.pendingProse < PROSE_GAP;
  if (kind.kind === 'comment') draft.blanks = 0;
  return kind.kind === 'comment';
}

/**
 * Splits a text into blocks of code by one walk over its lines. With `partial` the last line is taken only
 * when its line break is there, and the last block stays `open`.
 */
export function codeBlocks(text: string, partial: boolean): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let draft: Draft | null = null;
  let fence = false;
  let at = 0;
  while (at < text.length) {
    const lineBreak = text.indexOf('\n', at);
    if (lineBreak < 0 && partial) break;
    const end = lineBreak < 0 ? text.length : lineBreak;
    const line = classifyLine(text.slice(at, Math.min(end, at + 1000)));
    if (draft !== null && !extend(draft, line, end)) {
      blocks.push(finish(draft, false));
      draft = null;
    }
    if (draft === null && line.kind === 'code') {
      draft = {
        start: at,
        end,
        codeLines: 0,
        proseLines: 0,
        pendingProse: 0,
        blanks: 0,
        languages: new Map(),
        fenced: fence,
      };
      extend(draft, line, end);
    }
    if (line.kind === 'fence') fence = !fence;
    else if (line.kind !== 'blank' && draft === null) fence = false;
    at = end + 1;
  }
  if (draft !== null) blocks.push(finish(draft, true));
  return blocks;
}

/** Start of the last line when it could still turn out to be code, else the text's length. */
export function unfinishedLineFrom(text: string): number {
  const start = text.lastIndexOf('\n') + 1;
  return isSettledProse(text.slice(start, start + 400)) ? text.length : start;
}
