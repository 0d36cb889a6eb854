import { Buffer } from 'node:buffer';

/** Writes pickles by hand, opcode by opcode; for samples and tests. Nothing here loads anything. */
const bytes = (...codes: number[]): Buffer => Buffer.from(codes);

const sized = (code: number, width: 1 | 4 | 8, content: Uint8Array): Buffer => {
  const head = Buffer.alloc(1 + width);
  head[0] = code;
  head.writeUIntLE(content.length, 1, Math.min(width, 6));
  return Buffer.concat([head, content]);
};

export const op = Object.freeze({
  proto: (version: number) => bytes(0x80, version),
  frame: (length: number) => {
    const out = Buffer.alloc(9);
    out[0] = 0x95;
    out.writeUIntLE(length, 1, 6);
    return out;
  },
  stop: bytes(0x2e),
  mark: bytes(0x28),
  pop: bytes(0x30),
  popMark: bytes(0x31),
  dup: bytes(0x32),
  none: bytes(0x4e),
  reduce: bytes(0x52),
  build: bytes(0x62),
  tuple: bytes(0x74),
  tuple1: bytes(0x85),
  tuple2: bytes(0x86),
  tuple3: bytes(0x87),
  emptyTuple: bytes(0x29),
  emptyList: bytes(0x5d),
  emptyDict: bytes(0x7d),
  emptySet: bytes(0x8f),
  append: bytes(0x61),
  appends: bytes(0x65),
  setItem: bytes(0x73),
  setItems: bytes(0x75),
  obj: bytes(0x6f),
  newObj: bytes(0x81),
  newObjEx: bytes(0x92),
  stackGlobal: bytes(0x93),
  memoize: bytes(0x94),
  binPersid: bytes(0x51),
  int: (value: number) => {
    const out = Buffer.alloc(5);
    out[0] = 0x4a;
    out.writeInt32LE(value, 1);
    return out;
  },
  put: (index: number) => bytes(0x71, index),
  get: (index: number) => bytes(0x68, index),
  ext1: (code: number) => bytes(0x82, code),
  text: (content: string) => sized(0x58, 4, Buffer.from(content, 'utf8')),
  shortText: (content: string) => sized(0x8c, 1, Buffer.from(content, 'utf8')),
  longText: (content: string) => sized(0x8d, 8, Buffer.from(content, 'utf8')),
  string: (content: string) => sized(0x55, 1, Buffer.from(content, 'latin1')),
  lineText: (content: string) => Buffer.from(`V${content}\n`, 'latin1'),
  lineString: (content: string) => Buffer.from(`S${content}\n`, 'latin1'),
  data: (content: Uint8Array) => sized(0x42, 4, content),
  global: (module: string, name: string) => Buffer.from(`c${module}\n${name}\n`, 'utf8'),
  inst: (module: string, name: string) => Buffer.from(`i${module}\n${name}\n`, 'utf8'),
  persid: (id: string) => Buffer.from(`P${id}\n`, 'latin1'),
});

/** A whole pickle of protocol 4 around `parts`. */
export function assemble(...parts: readonly Uint8Array[]): Buffer {
  return Buffer.concat([op.proto(4), ...parts, op.stop]);
}

/** `module.name(...args)` with text arguments. */
export function callOf(module: string, name: string, ...args: readonly string[]): Buffer {
  const given = args.map((argument) => op.text(argument));
  return Buffer.concat([op.global(module, name), op.mark, ...given, op.tuple, op.reduce]);
}
