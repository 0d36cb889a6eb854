import { inflateSync } from 'node:zlib';

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~';
const VALUES = new Map([...ALPHABET].map((char, value) => [char, value]));
/** Of the content of one file, deflated in the patch. */
const MOST_BYTES = 2 * 1024 * 1024;

/** Bytes of one line of a binary patch: their number, then five characters for four bytes. */
function bytesOf(line: string): Buffer | null {
  const code = line.charCodeAt(0);
  const count = code >= 97 ? code - 97 + 27 : code - 64;
  const bytes = Buffer.alloc(Math.ceil((line.length - 1) / 5) * 4);
  for (let at = 1, place = 0; at < line.length; at += 5, place += 4) {
    let value = 0;
    for (let next = at; next < at + 5; next++) {
      const digit = VALUES.get(line[next] ?? '');
      if (digit === undefined) return null;
      value = value * 85 + digit;
    }
    if (value > 0xffffffff) return null;
    bytes.writeUInt32BE(value, place);
  }
  return count > bytes.length ? null : bytes.subarray(0, count);
}

/**
 * What a binary part of a patch (`git diff --binary`: base 85 of zlib) says as text, in the encodings that text is
 * written in; null where it cannot be read, or is longer than 2 MiB: then nobody knows what it holds.
 */
export function binaryTexts(part: string): readonly string[] | null {
  const texts: string[] = [];
  for (const block of part.split(/^(?:literal|delta) \d+\n/m).slice(1)) {
    const lines: Buffer[] = [];
    for (const line of block.split('\n')) {
      if (line === '') break;
      const bytes = bytesOf(line);
      if (bytes === null) return null;
      lines.push(bytes);
    }
    try {
      const content = inflateSync(Buffer.concat(lines), { maxOutputLength: MOST_BYTES });
      texts.push(content.toString('utf8'));
      if (content.includes(0)) texts.push(Buffer.from(content.filter((byte) => byte !== 0)).toString('utf8'));
    } catch {
      return null;
    }
  }
  return texts.length === 0 ? null : texts;
}
