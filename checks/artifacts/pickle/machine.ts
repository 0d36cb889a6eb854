import type { Buffer } from 'node:buffer';
import { appendAll, setItems } from './calls.ts';
import { longIndex } from './opcodes.ts';
import { slowOpcode } from './slow.ts';
import { Broken, drop, height, pop, popMark, top } from './stack.ts';
import type { Machine } from './state.ts';
import { keptOfTuple, MOST_KEPT, recalled } from './state.ts';
import { dict, EMPTY_TUPLE, FALSE, FLOAT, list, NONE, set, TRUE, tuple } from './values.ts';

/** Runs over `window`, which lies at `machine.base`, from `machine.next` on; sets `status`, `next`, `reason`. */
export function runWindow(machine: Machine, window: Buffer): void {
  try {
    machine.status = 'more';
    step(machine, window);
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
    machine.status = 'broken';
    machine.reason = error.message;
    machine.next = machine.at;
  }
}

/** The opcodes that large pickles are made of; all others, and any that is cut off, go to `slowOpcode`. */
function step(machine: Machine, window: Buffer): void {
  const { texts, trail, base } = machine;
  let { stack, memo } = machine;
  /** Below this every argument of fixed size is whole. */
  const safe = window.length - 9;
  let at = machine.next - base;
  let opcodes = machine.opcodes;
  while (at < safe) {
    machine.at = base + at;
    trail[opcodes & 15] = base + at;
    opcodes += 1;
    const values = stack.values;
    switch (window[at]) {
      case 0x4b: // BININT1
        values.push(window[at + 1] as number);
        at += 2;
        continue;
      case 0x4d: // BININT2
        values.push((window[at + 1] as number) | ((window[at + 2] as number) << 8));
        at += 3;
        continue;
      case 0x4a: // BININT
        values.push(
          (window[at + 1] as number) |
            ((window[at + 2] as number) << 8) |
            ((window[at + 3] as number) << 16) |
            ((window[at + 4] as number) << 24),
        );
        at += 5;
        continue;
      case 0x47: // BINFLOAT
        values.push(FLOAT);
        at += 9;
        continue;
      case 0x4e: // NONE
        values.push(NONE);
        at += 1;
        continue;
      case 0x88: // NEWTRUE
        values.push(TRUE);
        at += 1;
        continue;
      case 0x89: // NEWFALSE
        values.push(FALSE);
        at += 1;
        continue;
      case 0x28: // MARK
        stack.marks.push(height(stack));
        at += 1;
        continue;
      case 0x5d: // EMPTY_LIST
        values.push(list());
        at += 1;
        continue;
      case 0x7d: // EMPTY_DICT
        values.push(dict());
        at += 1;
        continue;
      case 0x8f: // EMPTY_SET
        values.push(set());
        at += 1;
        continue;
      case 0x29: // EMPTY_TUPLE
        values.push(EMPTY_TUPLE);
        at += 1;
        continue;
      case 0x94: // MEMOIZE
        memo.memoize(top(stack));
        at += 1;
        continue;
      case 0x71: // BINPUT
        memo.put(window[at + 1] as number, top(stack));
        at += 2;
        continue;
      case 0x72: // LONG_BINPUT
        memo.put(longIndex(window, at + 1), top(stack));
        at += 5;
        continue;
      case 0x68: // BINGET
        values.push(recalled(memo, window[at + 1] as number));
        at += 2;
        continue;
      case 0x6a: // LONG_BINGET
        values.push(recalled(memo, longIndex(window, at + 1)));
        at += 5;
        continue;
      case 0x8c: {
        // SHORT_BINUNICODE
        const length = window[at + 1] as number;
        if (at + 2 + length > window.length) break;
        values.push(texts.utf8(window, at + 2, length));
        at += 2 + length;
        continue;
      }
      case 0x58: {
        // BINUNICODE, short ones
        const length = longIndex(window, at + 1);
        if (length > 255 || at + 5 + length > window.length) break;
        values.push(texts.utf8(window, at + 5, length));
        at += 5 + length;
        continue;
      }
      case 0x70: {
        // PUT, plain ones
        const end = digitsEnd(window, at + 1);
        if (end < 0) break;
        memo.put(decimal(window, at + 1, end), top(stack));
        at = end + 1;
        continue;
      }
      case 0x67: {
        // GET, plain ones
        const end = digitsEnd(window, at + 1);
        if (end < 0) break;
        values.push(recalled(memo, decimal(window, at + 1, end)));
        at = end + 1;
        continue;
      }
      case 0x49: {
        // INT, plain ones; those that begin with 0 may be truth values
        const end = window[at + 1] === 0x30 ? -1 : digitsEnd(window, at + 1);
        if (end < 0) break;
        values.push(decimal(window, at + 1, end));
        at = end + 1;
        continue;
      }
      case 0x85: // TUPLE1
        values.push(tuple([pop(stack)]));
        at += 1;
        continue;
      case 0x86: {
        // TUPLE2
        const second = pop(stack);
        values.push(tuple([pop(stack), second]));
        at += 1;
        continue;
      }
      case 0x87: {
        // TUPLE3
        const third = pop(stack);
        const second = pop(stack);
        values.push(tuple([pop(stack), second, third]));
        at += 1;
        continue;
      }
      case 0x74: {
        // TUPLE
        const { items, size } = popMark(stack, keptOfTuple(machine));
        stack.values.push(tuple(items, size));
        at += 1;
        continue;
      }
      case 0x61: {
        // APPEND
        const item = pop(stack);
        appendAll(machine, top(stack), [item], 1);
        at += 1;
        continue;
      }
      case 0x65: {
        // APPENDS
        const { items, size } = popMark(stack, MOST_KEPT);
        appendAll(machine, top(stack), items, size);
        at += 1;
        continue;
      }
      case 0x73: {
        // SETITEM
        const item = pop(stack);
        const key = pop(stack);
        setItems(machine, top(stack), [key, item], 2);
        at += 1;
        continue;
      }
      case 0x75: {
        // SETITEMS
        const { items, size } = popMark(stack, 4 * MOST_KEPT);
        setItems(machine, top(stack), items, size);
        at += 1;
        continue;
      }
      case 0x30: // POP
        drop(stack);
        at += 1;
        continue;
      default:
    }
    machine.opcodes = opcodes;
    machine.next = base + at;
    if (!slowOpcode(machine, window)) return;
    at = machine.next - base;
    stack = machine.stack;
    memo = machine.memo;
  }
  machine.opcodes = opcodes;
  machine.next = base + at;
  while (machine.next - base < window.length) {
    machine.at = machine.next;
    trail[machine.opcodes & 15] = machine.at;
    machine.opcodes += 1;
    if (!slowOpcode(machine, window)) return;
  }
}

/** Index of the newline behind one to nine digits at `from`; -1 where anything else is there. */
function digitsEnd(window: Buffer, from: number): number {
  for (let at = from; at < from + 10; at += 1) {
    const byte = window[at];
    if (byte === 0x0a) return at > from ? at : -1;
    if (byte === undefined || byte < 0x30 || byte > 0x39) return -1;
  }
  return -1;
}

function decimal(window: Buffer, from: number, end: number): number {
  let value = 0;
  for (let at = from; at < end; at += 1) value = value * 10 + (window[at] as number) - 0x30;
  return value;
}
