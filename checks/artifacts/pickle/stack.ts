import type { Value } from './values.ts';
import { FORGOTTEN } from './values.ts';

/** The loader would stop here with an error. */
export class Broken extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'Broken';
  }
}

/**
 * The stack of a pickle machine. Its lower part is forgotten when it grows too large (`shed`), so heights count from
 * the real bottom and what comes up from there is unknown. `values` is open for the fast paths of the machine.
 */
export interface Stack {
  values: Value[];
  /** Heights at which marks were set, in rising order. */
  marks: number[];
  /** Values below `values[0]` that were forgotten. */
  forgotten: number;
}

export const createStack = (): Stack => ({ values: [], marks: [], forgotten: 0 });

export const height = (stack: Stack): number => stack.forgotten + stack.values.length;

/** The lowest height that may be popped to: the last mark. */
const fence = (stack: Stack): number => stack.marks.at(-1) ?? 0;

/** @throws Broken where a loader would find the stack empty. */
export function pop(stack: Stack): Value {
  if (height(stack) <= fence(stack)) throw new Broken('the stack is empty');
  const value = stack.values.pop();
  if (value !== undefined) return value;
  stack.forgotten -= 1;
  return FORGOTTEN;
}

export function top(stack: Stack): Value {
  const value = stack.values.at(-1);
  if (value !== undefined) return value;
  if (stack.forgotten === 0) throw new Broken('the stack is empty');
  return FORGOTTEN;
}

/** What was pushed since the last mark; `size` counts also what was forgotten. */
export interface Marked {
  readonly items: Value[];
  readonly size: number;
}

/** Takes off everything down to the last mark, keeping the first `most` values. */
export function popMark(stack: Stack, most: number): Marked {
  const mark = stack.marks.pop();
  if (mark === undefined) throw new Broken('there is no mark');
  const size = height(stack) - mark;
  if (size < 0) throw new Broken('the stack is lower than its mark');
  const from = mark - stack.forgotten;
  if (from < 0) {
    stack.values = [];
    stack.forgotten = mark;
    return { items: Array.from({ length: Math.min(size, most) }, () => FORGOTTEN), size };
  }
  const items = stack.values.slice(from, Math.min(from + most, stack.values.length));
  stack.values.length = from;
  return { items, size };
}

/** POP: a mark on top goes instead of a value. */
export function drop(stack: Stack): void {
  if (stack.marks.length > 0 && stack.marks.at(-1) === height(stack)) stack.marks.pop();
  else pop(stack);
}

/** Forgets all but `limit / 2` values when there are more than `limit`. */
export function shed(stack: Stack, limit: number): void {
  if (stack.values.length > limit) {
    const gone = stack.values.length - Math.floor(limit / 2);
    stack.values = stack.values.slice(gone);
    stack.forgotten += gone;
  }
}
