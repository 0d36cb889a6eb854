import { Buffer } from 'node:buffer';
import { isBytesPayload, isTextPayload } from './payload.ts';
import type { Extent } from './slow.ts';
import { Broken, pop, top } from './stack.ts';
import type { Machine } from './state.ts';
import { recalled } from './state.ts';
import { isPythonUtf8, rawUnicodeEscape, stringLiteral } from './texts.ts';
import type { Bytes, Text, Value } from './values.ts';
import { BUFFER, bytes, dict, FALSE, FLOAT, INTEGER, list, NONE, set, TRUE, text, tuple } from './values.ts';

/** Bytes of a text or bytes value that are kept while the stack is small, and when it is not. */
const KEPT_BYTES = 16_384;
const KEPT_BYTES_DEEP = 256;
const DEEP_STACK = 1_024;
const PROTOCOL_ZERO_BYTES = 65_536;

const view = (window: Buffer, from: number, length: number): Buffer =>
  window.subarray(from, from + Math.min(length, window.length - from));

const keptBytes = (machine: Machine): number =>
  machine.stack.values.length > DEEP_STACK ? KEPT_BYTES_DEEP : KEPT_BYTES;

/** The text of a short line, such as a number. */
function lineText(window: Buffer, extent: Extent): string {
  return view(window, extent.from, Math.min(extent.length, 4_096)).toString('latin1');
}

function noteText(machine: Machine, value: Text, extent: Extent): Text {
  if (isTextPayload(value.text, extent.length)) {
    const range = { offset: machine.base + extent.from, length: extent.length };
    machine.journal.payload({ at: machine.at, value, range, loaded: 'never' });
  }
  return value;
}

/** Text of any length; long ones are kept in part. */
function textValue(machine: Machine, window: Buffer, extent: Extent): Value {
  const { from, length } = extent;
  const most = keptBytes(machine);
  if (length <= Math.min(most, 255)) return machine.texts.utf8(window, from, length);
  const written = { offset: machine.base + from, length, form: 'utf8' } as const;
  const value = text(view(window, from, Math.min(length, most)).toString('utf8'), length <= most, written);
  if (length <= most && !isPythonUtf8(value.text, window, from, length)) {
    machine.flaw ??= { at: machine.at, reason: 'a text is not UTF-8' };
  }
  return noteText(machine, value, extent);
}

function bytesValue(machine: Machine, window: Buffer, extent: Extent): Bytes {
  const { from, length } = extent;
  const head = view(window, from, length);
  const kept = Uint8Array.prototype.slice.call(head, 0, Math.min(length, keptBytes(machine)));
  const value = bytes(kept, length, machine.base + from);
  if (isBytesPayload(head, length)) {
    const range = { offset: machine.base + from, length };
    machine.journal.payload({ at: machine.at, value, range, loaded: 'never' });
  }
  return value;
}

/** A Python 2 string: text for names, and bytes for what may lie in it. */
function stringValue(machine: Machine, content: string, extent: Extent): Value {
  const most = keptBytes(machine);
  const value = text(content.slice(0, most), content.length <= most && extent.length <= PROTOCOL_ZERO_BYTES);
  const raw = Buffer.from(value.text, 'latin1');
  if (isBytesPayload(raw, raw.length)) {
    const computed = bytes(raw);
    machine.journal.payload({ at: machine.at, value: computed, range: undefined, loaded: 'never' });
  }
  return noteText(machine, value, extent);
}

function lineString(machine: Machine, window: Buffer, extent: Extent): Value {
  const line = view(window, extent.from, Math.min(extent.length, PROTOCOL_ZERO_BYTES)).toString('latin1');
  const content = stringLiteral(extent.length > PROTOCOL_ZERO_BYTES ? `${line}${line.trim()[0]}` : line);
  if (content === undefined) throw new Broken('a string has no quotes');
  return stringValue(machine, content, extent);
}

function lineUnicode(machine: Machine, window: Buffer, extent: Extent): Value {
  const line = view(window, extent.from, Math.min(extent.length, PROTOCOL_ZERO_BYTES)).toString('latin1');
  const content = rawUnicodeEscape(line);
  const most = keptBytes(machine);
  const whole = content.length <= most && extent.length <= PROTOCOL_ZERO_BYTES;
  const written = { offset: machine.base + extent.from, length: extent.length, form: 'escaped' } as const;
  return noteText(machine, text(content.slice(0, most), whole, written), extent);
}

