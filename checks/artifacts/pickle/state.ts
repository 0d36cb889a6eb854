import type { Journal } from './journal.ts';
import type { Memo } from './memo.ts';
import type { Stack } from './stack.ts';
import { Broken } from './stack.ts';
import type { TextReader } from './texts.ts';
import type { Value } from './values.ts';
import { MISSING } from './values.ts';

/** How far the machine came with the bytes it was given. */
export type Status =
  /** It needs bytes from `next` on; more than it was given where `next` is where it began. */
  | 'more'
  /** A text line is longer than the window; `next` is where the opcode is. */
  | 'line'
  | 'stopped'
  /** A loader would fail here; `reason` says why. */
  | 'broken';

export interface Flaw {
  readonly at: number;
  readonly reason: string;
}

export interface Machine {
  stack: Stack;
  memo: Memo;
  readonly texts: TextReader;
  readonly journal: Journal;
  /** Offsets of the last opcodes; `opcodes & 15` is the oldest. */
  readonly trail: Float64Array;
  opcodes: number;
  status: Status;
  reason: string;
  /** Offset of the first byte not yet worked on; may lie behind the window when content was skipped. */
  next: number;
  /** Offset of the window's first byte. */
  base: number;
  /** Offset of the newline that ends the line at `next`, when the line is longer than the window. */
  lineEnd: number;
  /** Offset of the opcode that is being worked on. */
  at: number;
  /** Bytes in the whole stream. */
  readonly size: number;
  /** Entries that a memo keeps. */
  readonly memoLimit: number;
  protocol: number;
  /** Offset where the last FRAME ends; 0 where there was none. */
  frameEnd: number;
  /** The first thing that Python's own loader refuses and others may read over; reading goes on behind it. */
  flaw: Flaw | undefined;
  /** Read arrays inline as joblib does. */
  readonly joblib: boolean;
  /** Offset where joblib and other loaders part ways; -1 when they don't. */
  parts: number;
  /** Items beyond `MOST_KEPT` that tuples have kept so far. */
  wide: number;
  /** Bytes to skip after the opcode at hand (array data in the stream). */
  inline: number;
  /** Outer pickles that wait for one inside them to end (arrays of objects). */
  readonly outer: { readonly stack: Stack; readonly memo: Memo }[];
}

/** Items of one tuple, list or call that are kept. */
export const MOST_KEPT = 32;

/** A tuple of names may have more than others, as long as all of them together have no more than that. */
const MOST_NAMES = 4_096;
const MOST_WIDE = 1_048_576;

/** Items that a tuple keeps which begins at the last mark: those of code, texts or a constant first, keep more. */
export function keptOfTuple(machine: Machine): number {
  const { stack } = machine;
  const from = (stack.marks.at(-1) ?? 0) - stack.forgotten;
  const size = stack.values.length - from;
  if (from < 0 || size <= MOST_KEPT || size > MOST_NAMES || machine.wide + size > MOST_WIDE) return MOST_KEPT;
  const first = stack.values[from];
  if (typeof first !== 'object' || (first.kind !== 'text' && first.kind !== 'plain')) return MOST_KEPT;
  machine.wide += size;
  return size;
}

/** @throws Broken where the memo has no such entry. */
export function recalled(memo: Memo, index: number): Value {
  const value = memo.get(index);
  if (value === MISSING) throw new Broken(`the memo has no entry ${index}`);
  return value;
}
