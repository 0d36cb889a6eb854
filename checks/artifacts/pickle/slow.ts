import type { Buffer } from 'node:buffer';
import { contentOpcode } from './content.ts';
import { objectOpcode } from './objects.ts';
import { HIGHEST_PROTOCOL, OPCODES, unsigned } from './opcodes.ts';
import { Broken } from './stack.ts';
import type { Machine } from './state.ts';

const NEWLINE = 10;
/** Content that must be in the window before its opcode is worked on; the rest may be skipped. */
const HEAD_BYTES = 16_384;
const BUILD = 0x62;
const FRAME = 0x95;
/** More than joblib may put between BUILD and the array. */
const PADDING_BYTES = 512;
/** Longest pair of lines that GLOBAL and INST may have. */
const MOST_NAME_BYTES = 131_072;

/** Where the argument of an opcode lies in the window. */
export interface Extent {
  /** Index of the argument's content in the window. */
  readonly from: number;
  /** Bytes of content; those past the window are not there. */
  readonly length: number;
  /** Index after the argument, may lie behind the window. */
  readonly next: number;
  /** Length of the first line, for GLOBAL and INST. */
  readonly first: number;
}

type Missing = 'more' | 'line';

const newlineAfter = (window: Buffer, from: number): number => window.indexOf(NEWLINE, from);

function lineExtent(machine: Machine, window: Buffer, from: number): Extent | Missing {
  const known = machine.lineEnd >= 0 ? machine.lineEnd - machine.base : -1;
  const end = known >= from ? known : newlineAfter(window, from);
  if (end < 0) return 'line';
  return { from, length: end - from, next: end + 1, first: end - from };
}

function linesExtent(machine: Machine, window: Buffer, from: number): Extent | Missing {
  const first = newlineAfter(window, from);
  const second = first < 0 ? -1 : newlineAfter(window, first + 1);
  if (second < 0) {
    if (window.length - from <= MOST_NAME_BYTES) return 'more';
    machine.journal.note({
      what: 'unresolved',
      at: machine.at,
      severity: 'medium',
      capability: 'unknown',
      reason: 'imports a name that is longer than any honest one',
    });
    throw new Broken('a name is longer than any can be');
  }
  return { from, length: second - from, next: second + 1, first: first - from };
}

function extentOf(machine: Machine, window: Buffer, index: number): Extent | Missing {
  const opcode = OPCODES[window[index] as number];
  if (opcode === undefined) {
    throw new Broken(`0x${(window[index] as number).toString(16).padStart(2, '0')} is no opcode`);
  }
  const { argument } = opcode;
  const from = index + 1;
  switch (argument.form) {
    case 'fixed':
      if (from + argument.bytes > window.length) return 'more';
      return { from, length: argument.bytes, next: from + argument.bytes, first: 0 };
    case 'line':
      return lineExtent(machine, window, from);
    case 'lines':
      return linesExtent(machine, window, from);
    case 'sized': {
      const content = from + argument.bytes;
      if (content > window.length) return 'more';
      const length = unsigned(window, from, argument.bytes);
      if (machine.base + content + length > machine.size) {
        throw new Broken(`${opcode.name} of ${length} bytes goes past the end`);
      }
      if (content + Math.min(length, HEAD_BYTES) > window.length) return 'more';
      return { from: content, length, next: content + length, first: 0 };
    }
  }
}

const isLast = (machine: Machine, window: Buffer): boolean => machine.base + window.length >= machine.size;

/**
 * Works on the opcode at `machine.next`. False when the window has to move or the stream ended: `status` says which,
 * `next` where to go on.
 */
export function slowOpcode(machine: Machine, window: Buffer): boolean {
  const index = machine.next - machine.base;
  const extent = extentOf(machine, window, index);
  if (typeof extent === 'string') {
    if (isLast(machine, window)) throw new Broken('the stream ends in the middle of an opcode');
    machine.status = extent;
    return false;
  }
  machine.lineEnd = -1;
  const code = window[index] as number;
  if (code === BUILD && machine.joblib && window.length - index < PADDING_BYTES && !isLast(machine, window)) {
    machine.status = 'more';
    return false;
  }
  if (code === 0x80) {
    machine.protocol = window[extent.from] as number;
    // Python refuses it; loaders that pass over the number would run what follows.
    if (machine.protocol > HIGHEST_PROTOCOL) {
      machine.flaw ??= { at: machine.at, reason: `protocol ${machine.protocol} is unknown` };
    }
  } else if (code === FRAME) machine.frameEnd = machine.base + extent.next + unsigned(window, extent.from, 8);
  else if (!contentOpcode(machine, window, extent)) objectOpcode(machine, window, extent);
  machine.next = machine.base + extent.next + machine.inline;
  machine.inline = 0;
  if (machine.status === 'stopped') return false;
  return machine.next - machine.base < window.length;
}
