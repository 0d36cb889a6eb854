import type { ByteSource } from '../types.ts';
import { ScanFault } from '../types.ts';

/** Bzip2 (J. Seward): Huffman-coded blocks of a Burrows-Wheeler transform. */
const BLOCK_MARK = 0x314159265359;
const END_MARK = 0x177245385090;
const READ_BYTES = 65_536;
const MOST_BITS = 20;
const GROUP = 50;

/** Bits of a source, most significant first. */
interface Bits {
  read(count: number): Promise<number> | number;
  align(): void;
  readonly atEnd: () => boolean;
  /** Makes sure that many bytes are at hand, as far as there are any. */
  fill(): Promise<void>;
  /** As `read`, but only for what `fill` has brought. */
  take(count: number): number;
}

function bitReader(source: ByteSource): Bits {
  let bytes: Uint8Array = new Uint8Array(0);
  let [at, offset, held, count] = [0, 0, 0, 0];

  function take(wanted: number): number {
    let value = 0;
    for (let left = wanted; left > 0; ) {
      if (count === 0) {
        if (at >= bytes.length) throw new ScanFault('bzip2 content ends too soon', offset);
        held = bytes[at] as number;
        at += 1;
        count = 8;
      }
      const some = Math.min(left, count);
      count -= some;
      value = value * 2 ** some + ((held >> count) & (2 ** some - 1));
      left -= some;
    }
    return value;
  }

  async function fill(): Promise<void> {
    if (bytes.length - at >= 4_096 || offset >= source.size) return;
    const more = await source.read(offset, READ_BYTES);
    const joined = new Uint8Array(bytes.length - at + more.length);
    joined.set(bytes.subarray(at));
    joined.set(more, bytes.length - at);
    offset += more.length;
    bytes = joined;
    at = 0;
  }

  return Object.freeze({
    take,
    fill,
    async read(wanted: number) {
      await fill();
      return take(wanted);
    },
    align() {
      count = 0;
    },
    atEnd: () => at >= bytes.length && offset >= source.size,
  });
}

/** A Huffman code as limits and symbols by length. */
interface Code {
  readonly limits: Int32Array;
  readonly bases: Int32Array;
  readonly symbols: Uint16Array;
}

function codeOf(lengths: readonly number[]): Code {
  const counts = new Int32Array(MOST_BITS + 2);
  for (const length of lengths) counts[length] = (counts[length] as number) + 1;
  const limits = new Int32Array(MOST_BITS + 2).fill(-1);
  const bases = new Int32Array(MOST_BITS + 2);
  let [code, index] = [0, 0];
  for (let length = 1; length <= MOST_BITS; length += 1) {
    const some = counts[length] as number;
    bases[length] = index - code;
    code += some;
    index += some;
    limits[length] = some > 0 ? code - 1 : -1;
    if (some > 0 && code > 2 ** length) throw new ScanFault('broken bzip2 code');
    code *= 2;
  }
  const order = lengths
    .map((_, symbol) => symbol)
    .toSorted((a, b) => (lengths[a] as number) - (lengths[b] as number) || a - b);
  return { limits, bases, symbols: Uint16Array.from(order) };
}

function symbolOf(bits: Bits, { limits, bases, symbols }: Code): number {
  let code = 0;
  for (let length = 1; length <= MOST_BITS; length += 1) {
    code = code * 2 + bits.take(1);
    const limit = limits[length] as number;
    if (limit >= 0 && code <= limit) {
      const symbol = symbols[(bases[length] as number) + code];
      if (symbol !== undefined) return symbol;
    }
  }
  throw new ScanFault('broken bzip2 code');
}

function usedBytes(bits: Bits): number[] {
  const groups = bits.take(16);
  const used: number[] = [];
  for (let group = 0; group < 16; group += 1) {
    if (((groups >> (15 - group)) & 1) === 0) continue;
    const map = bits.take(16);
    for (let one = 0; one < 16; one += 1) if (((map >> (15 - one)) & 1) === 1) used.push(group * 16 + one);
  }
  return used;
}

/** A value counted in ones before a zero. */
function unary(bits: Bits, most: number): number {
  let value = 0;
  while (bits.take(1) === 1) {
    value += 1;
    if (value >= most) throw new ScanFault('broken bzip2 content');
  }
  return value;
}

function toFront(values: number[], index: number): number {
  const [value] = values.splice(index, 1);
  if (value === undefined) throw new ScanFault('broken bzip2 content');
  values.unshift(value);
  return value;
}

