/**
 * SHA-256 (FIPS 180-4 §6.2) of four messages at a time, one in each lane of a vector of 4 × 32 bits. One call of
 * node:crypto costs more than the hash of a short message; four short ones here cost less than one call.
 */
import {
  add,
  addI32,
  and,
  assemble,
  type Code,
  code,
  get,
  i32,
  load128,
  or,
  type Routine,
  set,
  shiftLeft,
  shiftRight,
  shuffle,
  store8,
  store128,
  xor,
  zero128,
} from './assemble.ts';

export const LANES = 4;
export const BLOCK_BYTES = 64;

const PAGE_BYTES = 65_536;
const ROUNDS = 64;
/** Where the round constants lie, then the first state, then the state, each number once for each lane. */
const K_AT = 0;
const FIRST_AT = K_AT + ROUNDS * 16;
const STATE_AT = FIRST_AT + 128;
/** Where the last blocks of a lane's message are made: 128 bytes for each. */
export const TAILS_AT = STATE_AT + 128;
export const TAIL_BYTES = 2 * BLOCK_BYTES;
/** From here on messages and hashes may lie; 64 bytes at the end are read with what is in front of them. */
export const FREE_AT = 4096;

/** Parts of the fractions of the roots of the first primes, 32 bits of each (§4.2.2, §5.3.3). */
function fractions(count: number, root: (prime: number) => number): Int32Array {
  const found = new Int32Array(count);
  for (let [at, candidate] = [0, 2]; at < count; candidate++) {
    let prime = true;
    for (let factor = 2; factor * factor <= candidate; factor++) prime &&= candidate % factor !== 0;
    if (prime) found[at++] = (root(candidate) % 1) * 2 ** 32;
  }
  return found;
}

const rotate = (value: number, bits: number): Code =>
  code(get(value), shiftRight(bits), get(value), shiftLeft(32 - bits), or);
const sigma = (value: number, first: number, second: number, last: Code): Code =>
  code(rotate(value, first), rotate(value, second), xor, last, xor);
const shift = (value: number, bits: number): Code => code(get(value), shiftRight(bits));
const each = (count: number, part: (index: number) => Code): Code =>
  Array.from({ length: count }, (_, index) => part(index)).flat();

/** Locals: the last 16 words of the schedule, the state, one more. */
const W = 4;
const STATE = W + 16;
const T1 = STATE + 8;

/** W[t] = σ1(W[t-2]) + W[t-7] + σ0(W[t-15]) + W[t-16], in place of the last. */
function schedule(t: number): Code {
  const word = (back: number): number => W + ((t - back) & 15);
  const sigma1 = sigma(word(2), 17, 19, shift(word(2), 10));
  const sigma0 = sigma(word(15), 7, 18, shift(word(15), 3));
  return code(sigma1, get(word(7)), add, sigma0, add, get(word(16)), add, set(word(16)));
}

function round(t: number): Code {
  const at = (i: number): number => STATE + ((i - t) & 7);
  const [a, b, c, d, e, f, g, h] = [at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7)] as const;
  const choice = code(get(g), get(e), get(f), get(g), xor, and, xor);
  const majority = code(get(b), get(a), get(b), xor, get(b), get(c), xor, and, xor);
  return code(
    t < 16 ? [] : schedule(t),
    code(get(h), sigma(e, 6, 11, rotate(e, 25)), add, choice, add),
    code(i32(0), load128(K_AT + 16 * t), add, get(W + (t & 15)), add, set(T1)),
    code(get(d), get(T1), add, set(d)),
    code(get(T1), sigma(a, 2, 13, rotate(a, 22)), add, majority, add, set(h)),
  );
}

const words = (...at: number[]): number[] =>
  at.flatMap((word) => [0, 1, 2, 3].map((byte) => 4 * word + byte));
const LOW = words(0, 4, 1, 5);
const HIGH = words(2, 6, 3, 7);
const LOW_HALVES = words(0, 1, 4, 5);
const HIGH_HALVES = words(2, 3, 6, 7);
const SWAPPED = [3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12];

/** Four vectors of four words in locals `at` and on, rows made columns; uses two locals more. */
function transpose(at: number, [x, y]: readonly [number, number]): Code {
  const both = (first: number, second: number, lanes: number[], into: number): Code =>
    code(get(first), get(second), shuffle(lanes), set(into));
  return code(
    both(at, at + 1, LOW, x),
    both(at, at + 1, HIGH, y),
    both(at + 2, at + 3, LOW, at),
    both(at + 2, at + 3, HIGH, at + 1),
    both(y, at + 1, LOW_HALVES, at + 2),
    both(y, at + 1, HIGH_HALVES, at + 3),
    both(x, at, HIGH_HALVES, at + 1),
    both(x, at, LOW_HALVES, at),
  );
}

