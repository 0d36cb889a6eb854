/**
 * How the argument of an opcode lies in the stream. `fixed`: so many bytes. `line`, `lines`: one or two texts, each
 * ended by a newline. `sized`: a little-endian length of so many bytes, then the content.
 */
export type Argument =
  | { readonly form: 'fixed'; readonly bytes: number }
  | { readonly form: 'line' }
  | { readonly form: 'lines' }
  | { readonly form: 'sized'; readonly bytes: 1 | 4 | 8 };

export interface Opcode {
  readonly name: string;
  readonly argument: Argument;
}

const fixed = (bytes: number): Argument => ({ form: 'fixed', bytes });
const sized = (bytes: 1 | 4 | 8): Argument => ({ form: 'sized', bytes });
const LINE: Argument = { form: 'line' };
const LINES: Argument = { form: 'lines' };
const NO = fixed(0);

/** Code, name and argument of every opcode of protocols 0 to 5 (CPython, Lib/pickletools.py). */
const TABLE: readonly (readonly [number | string, string, Argument])[] = [
  ['(', 'MARK', NO],
  ['.', 'STOP', NO],
  ['0', 'POP', NO],
  ['1', 'POP_MARK', NO],
  ['2', 'DUP', NO],
  ['F', 'FLOAT', LINE],
  ['I', 'INT', LINE],
  ['J', 'BININT', fixed(4)],
  ['K', 'BININT1', fixed(1)],
  ['L', 'LONG', LINE],
  ['M', 'BININT2', fixed(2)],
  ['N', 'NONE', NO],
  ['P', 'PERSID', LINE],
  ['Q', 'BINPERSID', NO],
  ['R', 'REDUCE', NO],
  ['S', 'STRING', LINE],
  ['T', 'BINSTRING', sized(4)],
  ['U', 'SHORT_BINSTRING', sized(1)],
  ['V', 'UNICODE', LINE],
  ['X', 'BINUNICODE', sized(4)],
  ['a', 'APPEND', NO],
  ['b', 'BUILD', NO],
  ['c', 'GLOBAL', LINES],
  ['d', 'DICT', NO],
  ['}', 'EMPTY_DICT', NO],
  ['e', 'APPENDS', NO],
  ['g', 'GET', LINE],
  ['h', 'BINGET', fixed(1)],
  ['i', 'INST', LINES],
  ['j', 'LONG_BINGET', fixed(4)],
  ['l', 'LIST', NO],
  [']', 'EMPTY_LIST', NO],
  ['o', 'OBJ', NO],
  ['p', 'PUT', LINE],
  ['q', 'BINPUT', fixed(1)],
  ['r', 'LONG_BINPUT', fixed(4)],
  ['s', 'SETITEM', NO],
  ['t', 'TUPLE', NO],
  [')', 'EMPTY_TUPLE', NO],
  ['u', 'SETITEMS', NO],
  ['G', 'BINFLOAT', fixed(8)],
  ['B', 'BINBYTES', sized(4)],
  ['C', 'SHORT_BINBYTES', sized(1)],
  [0x80, 'PROTO', fixed(1)],
  [0x81, 'NEWOBJ', NO],
  [0x82, 'EXT1', fixed(1)],
  [0x83, 'EXT2', fixed(2)],
  [0x84, 'EXT4', fixed(4)],
  [0x85, 'TUPLE1', NO],
  [0x86, 'TUPLE2', NO],
  [0x87, 'TUPLE3', NO],
  [0x88, 'NEWTRUE', NO],
  [0x89, 'NEWFALSE', NO],
  [0x8a, 'LONG1', sized(1)],
  [0x8b, 'LONG4', sized(4)],
  [0x8c, 'SHORT_BINUNICODE', sized(1)],
  [0x8d, 'BINUNICODE8', sized(8)],
  [0x8e, 'BINBYTES8', sized(8)],
  [0x8f, 'EMPTY_SET', NO],
  [0x90, 'ADDITEMS', NO],
  [0x91, 'FROZENSET', NO],
  [0x92, 'NEWOBJ_EX', NO],
  [0x93, 'STACK_GLOBAL', NO],
  [0x94, 'MEMOIZE', NO],
  [0x95, 'FRAME', fixed(8)],
  [0x96, 'BYTEARRAY8', sized(8)],
  [0x97, 'NEXT_BUFFER', NO],
  [0x98, 'READONLY_BUFFER', NO],
];

const codeOf = (code: number | string): number => (typeof code === 'number' ? code : code.charCodeAt(0));

/** By code 0–255; undefined where there is no such opcode. */
export const OPCODES: readonly (Opcode | undefined)[] = Object.freeze(
  TABLE.reduce<(Opcode | undefined)[]>(
    (all, [code, name, argument]) => {
      all[codeOf(code)] = Object.freeze({ name, argument });
      return all;
    },
    Array.from({ length: 256 }),
  ),
);

/** Highest protocol that is defined. */
export const HIGHEST_PROTOCOL = 5;

/** Unsigned little-endian number of 1, 2, 4 or 8 bytes; exact up to 2^53. */
export function unsigned(buffer: Uint8Array, at: number, bytes: number): number {
  let value = 0;
  for (let index = bytes - 1; index >= 0; index -= 1) value = value * 256 + (buffer[at + index] ?? 0);
  return value;
}

/** Unsigned little-endian number of four bytes. */
export function longIndex(window: Uint8Array, at: number): number {
  return (
    ((window[at] as number) |
      ((window[at + 1] as number) << 8) |
      ((window[at + 2] as number) << 16) |
      ((window[at + 3] as number) << 24)) >>>
    0
  );
}
