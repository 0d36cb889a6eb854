import { Buffer } from 'node:buffer';
import type { ByteSource } from '../types.ts';
import { OPCODES, unsigned } from './opcodes.ts';

const MOST_SHOWN = 60;

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

/** One line for each opcode at `offsets`: offset, name, argument. */
export async function disassemble(source: ByteSource, offsets: readonly number[]): Promise<string[]> {
  const lines: string[] = [];
  for (const offset of offsets) {
    const read = await source.read(offset, 512);
    const window = Buffer.from(read.buffer, read.byteOffset, read.length);
    const opcode = OPCODES[window[0] ?? 0];
    const place = offset.toString().padStart(8);
    if (opcode === undefined) lines.push(`${place}: 0x${(window[0] ?? 0).toString(16)}`);
    else lines.push(`${place}: ${opcode.name.padEnd(16)} ${argumentText(window, 0)}`.trimEnd());
  }
  return lines;
}