const swapped = (local: number): Code => code(get(local), get(local), shuffle(SWAPPED));

/** block(p0, p1, p2, p3): takes 64 bytes from each place into the state of its lane. */
const BLOCK: Routine = {
  name: 'block',
  parameters: LANES,
  vectors: 16 + 8 + 1,
  body: code(
    each(4, (part) => {
      const word = W + 4 * part;
      const read = (lane: number): Code => code(get(lane), load128(16 * part), set(word + lane));
      return code(
        each(LANES, (lane) => code(read(lane), swapped(word + lane), set(word + lane))),
        transpose(word, [T1, STATE]),
      );
    }),
    each(8, (i) => code(i32(0), load128(STATE_AT + 16 * i), set(STATE + i))),
    each(ROUNDS, round),
    each(8, (i) => {
      const place = STATE_AT + 16 * i;
      return code(i32(0), get(STATE + i), i32(0), load128(place), add, store128(place));
    }),
  ),
};

/** start(): the first state in each lane. */
const START: Routine = {
  name: 'start',
  parameters: 0,
  vectors: 0,
  body: each(8, (i) => code(i32(0), i32(0), load128(FIRST_AT + 16 * i), store128(STATE_AT + 16 * i))),
};

/** finish(p0, p1, p2, p3): writes the hash of each lane to its place. */
const FINISH: Routine = {
  name: 'finish',
  parameters: LANES,
  vectors: 6,
  body: each(2, (half) =>
    code(
      each(4, (i) => code(i32(0), load128(STATE_AT + 64 * half + 16 * i), set(LANES + i))),
      transpose(LANES, [LANES + 4, LANES + 5]),
      each(LANES, (lane) => code(get(lane), swapped(LANES + lane), store128(16 * half))),
    ),
  ),
};

/**
 * tail(to, from, rest): the `rest` (0..63) bytes from `from` on at `to`, then 0x80, then zeros up to 128 bytes
 * (§5.1.1). Reads 64 bytes.
 */
const TAIL: Routine = {
  name: 'tail',
  parameters: 3,
  vectors: 0,
  body: code(
    each(4, (i) => code(get(0), zero128, store128(BLOCK_BYTES + 16 * i))),
    each(4, (i) => code(get(0), get(1), load128(16 * i), store128(16 * i))),
    each(4, (i) => code(get(0), get(2), addI32, zero128, store128(16 * i))),
    code(get(0), get(2), addI32, i32(0x80), store8(0)),
  ),
};

/** What is used of it; the types of Node leave it to those of browsers. */
declare const WebAssembly:
  | undefined
  | {
      readonly validate: (bytes: Uint8Array) => boolean;
      readonly Module: new (bytes: Uint8Array) => object;
      readonly Instance: new (module: object) => { readonly exports: unknown };
    };

export interface Kernel {
  readonly bytes: Uint8Array;
  readonly start: () => void;
  readonly block: (p0: number, p1: number, p2: number, p3: number) => void;
  readonly finish: (p0: number, p1: number, p2: number, p3: number) => void;
  readonly tail: (to: number, from: number, rest: number) => void;
}

/** What the module exports; null where the system does not give the addresses that such a memory takes. */
function instantiate(wasm: NonNullable<typeof WebAssembly>, module: Uint8Array): unknown {
  try {
    return new wasm.Instance(new wasm.Module(module)).exports;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/**
 * A kernel with memory of its own, `free` bytes from {@link FREE_AT} on; null where WebAssembly is switched off, or
 * vectors or its memory are not to be had.
 */
export function createKernel(free: number): Kernel | null {
  const module = assemble(
    [BLOCK, START, FINISH, TAIL],
    Math.ceil((FREE_AT + free + BLOCK_BYTES) / PAGE_BYTES),
  );
  if (typeof WebAssembly === 'undefined' || !WebAssembly.validate(module)) return null;
  const exports = instantiate(WebAssembly, module);
  if (exports === null) return null;
  const { memory, ...routines } = exports as Omit<Kernel, 'bytes'> & {
    readonly memory: { readonly buffer: ArrayBuffer };
  };
  const numbers = new Int32Array(memory.buffer);
  const spread = (values: Int32Array, at: number): void =>
    values.forEach((value, i) => numbers.fill(value, at / 4 + LANES * i, at / 4 + LANES * (i + 1)));
  spread(fractions(ROUNDS, Math.cbrt), K_AT);
  spread(fractions(8, Math.sqrt), FIRST_AT);
  return Object.freeze({ ...routines, bytes: new Uint8Array(memory.buffer) });
}
