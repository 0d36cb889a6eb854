import { Buffer } from 'node:buffer';
import { gradeImport } from '../policy/grade.ts';
import type { ArtifactFinding, ByteSource } from '../types.ts';
import { isAtLeast } from '../verdict.ts';
import { PICKLE_CHECK } from './findings.ts';
import { unsigned } from './opcodes.ts';

/** How picklers begin without PROTO: an empty container that goes into the memo, or an import. */
const BEGINNING =
  /^(?:(?:[\]})]|\([dlt])(?:q[\x00-\x1f]|r[\s\S]{2}\x00\x00|p\d{1,9}\n|\x94)|(?:c|\(i)[A-Za-z_][\w.]{0,100}\n[A-Za-z_][\w.]{0,100}\n(?:q[\x00-\x1f]|p\d{1,9}\n|\x94|\)[R\x81]|\((?:tR|S['"]|I\d|[dl]p\d|\x8c|X[\s\S]{2}\x00)))/;
const MOST_BEGINNING = 256;
/** PROTO alone: what breaks off right behind it has no other opcode. */
const PROTO_BYTES = 2;

/**
 * Whether a file without the mark of a known protocol begins as picklers begin, so that what breaks off later is a
 * broken pickle and not something else.
 *
 * @param end - offset of the opcode where it breaks off.
 */
export function beginsAsPickle(head: Uint8Array, end: number): boolean {
  if (head[0] === 0x80) return end > PROTO_BYTES;
  return BEGINNING.test(Buffer.from(head.subarray(0, MOST_BEGINNING)).toString('latin1'));
}

const SEARCHED = 1_048_576;
const MOST_NAME = 200;
/** Bytes between two names that belong together, and between a name and the import that takes it. */
const NEAR = 16;
const NEXT = 6;
const STACK_GLOBAL = 0x93;
const NAME = /^[A-Za-z_][\w.]*$/;
const LINES = /[ci]([A-Za-z_][\w.]{0,100})\n([A-Za-z_][\w.]{0,100})\n/g;
/** Functions that tell an attack even where their module cannot be read. */
const TELLING: ReadonlySet<string> = new Set(
  '__import__ eval exec execfile compile system popen Popen check_output check_call spawn getattr'.split(' '),
);

interface Named {
  readonly at: number;
  readonly end: number;
  readonly name: string;
}

const isDangerous = (module: string, name: string): boolean =>
  isAtLeast(gradeImport(module, name).severity, 'high');

/** The name that an opcode with a text at `at` holds. */
function nameAt(bytes: Buffer, at: number): Named | undefined {
  const code = bytes[at];
  const width = code === 0x8c || code === 0x55 ? 1 : code === 0x58 || code === 0x54 ? 4 : 0;
  if (width === 0) return undefined;
  const length = unsigned(bytes, at + 1, width);
  const [from, end] = [at + 1 + width, at + 1 + width + length];
  if (length === 0 || length > MOST_NAME || end > bytes.length) return undefined;
  const name = bytes.toString('latin1', from, end);
  return NAME.test(name) ? { at, end, name } : undefined;
}

function dangerousName(bytes: Buffer): { readonly at: number; readonly name: string } | undefined {
  let before: Named | undefined;
  for (let at = 0; at < bytes.length; at += 1) {
    const found = nameAt(bytes, at);
    if (found === undefined) continue;
    if (before !== undefined && at - before.end <= NEAR && isDangerous(before.name, found.name)) {
      return { at: before.at, name: `${before.name}.${found.name}` };
    }
    if (TELLING.has(found.name) && bytes.subarray(found.end, found.end + NEXT).includes(STACK_GLOBAL)) {
      return { at, name: found.name };
    }
    before = found;
    at = found.end - 1;
  }
  for (const { 1: module = '', 2: name = '', index } of bytes.toString('latin1').matchAll(LINES)) {
    if (isDangerous(module, name)) return { at: index, name: `${module}.${name}` };
  }
  return undefined;
}

/** The first dangerous name in the first MiB of a pickle that cannot be read to its end. */
export async function nameInBroken(source: ByteSource): Promise<Omit<ArtifactFinding, 'path'> | undefined> {
  const read = await source.read(0, Math.min(source.size, SEARCHED));
  const found = dangerousName(Buffer.from(read.buffer, read.byteOffset, read.length));
  if (found === undefined) return undefined;
  return {
    check: PICKLE_CHECK,
    severity: 'medium',
    kind: 'embedded-payload',
    message: `A broken pickle holds the name ${found.name}, which no model needs.`,
    offset: found.at,
    evidence: { import: found.name },
  };
}
