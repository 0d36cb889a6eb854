import { Buffer } from 'node:buffer';
import type { ByteSource } from '../types.ts';
import { OPCODES, unsigned } from './opcodes.ts';

const MOST_SHOWN = 60;
const MOST_NOTE = 120;
/** Opcodes that are shown behind the one that a finding is about. */
const BEHIND = 3;

/** Bytes as they can be printed: others as `\xNN`. */
function shown(content: Buffer): string {
  let text = '';
  for (const byte of content.subarray(0, MOST_SHOWN)) {
    text += byte >= 32 && byte < 127 ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;
  }
  return content.length > MOST_SHOWN ? `${text}…` : text;
}

function argumentText(window: Buffer, at: number): string {
  const argument = OPCODES[window[at] as number]?.argument;
  if (argument === undefined) return '';
  switch (argument.form) {
    case 'fixed':
      if (argument.bytes === 0) return '';
      return argument.bytes === 8 ? '' : String(unsigned(window, at + 1, argument.bytes));
    case 'sized': {
      const length = unsigned(window, at + 1, argument.bytes);
      const from = at + 1 + argument.bytes;
      return `${length} "${shown(window.subarray(from, from + Math.min(length, 2 * MOST_SHOWN)))}"`;
    }
    default: {
      const first = window.indexOf(10, at + 1);
      const last = argument.form === 'lines' && first >= 0 ? window.indexOf(10, first + 1) : first;
      return shown(window.subarray(at + 1, last < 0 ? window.length : last)).replace('\\x0a', ' ');
    }
  }
}

/** Bytes of the opcode at the start of `window`, its argument included; -1 where that cannot be told from it. */
function lengthOf(window: Buffer): number {
  const argument = OPCODES[window[0] ?? 0]?.argument;
  switch (argument?.form) {
    case 'fixed':
      return 1 + argument.bytes;
    case 'sized':
      return window.length > argument.bytes ? 1 + argument.bytes + unsigned(window, 1, argument.bytes) : -1;
    case 'line':
      return window.indexOf(10) + 1 || -1;
    case 'lines': {
      const first = window.indexOf(10);
      return first < 0 ? -1 : window.indexOf(10, first + 1) + 1 || -1;
    }
    default:
      return -1;
  }
}

/** What an opcode does to the stack, where its name does not say it. */
const EFFECTS: ReadonlyMap<string, string> = new Map([
  ['MARK', 'marks the stack'],
  ['POP', 'drops the top'],
  ['POP_MARK', 'drops all down to the mark'],
  ['DUP', 'pushes the top once more'],
  ['TUPLE', 'all down to the mark becomes a tuple'],
  ['TUPLE1', 'the top becomes a tuple of one'],
  ['TUPLE2', 'the top two become a tuple'],
  ['TUPLE3', 'the top three become a tuple'],
  ['GLOBAL', 'pushes what it imports'],
  ['STACK_GLOBAL', 'imports by the two texts on top'],
  ['INST', 'imports, then calls with all down to the mark'],
  ['OBJ', 'calls the first behind the mark with the rest'],
  ['NEWOBJ', 'makes an object of the class below the tuple'],
  ['NEWOBJ_EX', 'makes an object of the class below the arguments'],
  ['REDUCE', 'calls what lies below the tuple'],
  ['BUILD', 'gives the top to the object below it as its state'],
  ['APPEND', 'appends the top to the list below'],
  ['APPENDS', 'appends all down to the mark'],
  ['SETITEM', 'sets one item of the dict below'],
  ['SETITEMS', 'sets items of the dict below the mark'],
  ['MEMOIZE', 'remembers the top'],
  ['PUT', 'remembers the top'],
  ['BINPUT', 'remembers the top'],
  ['LONG_BINPUT', 'remembers the top'],
  ['GET', 'pushes what was remembered'],
  ['BINGET', 'pushes what was remembered'],
  ['LONG_BINGET', 'pushes what was remembered'],
  ['BINPERSID', 'asks the loading program for an object'],
  ['PERSID', 'asks the loading program for an object'],
  ['EXT1', 'imports by a registered number'],
  ['EXT2', 'imports by a registered number'],
  ['EXT4', 'imports by a registered number'],
  ['STOP', 'ends'],
]);

export interface Listing {
  /** Offset of the opcode that the finding is about. */
  readonly marked: number;
  /** What it does here, in place of the general note. */
  readonly note?: string | undefined;
}

async function windowAt(source: ByteSource, offset: number): Promise<Buffer> {
  const read = await source.read(offset, 512);
  return Buffer.from(read.buffer, read.byteOffset, read.length);
}

/** The offsets of the opcodes that follow the one at `offset`, as far as they lie near. */
async function following(source: ByteSource, offset: number): Promise<number[]> {
  const offsets: number[] = [];
  let at = offset;
  while (offsets.length < BEHIND) {
    const window = await windowAt(source, at);
    const length = lengthOf(window);
    if (length < 0 || OPCODES[window[0] ?? 0]?.name === 'STOP') return offsets;
    at += length;
    if (at >= source.size || OPCODES[(await windowAt(source, at))[0] ?? 0] === undefined) return offsets;
    offsets.push(at);
  }
  return offsets;
}

function line(window: Buffer, offset: number, { marked, note }: Listing): string {
  const opcode = OPCODES[window[0] ?? 0];
  const place = `${offset === marked ? '>' : ' '} ${offset.toString().padStart(8)}: `;
  if (opcode === undefined) return `${place}0x${(window[0] ?? 0).toString(16).padStart(2, '0')}  ; no opcode`;
  const said = offset === marked ? (note ?? EFFECTS.get(opcode.name)) : EFFECTS.get(opcode.name);
  const text = `${opcode.name.padEnd(16)} ${argumentText(window, 0)}`.trimEnd();
  if (said === undefined) return `${place}${text}`;
  const short = said.length > MOST_NOTE ? `${said.slice(0, MOST_NOTE)}…` : said;
  return `${place}${text.padEnd(40)} ; ${short}`;
}

/**
 * One line for each opcode at `offsets` and a few behind them: a `>` at the one that the finding is about, its
 * offset, name and argument, and after a semicolon what it does.
 */
export async function disassemble(
  source: ByteSource,
  offsets: readonly number[],
  listing: Listing = { marked: offsets.at(-1) ?? 0 },
): Promise<string[]> {
  const lines: string[] = [];
  const all = [...offsets, ...(await following(source, offsets.at(-1) ?? 0))];
  for (const offset of all) lines.push(line(await windowAt(source, offset), offset, listing));
  return lines;
}