async function readCodes(bits: Bits, symbols: number): Promise<{ codes: Code[]; selectors: number[] }> {
  const tables = bits.take(3);
  const count = bits.take(15);
  if (tables < 2 || tables > 6 || count === 0) throw new ScanFault('broken bzip2 content');
  const order = Array.from({ length: tables }, (_, index) => index);
  const selectors: number[] = [];
  for (let index = 0; index < count; index += 1) {
    if (index % 512 === 0) await bits.fill();
    selectors.push(toFront(order, unary(bits, tables)));
  }
  const codes: Code[] = [];
  for (let table = 0; table < tables; table += 1) {
    await bits.fill();
    let length = bits.take(5);
    const lengths: number[] = [];
    for (let symbol = 0; symbol < symbols; symbol += 1) {
      while (bits.take(1) === 1) {
        length += bits.take(1) === 0 ? 1 : -1;
        if (length < 1 || length > MOST_BITS) throw new ScanFault('broken bzip2 code');
      }
      if (length < 1 || length > MOST_BITS) throw new ScanFault('broken bzip2 code');
      lengths.push(length);
    }
    codes.push(codeOf(lengths));
  }
  return { codes, selectors };
}

/** The last column of the block's sorted rotations. */
async function readColumn(bits: Bits, most: number): Promise<Uint32Array> {
  const values = usedBytes(bits);
  const end = values.length + 1;
  const { codes, selectors } = await readCodes(bits, end + 1);
  const column = new Uint32Array(most);
  let [filled, run, weight] = [0, 0, 1];
  const spill = (): void => {
    if (run === 0) return;
    if (filled + run > most) throw new ScanFault('a bzip2 block is too long');
    column.fill(values[0] as number, filled, filled + run);
    filled += run;
    [run, weight] = [0, 1];
  };
  for (let group = 0; ; group += 1) {
    const code = codes[selectors[group] ?? -1];
    if (code === undefined) throw new ScanFault('broken bzip2 content');
    await bits.fill();
    for (let index = 0; index < GROUP; index += 1) {
      const symbol = symbolOf(bits, code);
      if (symbol <= 1) {
        run += weight * (symbol + 1);
        weight *= 2;
        if (run > most) throw new ScanFault('a bzip2 block is too long');
        continue;
      }
      spill();
      if (symbol === end) return column.subarray(0, filled);
      if (filled >= most) throw new ScanFault('a bzip2 block is too long');
      column[filled] = toFront(values, symbol - 1);
      filled += 1;
    }
  }
}

/** The block's bytes from its last column and the row of the original. */
function untransform(column: Uint32Array, origin: number): Uint8Array {
  const size = column.length;
  if (origin >= size) throw new ScanFault('broken bzip2 content');
  const starts = new Uint32Array(257);
  for (const value of column) starts[(value & 255) + 1] = (starts[(value & 255) + 1] as number) + 1;
  for (let byte = 0; byte < 256; byte += 1)
    starts[byte + 1] = (starts[byte + 1] as number) + (starts[byte] as number);
  for (let index = 0; index < size; index += 1) {
    const byte = (column[index] as number) & 255;
    const row = starts[byte] as number;
    starts[byte] = row + 1;
    column[row] = (column[row] as number) | (index << 8);
  }
  const out = new Uint8Array(size);
  let at = (column[origin] as number) >>> 8;
  for (let index = 0; index < size; index += 1) {
    const entry = column[at] as number;
    out[index] = entry & 255;
    at = entry >>> 8;
  }
  return out;
}

/** Undoes the run lengths that stand in front of the transform: four equal bytes, then how many more. */
function unrun(block: Uint8Array): Uint8Array {
  let out = new Uint8Array(block.length * 2 + 260);
  let [filled, equal, last] = [0, 0, -1];
  for (const byte of block) {
    if (filled + 260 > out.length) {
      const larger = new Uint8Array(out.length * 2);
      larger.set(out);
      out = larger;
    }
    if (equal === 4) {
      out.fill(last, filled, filled + byte);
      filled += byte;
      [equal, last] = [0, -1];
      continue;
    }
    equal = byte === last ? equal + 1 : 1;
    last = byte;
    out[filled] = byte;
    filled += 1;
  }
  return out.subarray(0, filled);
}

/** Decompressed pieces of bzip2 content, also of streams one after another. @throws ScanFault */
export async function* bzip2Pieces(source: ByteSource): AsyncGenerator<Uint8Array, void> {
  const bits = bitReader(source);
  let streams = 0;
  while (!bits.atEnd()) {
    const mark = await bits.read(24);
    const level = bits.take(8) - 48;
    if (mark !== 0x425a68 || level < 1 || level > 9) {
      if (streams > 0) return;
      throw new ScanFault('broken bzip2 content');
    }
    streams += 1;
    for (;;) {
      const what = await bits.read(48);
      bits.take(32);
      if (what === END_MARK) break;
      if (what !== BLOCK_MARK || bits.take(1) === 1) throw new ScanFault('broken bzip2 content');
      const origin = bits.take(24);
      yield unrun(untransform(await readColumn(bits, level * 100_000), origin));
    }
    bits.align();
    await bits.fill();
  }
}
