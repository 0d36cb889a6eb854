/** Blocks of an archive, in bytes (POSIX.1-2017, pax, "ustar Interchange Format"). */
const BLOCK = 512;

export interface TarFile {
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  readonly sha256: string;
}

const octal = (value: number, width: number): string => `${value.toString(8).padStart(width - 1, '0')}\0`;

function header(name: string, size: number, type: '0' | 'x'): Buffer {
  const block = Buffer.alloc(BLOCK);
  block.write(name, 0, 100, 'utf8');
  block.write(octal(0o600, 8), 100, 'latin1');
  block.write(octal(0, 8), 108, 'latin1');
  block.write(octal(0, 8), 116, 'latin1');
  block.write(octal(size, 12), 124, 'latin1');
  block.write(octal(0, 12), 136, 'latin1');
  block.write(' '.repeat(8), 148, 'latin1');
  block.write(type, 156, 'latin1');
  block.write('ustar\u000000', 257, 'latin1');
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

/** A pax record says its own length, in decimal and with itself. */
function paxRecord(key: string, value: string): Buffer {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + String(rest).length;
  if (rest + String(length).length !== length) length = rest + String(length).length;
  return Buffer.from(`${length} ${key}=${value}\n`);
}

const padding = (size: number): Buffer => Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);

/** Bytes that an octal size of 11 digits can say. */
const MOST_OCTAL = 8 ** 11 - 1;

/**
 * Files as a tar archive, as they come. Names and sizes stand in pax records, so that none is too long and none is
 * read in another encoding; `path` must be relative and free of `..`.
 */
export async function* tarOf(
  files: AsyncIterable<TarFile>,
  open: (sha256: string) => AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  for await (const { path, size, sha256 } of files) {
    const pax = Buffer.concat([
      paxRecord('path', path),
      ...(size > MOST_OCTAL ? [paxRecord('size', String(size))] : []),
    ]);
    yield header('pax', pax.length, 'x');
    yield pax;
    yield padding(pax.length);
    const short = Buffer.byteLength(path) <= 100 ? path : sha256;
    yield header(short, Math.min(size, MOST_OCTAL), '0');
    let sent = 0;
    for await (const chunk of open(sha256)) {
      sent += chunk.byteLength;
      if (sent > size) throw new RangeError('a stored file is longer than it was');
      yield chunk;
    }
    if (sent !== size) throw new RangeError('a stored file is shorter than it was');
    yield padding(size);
  }
  yield Buffer.alloc(2 * BLOCK);
}
