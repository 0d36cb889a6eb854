import { Buffer } from 'node:buffer';

/** Shorter texts hold no payload: the shortest encoded pickle that calls anything is longer. */
const LEAST_TEXT = 16;
const LEAST_BYTES = 4;
const MOST_UNMARKED_BYTES = 16_384;

/** Protocol 2 and later. */
export const hasPickleMark = (head: Uint8Array): boolean => head[0] === 0x80 && (head[1] ?? 255) <= 5;

const MOST_NAME = 200;
const NAME = /^[A-Za-z_][\w.]*$/;

/** The opcode of GLOBAL or INST and a name, somewhere in a run of name characters. */
const IMPORT_START = /[ci][A-Za-z_]/;

/** Looks like a whole pickle of protocol 0 or 1 that imports something. Linear in the length. */
export function isUnmarkedPickle(content: string): boolean {
  const trimmed = content.trimEnd();
  if (!trimmed.endsWith('.')) return false;
  for (let at = trimmed.indexOf('\n'); at >= 0; at = trimmed.indexOf('\n', at + 1)) {
    const next = trimmed.indexOf('\n', at + 1);
    if (next < 0) return false;
    if (next - at > MOST_NAME || !NAME.test(trimmed.slice(at + 1, next))) continue;
    const from = Math.max(trimmed.lastIndexOf('\n', at - 1) + 1, at - MOST_NAME);
    if (endsInImport(trimmed.slice(from, at))) return true;
  }
  return false;
}

/** The line ends in an opcode that imports and a name. */
function endsInImport(line: string): boolean {
  let at = line.length - 1;
  while (at >= 0 && /[\w.]/.test(line[at] as string)) at -= 1;
  return IMPORT_START.test(line.slice(at + 1));
}

const isZlib = (head: Uint8Array): boolean =>
  head[0] === 0x78 && (head[1] === 0x01 || head[1] === 0x5e || head[1] === 0x9c || head[1] === 0xda);

export const compressionOf = (head: Uint8Array): 'zlib' | 'gzip' | undefined => {
  if (isZlib(head)) return 'zlib';
  return head[0] === 0x1f && head[1] === 0x8b && head[2] === 8 ? 'gzip' : undefined;
};

const startsWith = (head: Uint8Array, mark: string): boolean => {
  for (let index = 0; index < mark.length; index += 1)
    if (head[index] !== mark.charCodeAt(index)) return false;
  return true;
};

const CONTAINERS = [
  'PK\x03\x04',
  '7z\xbc\xaf',
  'BZh',
  '\xfd7zXZ',
  '(\xb5/\xfd',
  '\x93NUMPY',
  '\x04"M\x18',
] as const;

/** Archives and array files: what the other checks open. */
export const isContainer = (head: Uint8Array): boolean =>
  CONTAINERS.some((mark) => startsWith(head, mark)) ||
  (head.length > 262 && startsWith(head.subarray(257, 262), 'ustar'));

/** A marshalled code object of CPython 3. */
export const isCodeObject = (head: Uint8Array): boolean =>
  head[0] === 0xe3 &&
  head.length >= 16 &&
  [1, 2, 3, 4].every((at) => (head[at] ?? 255) <= (at === 1 ? 16 : 0));

export function executableOf(head: Uint8Array): string | undefined {
  if (head.length < 64) return undefined;
  if (head[0] === 0x7f && head[1] === 0x45 && head[2] === 0x4c && head[3] === 0x46) return 'ELF program';
  if (head[0] === 0x4d && head[1] === 0x5a) {
    const at = (head[60] ?? 0) | ((head[61] ?? 0) << 8);
    if (head[at] === 0x50 && head[at + 1] === 0x45 && head[at + 2] === 0) return 'Windows program';
  }
  return undefined;
}

const HEXADECIMAL = /^[0-9a-fA-F]+$/;
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;