/** Loaders differ in what they take for a number: none takes other characters than these. */
const NUMERIC = /^[\sA-Za-z0-9_+.-]*$/;

function lineInteger(window: Buffer, extent: Extent): Value {
  const line = lineText(window, extent);
  if (line === '00') return FALSE;
  if (line === '01') return TRUE;
  if (!NUMERIC.test(line)) throw new Broken('a number is not one');
  const digits = line.trim().replace(/L$/, '');
  const value = /^[-+]?[0-9]{1,16}$/.test(digits) ? Number(digits) : Number.NaN;
  return Number.isSafeInteger(value) ? value : INTEGER;
}

function lineFloat(window: Buffer, extent: Extent): Value {
  if (!NUMERIC.test(lineText(window, extent))) throw new Broken('a number is not one');
  return FLOAT;
}

function lineIndex(window: Buffer, extent: Extent): number {
  const digits = lineText(window, extent).trim();
  const index = /^[-+]?[0-9_]{1,4096}$/.test(digits) ? Number(digits.replaceAll('_', '')) : Number.NaN;
  if (!Number.isSafeInteger(index) || index < 0) throw new Broken('a memo index is not one');
  return Math.abs(index);
}

function number(window: Buffer, extent: Extent): Value {
  if (extent.length > 4) return INTEGER;
  const shift = 32 - 8 * extent.length;
  let value = 0;
  for (let index = extent.length - 1; index >= 0; index -= 1) {
    value = (value << 8) | (window[extent.from + index] as number);
  }
  return extent.length === 0 ? 0 : (value << shift) >> shift;
}

function fixedNumber(window: Buffer, extent: Extent): number {
  let value = 0;
  for (let index = extent.length - 1; index >= 0; index -= 1) {
    value = (value << 8) | (window[extent.from + index] as number);
  }
  return value;
}

/** The value that an opcode of content pushes; undefined when it is none of them. */
function contentValue(machine: Machine, window: Buffer, extent: Extent): Value | undefined {
  switch (OPCODE(machine, window)) {
    case 'J':
    case 'K':
    case 'M':
      return fixedNumber(window, extent);
    case 'I':
    case 'L':
      return lineInteger(window, extent);
    case 'F':
      return lineFloat(window, extent);
    case 'G':
      return FLOAT;
    case '\x8a':
    case '\x8b':
      return number(window, extent);
    case 'S':
      return lineString(machine, window, extent);
    case 'V':
      return lineUnicode(machine, window, extent);
    case 'T':
    case 'U':
      return stringValue(
        machine,
        view(window, extent.from, Math.min(extent.length, PROTOCOL_ZERO_BYTES)).toString('latin1'),
        extent,
      );
    case 'X':
    case '\x8c':
    case '\x8d':
      return textValue(machine, window, extent);
    case 'B':
    case 'C':
    case '\x8e':
    case '\x96':
      return bytesValue(machine, window, extent);
    case '\x97':
      return BUFFER;
    case 'N':
      return NONE;
    case '\x88':
      return TRUE;
    case '\x89':
      return FALSE;
    case ']':
      return list();
    case '}':
      return dict();
    case '\x8f':
      return set();
    case ')':
      return tuple([]);
    case 'g':
      return recalled(machine.memo, lineIndex(window, extent));
    case 'h':
    case 'j':
      return recalled(machine.memo, fixedNumber(window, extent) >>> 0);
    default:
      return undefined;
  }
}

const OPCODE = (machine: Machine, window: Buffer): string =>
  String.fromCharCode(window[machine.next - machine.base] as number);

/** Opcodes that push content or use the memo. False when the opcode is another one. */
export function contentOpcode(machine: Machine, window: Buffer, extent: Extent): boolean {
  const { stack, memo } = machine;
  const value = contentValue(machine, window, extent);
  if (value !== undefined) {
    stack.values.push(value);
    return true;
  }
  switch (OPCODE(machine, window)) {
    case 'p':
      memo.put(lineIndex(window, extent), top(stack));
      return true;
    case 'q':
    case 'r':
      memo.put(fixedNumber(window, extent) >>> 0, top(stack));
      return true;
    case '\x94':
      memo.memoize(top(stack));
      return true;
    case '\x85':
      stack.values.push(tuple([pop(stack)]));
      return true;
    case '\x86':
    case '\x87': {
      const items = [pop(stack), pop(stack)];
      if (OPCODE(machine, window) === '\x87') items.push(pop(stack));
      stack.values.push(tuple(items.toReversed()));
      return true;
    }
    default:
      return false;
  }
}
