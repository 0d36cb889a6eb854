import { closeSync, openSync, writeSync } from 'node:fs';

/** Makes the two pickles whose reading costs most: much data in few opcodes, and many opcodes with little data. */

const MIB = 2 ** 20;
const PROTO_4 = Uint8Array.of(0x80, 4);
const STOP = Uint8Array.of(0x2e);

/** A list of byte strings of 4 MiB each, pseudo-random, `mib` MiB in all. */
export function writeBlobHeavy(path: string, mib: number): void {
  const file = openSync(path, 'w');
  const block = new Uint8Array(4 * MIB);
  let state = 1;
  for (let at = 0; at < block.length; at += 1) {
    state = (state * 1_103_515_245 + 12_345) & 0x7fffffff;
    block[at] = state >> 16;
  }
  writeSync(file, PROTO_4);
  writeSync(file, Uint8Array.of(0x5d, 0x28));
  const head = new Uint8Array(5);
  head[0] = 0x42;
  new DataView(head.buffer).setUint32(1, block.length, true);
  for (let written = 0; written < mib; written += 4) {
    block[0] = written & 255;
    writeSync(file, head);
    writeSync(file, block);
  }
  writeSync(file, Uint8Array.of(0x65));
  writeSync(file, STOP);
  closeSync(file);
}

/**
 * A list of small numbers and tuples of them, `mib` MiB in all, in the very opcodes that `pickle.dumps` writes: one
 * per 1.8 bytes, every tenth of them puts a tuple into the memo.
 */
export function writeOpDense(path: string, mib: number): void {
  const file = openSync(path, 'w');
  writeSync(file, PROTO_4);
  writeSync(file, Uint8Array.of(0x5d, 0x94));
  // MARK, a thousand items of four BININT1 and a tuple of three (TUPLE3, MEMOIZE), APPENDS.
  const batch: number[] = [0x28];
  for (let index = 0; index < 200; index += 1) {
    const number = index & 255;
    batch.push(0x4b, number, 0x4b, number, 0x4b, number, 0x4b, number);
    batch.push(0x4b, 1, 0x4b, 2, 0x4b, number, 0x87, 0x94);
  }
  batch.push(0x65);
  const bytes = Uint8Array.from(batch);
  const most = mib * MIB - 16;
  for (let written = 4; written + bytes.length < most; written += bytes.length) writeSync(file, bytes);
  writeSync(file, STOP);
  closeSync(file);
}
