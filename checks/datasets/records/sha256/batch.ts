import { BLOCK_BYTES, createKernel, FREE_AT, type Kernel, LANES, TAIL_BYTES, TAILS_AT } from './kernel.ts';

/** Of a message that is taken: longer ones cost more here than in a call of node:crypto. */
export const MOST_BYTES = 4096;
const HASH_BYTES = 32;
/** Messages lie together in so many bytes, their hashes behind them. */
const INPUT_BYTES = 1 << 18;
const MOST_MESSAGES = 1 << 13;
const HASHES_AT = FREE_AT + INPUT_BYTES;
/** In front of the last block's length there is room for so many bytes. */
const LAST_BYTES = BLOCK_BYTES - 8;
/** Messages of as many whole blocks, with one or two more behind them. */
const GROUPS = 2 * (MOST_BYTES / BLOCK_BYTES + 1);
/** Pairs of hashes that are taken at a time. */
const MOST_PAIRS = 1 << 11;

/** Messages one after the other: message i is `bytes[offsets[i]]` up to `bytes[offsets[i + 1]]`. */
export interface Messages {
  readonly bytes: Uint8Array;
  readonly offsets: Uint32Array;
}

/** SHA-256 of many short messages, four at a time. Not to be shared between threads. */
export interface BatchSha256 {
  /**
   * Hashes of messages from `first` on into `out` (32 bytes each, from the start), as many of the `count` as fit at
   * once; gives back how many: 0 where the first of them is longer than {@link MOST_BYTES}.
   */
  readonly hash: (messages: Messages, range: { first: number; count: number }, out: Uint8Array) => number;
  /** SHA-256(0x01 ‖ left ‖ right) of each of `pairs` pairs of hashes into `out`, which may be where the pairs lie. */
  readonly nodes: (hashes: Uint8Array, pairs: number, out: Uint8Array) => void;
}

/** Writes the bits of a message at the end of its padding: two bytes of the eight are enough for MOST_BYTES. */
function endWith(memory: Uint8Array, end: number, bytes: number): void {
  memory[end - 1] = bytes << 3;
  memory[end - 2] = bytes >>> 5;
}

/** A batch hasher with 600 KiB of memory; null where the machine has no vectors of 128 bits for WebAssembly. */
export function createBatchSha256(): BatchSha256 | null {
  const kernel = createKernel(INPUT_BYTES + MOST_MESSAGES * HASH_BYTES);
  if (kernel === null) return null;
  return Object.freeze({ hash: messageHasher(kernel), nodes: pairHasher(kernel) });
}

function messageHasher({ bytes: memory, start, block, finish, tail }: Kernel): BatchSha256['hash'] {
  // Up to four messages of each group wait for one another.
  const waiting = new Uint32Array(GROUPS * LANES);
  const filled = new Uint8Array(GROUPS);
  let places: Uint32Array = new Uint32Array(0);
  let from = 0;

  function four(group: number): void {
    const whole = group >> 1;
    const tailBytes = group & 1 ? TAIL_BYTES : BLOCK_BYTES;
    const at = group * LANES;
    const [m0, m1, m2, m3] = [waiting[at], waiting[at + 1], waiting[at + 2], waiting[at + 3]] as [
      number,
      number,
      number,
      number,
    ];
    const place = (message: number): number => FREE_AT + (places[message] as number) - from;
    const [p0, p1, p2, p3] = [place(m0), place(m1), place(m2), place(m3)];
    start();
    for (let i = 0; i < whole; i++) {
      const on = i * BLOCK_BYTES;
      block(p0 + on, p1 + on, p2 + on, p3 + on);
    }
    for (let lane = 0; lane < LANES; lane++) {
      const message = waiting[at + lane] as number;
      const length = (places[message + 1] as number) - (places[message] as number);
      const done = whole * BLOCK_BYTES;
      const to = TAILS_AT + lane * TAIL_BYTES;
      tail(to, place(message) + done, length - done);
      endWith(memory, to + tailBytes, length);
    }
    for (let on = TAILS_AT; on < TAILS_AT + tailBytes; on += BLOCK_BYTES)
      block(on, on + TAIL_BYTES, on + 2 * TAIL_BYTES, on + 3 * TAIL_BYTES);
    const hash = (message: number): number => HASHES_AT + message * HASH_BYTES;
    finish(hash(m0), hash(m1), hash(m2), hash(m3));
    filled[group] = 0;
  }

  return ({ bytes, offsets }, { first, count }, out) => {
    places = offsets.subarray(first, first + count + 1);
    from = places[0] as number;
    let taken = 0;
    for (const most = Math.min(count, MOST_MESSAGES); taken < most; taken++) {
      const end = places[taken + 1] as number;
      if (end - from > INPUT_BYTES || end - (places[taken] as number) > MOST_BYTES) break;
    }
    if (taken === 0) return 0;
    memory.set(bytes.subarray(from, places[taken]), FREE_AT);
    for (let message = 0; message < taken; message++) {
      const length = (places[message + 1] as number) - (places[message] as number);
      const group = 2 * (length >> 6) + ((length & 63) < LAST_BYTES ? 0 : 1);
      waiting[group * LANES + (filled[group] as number)] = message;
      filled[group] = (filled[group] as number) + 1;
      if (filled[group] === LANES) four(group);
    }
    for (let group = 0; group < GROUPS; group++) {
      const there = filled[group] as number;
      if (there === 0) continue;
      // Lanes without a message do the work of the first once more.
      const at = group * LANES;
      waiting.fill(waiting[at] as number, at + there, at + LANES);
      four(group);
    }
    out.set(memory.subarray(HASHES_AT, HASHES_AT + taken * HASH_BYTES));
    return taken;
  };
}

const PAIR_BYTES = 2 * HASH_BYTES;

function pairHasher({ bytes: memory, start, block, finish, tail }: Kernel): BatchSha256['nodes'] {
  // Behind a byte 0x01 in front of it a pair fills its first block up to its last byte.
  const input = FREE_AT + BLOCK_BYTES;
  const last = (lane: number): number => TAILS_AT + lane * TAIL_BYTES;

  function four(pair: number): void {
    const at = input + pair * PAIR_BYTES;
    for (let lane = 0; lane < LANES; lane++) {
      const place = at + lane * PAIR_BYTES;
      memory[last(lane)] = memory[place + PAIR_BYTES - 1] as number;
    }
    for (let place = at - 1; place < at + 3 * PAIR_BYTES; place += PAIR_BYTES) memory[place] = 1;
    start();
    block(at - 1, at + PAIR_BYTES - 1, at + 2 * PAIR_BYTES - 1, at + 3 * PAIR_BYTES - 1);
    block(last(0), last(1), last(2), last(3));
    const to = HASHES_AT + pair * HASH_BYTES;
    finish(to, to + HASH_BYTES, to + 2 * HASH_BYTES, to + 3 * HASH_BYTES);
  }

  return (hashes, pairs, out) => {
    for (let done = 0; done < pairs; done += MOST_PAIRS) {
      const taken = Math.min(MOST_PAIRS, pairs - done);
      memory.set(hashes.subarray(done * PAIR_BYTES, (done + taken) * PAIR_BYTES), input);
      for (let lane = 0; lane < LANES; lane++) {
        tail(last(lane), input, 1);
        endWith(memory, last(lane) + BLOCK_BYTES, PAIR_BYTES + 1);
      }
      for (let pair = 0; pair < taken; pair += LANES) four(pair);
      out.set(memory.subarray(HASHES_AT, HASHES_AT + taken * HASH_BYTES), done * HASH_BYTES);
    }
  };
}