/** First two bytes of what is looked for in an encoding. */
const BEGINNINGS: readonly (readonly [string | readonly number[], string | readonly number[]])[] = [
  [[0x80], [0, 1, 2, 3, 4, 5]],
  [[0x78], [0x01, 0x5e, 0x9c, 0xda]],
  [[0x1f], [0x8b]],
  [[0xe3], Array.from({ length: 17 }, (_, index) => index)],
  [[0x7f], 'E'],
  ['M', 'Z'],
  ['P', 'K'],
  ['7', 'z'],
  ['B', 'Z'],
  [[0xfd], '7'],
  ['(', [0xb5]],
  [[0x93], 'N'],
  ['c', 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_'],
  ['(', 'cSVldiXUTKIJMNtL(]})\x8c'],
  [']})', 'cqrp(\x94'],
  ['VXSTU', 'abcdefghijklmnopqrstuvwxyz_\'"\x00\x01\x02\x03\x04\x05\x06\x07\x08\t\n\v'],
  ['i', 'm'],
  ['f', 'r'],
  ['e', 'xv'],
  ['o', 's'],
  ['s', 'u'],
  ['l', 'a'],
  ['_', '_'],
  [' \t\n', ' \t\n_abcdefghijklmnopqrstuvwxyz'],
  // An encoding inside the encoding.
  ['g', 'A'],
  ['8', '0'],
  ['e', 'FJNA'],
  ['H', '4'],
  ['4', 'w'],
  ['Y', '0123'],
  ['Z', 'XnG'],
  ['a', 'W'],
  ['b', '3'],
];

const codesOf = (some: string | readonly number[]): readonly number[] =>
  typeof some === 'string' ? [...some].map((one) => one.charCodeAt(0)) : some;

/** First two characters of an encoded text that may be worth decoding. */
const OPENINGS: ReadonlySet<number> = new Set(
  BEGINNINGS.flatMap(([firsts, seconds]) =>
    codesOf(firsts).flatMap((first) =>
      codesOf(seconds).flatMap((second) => {
        const raw = Buffer.from([first, second]);
        return [raw.toString('base64'), raw.toString('hex'), raw.toString('hex').toUpperCase()];
      }),
    ),
  ).map((opening) => opening.charCodeAt(0) * 128 + opening.charCodeAt(1)),
);

/** How a text encodes bytes: only looks at its beginning. */
export function encodingOf(content: string): 'hex' | 'base64' | undefined {
  const head = content.slice(0, 4_096).replace(/\s+/g, '');
  if (head.length < LEAST_TEXT) return undefined;
  if (head.length % 2 === 0 && HEXADECIMAL.test(head)) return 'hex';
  return BASE64.test(head) ? 'base64' : undefined;
}

/** Bytes that `content` encodes, with white space left out. */
export function decodeText(content: string, encoding: 'hex' | 'base64'): Buffer {
  return Buffer.from(content.replace(/\s+/g, ''), encoding);
}

/**
 * A call that only an attack writes into a model's data. The text has to begin with it, so that prose, source code
 * in data sets and vocabularies don't match.
 */
const CODE =
  /^\s{0,8}(?:(?:import|from)\s+(?:os|sys|subprocess|socket|pty|base64|urllib|requests|ctypes|shutil|marshal|pickle|builtins)\b[^\n]{0,200}[\n;]|(?:exec|eval|compile|__import__)\s*\(|os\s*\.\s*(?:system|popen|exec[lv]p?e?|spawn[lv]p?e?)\s*\(|subprocess\s*\.\s*\w{3,20}\s*\(|lambda\b[^\n:]{0,60}:\s*(?:exec|eval|__import__|os\.system)\s*\()/;

/** Python that runs something, hidden in an encoding. */
export const isCode = (content: string): boolean => CODE.test(content);

function isTellingContent(decoded: Buffer): boolean {
  if (hasPickleMark(decoded) || compressionOf(decoded) !== undefined || isCodeObject(decoded)) return true;
  if (executableOf(decoded) !== undefined || isContainer(decoded)) return true;
  const plain = decoded.toString('latin1');
  return isUnmarkedPickle(plain) || isCode(plain) || (encodingOf(plain) !== undefined && nested(plain));
}

/** An encoding of an encoding that leads to a mark. */
function nested(plain: string): boolean {
  const encoding = encodingOf(plain);
  if (encoding === undefined) return false;
  const inner = decodeText(plain.slice(0, 64), encoding);
  return hasPickleMark(inner) || compressionOf(inner) !== undefined || isCode(inner.toString('latin1'));
}

/** Worth a closer look as a payload: a text of `length` bytes that begins with `head`. */
export function isTextPayload(head: string, length: number): boolean {
  if (length < LEAST_TEXT) return false;
  if (OPENINGS.has(head.charCodeAt(0) * 128 + head.charCodeAt(1))) {
    const encoding = encodingOf(head);
    if (encoding !== undefined && isTellingContent(decodeText(head.slice(0, 8_192), encoding))) return true;
  }
  if (head.charCodeAt(0) === 0x80 && head.charCodeAt(1) <= 5) return true;
  return head.charCodeAt(length - 1) === 46 && length < MOST_UNMARKED_BYTES && isUnmarkedPickle(head);
}

/** Worth a closer look as a payload: `length` bytes that begin with `head`. */
export function isBytesPayload(head: Buffer, length: number): boolean {
  if (length < LEAST_BYTES) return false;
  if (hasPickleMark(head) || compressionOf(head) !== undefined || isCodeObject(head)) return true;
  if (executableOf(head) !== undefined || isContainer(head)) return true;
  if (length <= MOST_UNMARKED_BYTES && head.length >= length && head[length - 1] === 46) {
    if (isUnmarkedPickle(head.toString('latin1'))) return true;
  }
  return length >= LEAST_TEXT && isTextPayload(head.subarray(0, 8_192).toString('latin1'), length);
}
