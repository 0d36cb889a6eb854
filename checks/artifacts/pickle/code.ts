import { Buffer } from 'node:buffer';
import { canonicalModule } from '../policy/aliases.ts';
import type { CodeContent } from '../policy/carried-code.ts';
import { isBytesPayload, isTextPayload } from './payload.ts';
import type { Bytes, Value } from './values.ts';
import { isImport, isText, itemsOf } from './values.ts';

/** A code object as its arguments tell it. */
export interface CarriedCode extends CodeContent {
  readonly name: string;
  /** Constants that hide something: what they are. */
  readonly hidden: readonly string[];
}

/** Arguments that `CodeType` has between Python 3.6 and 3.14, with room for what dill puts before them. */
const LEAST_ARGUMENTS = 13;
const MOST_ARGUMENTS = 24;
const MOST_TEXTS = 4_096;

/** Arguments of `CodeType` in Python 3.8 to 3.10, and from 3.11 on. */
const OLD_ARGUMENTS = 16;
const NEW_ARGUMENTS = 18;

/**
 * Opcodes that may look up a name as a global (Lib/opcode.py and Include/opcode_ids.h of each version): LOAD_NAME 101,
 * IMPORT_FROM 109, LOAD_GLOBAL 116 and LOAD_FROM_DICT_OR_GLOBALS 175 until 3.12; 72 to 74 and 90 to 94 from 3.13 on.
 * Which Python will run the code is not known, so those of all count.
 */
const isLookup = (opcode: number): boolean =>
  opcode === 101 ||
  opcode === 109 ||
  opcode === 116 ||
  opcode === 175 ||
  (opcode >= 72 && opcode <= 74) ||
  (opcode >= 90 && opcode <= 94);

/** LOAD_GLOBAL of 3.11 to 3.14: its argument is twice the index, and one more where a call follows. */
const isDoubled = (opcode: number): boolean => opcode === 116 || (opcode >= 91 && opcode <= 93);

/**
 * True where some instruction may look up the name at `index`: the low byte of its argument is enough, prefixes hold
 * the rest. `count` is that of the arguments of `CodeType`, which no other Python takes.
 */
function looksUp(code: Uint8Array, index: number, count: number): boolean {
  for (let at = 0; at + 1 < code.length; at += 2) {
    const [opcode, argument] = [code[at] as number, code[at + 1] as number];
    if (!isLookup(opcode)) continue;
    if (count !== OLD_ARGUMENTS && isDoubled(opcode) && argument >> 1 === (index & 127)) return true;
    const isPlain = count !== NEW_ARGUMENTS || opcode !== 116;
    if (isPlain && argument === (index & 255)) return true;
  }
  return false;
}

const isWhole = (value: Value | undefined): boolean =>
  typeof value === 'object' && value.kind === 'tuple' && itemsOf(value).length === value.size;

/** The texts of a tuple of nothing but whole texts; undefined for anything else. */
function textsOf(value: Value | undefined): readonly string[] | undefined {
  if (!isWhole(value)) return undefined;
  const texts: string[] = [];
  for (const item of itemsOf(value)) {
    if (!isText(item) || !item.whole) return undefined;
    texts.push(item.text);
  }
  return texts;
}

interface Constants {
  readonly texts: string[];
  readonly hidden: string[];
}

/** Constants that are made by calls: `frozenset([…])`, `complex(1, 2)`, `slice(1, 2)`. */
const MADE_CONSTANTS: ReadonlySet<string> = new Set(['frozenset', 'complex', 'slice']);

/** Takes the constants over; false where one is of a kind that no compiler writes, or is not known. */
function takeConstant(value: Value, into: Constants): boolean {
  if (typeof value === 'number') return true;
  if (into.texts.length > MOST_TEXTS) return false;
  switch (value.kind) {
    case 'plain':
      return true;
    case 'text':
      into.texts.push(value.text);
      if (isTextPayload(value.text, value.text.length)) into.hidden.push('an encoded payload');
      return true;
    case 'bytes': {
      const head = Buffer.from(value.head);
      if (isBytesPayload(head, value.size)) into.hidden.push('a payload in bytes');
      into.texts.push(head.toString('latin1'));
      return true;
    }
    case 'made':
      return value.what === 'code';
    case 'import':
      return value.module === 'builtins' && value.name === 'Ellipsis';
    case 'tuple':
      return isWhole(value) && itemsOf(value).every((item) => takeConstant(item, into));
    case 'list':
      return itemsOf(value).length === value.size && itemsOf(value).every((item) => takeConstant(item, into));
    case 'instance': {
      const { callee, args } = value;
      if (!isImport(callee) || canonicalModule(callee.module) !== 'builtins') return false;
      return MADE_CONSTANTS.has(callee.name) && takeConstant(args, into);
    }
    default:
      return false;
  }
}

const isKnown = (value: Value): value is Bytes =>
  typeof value === 'object' && value.kind === 'bytes' && value.head.length === value.size;

/** `bytes()`, as protocols before 3 write no bytes. */
const isNoBytes = (value: Value): boolean =>
  typeof value === 'object' &&
  value.kind === 'instance' &&
  isImport(value.callee) &&
  canonicalModule(value.callee.module) === 'builtins' &&
  value.callee.name === 'bytes' &&
  typeof value.args === 'object' &&
  value.args.kind === 'tuple' &&
  value.args.size === 0;

const isPlainArgument = (value: Value): boolean =>
  typeof value === 'number' ||
  value.kind === 'plain' ||
  value.kind === 'text' ||
  value.kind === 'bytes' ||
  isNoBytes(value);

/**
 * Reads the arguments of `CodeType`: byte code, then constants, names and names of variables stand in this order in
 * every Python; what is around them differs. Undefined where any of them is not known or not what a compiler writes.
 */
export function readCode(args: Value): CarriedCode | undefined {
  if (!isWhole(args)) return undefined;
  const items = itemsOf(args);
  if (items.length < LEAST_ARGUMENTS || items.length > MOST_ARGUMENTS) return undefined;
  const at = items.findIndex((item, index) => index > 0 && typeof item === 'object' && item.kind === 'bytes');
  const code = items[at];
  const [names, locals] = [textsOf(items[at + 2]), textsOf(items[at + 3])];
  if (code === undefined || !isKnown(code) || names === undefined) return undefined;
  const constants: Constants = { texts: [], hidden: [] };
  const given = items[at + 1] as Value;
  if (!isWhole(given) || !itemsOf(given).every((item) => takeConstant(item, constants))) return undefined;
  const others = [...items.slice(0, at), ...items.slice(at + 4)];
  const cells: string[] = [...(locals ?? [])];
  if (locals === undefined && !isPlainArgument(items[at + 3] as Value)) return undefined;
  for (const other of others) {
    if (isPlainArgument(other)) continue;
    const texts = textsOf(other);
    if (texts === undefined) return undefined;
    cells.push(...texts);
  }
  const [, name] = others.filter(isText);
  return {
    name: name?.text ?? '?',
    names,
    locals: cells,
    texts: constants.texts,
    hidden: constants.hidden,
    isGlobal: (index) => looksUp(code.head, index, items.length),
  };
}
