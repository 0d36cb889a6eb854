/** Buckets that the linear stage hashes its features into; a power of two. */
export const BUCKETS = 1 << 18;
/** Characters of a window that are read for features. */
const MAX_CHARS = 4_000;

const SEED_WORD = 0x9e3779b1;
const SEED_PAIR = 0x85ebca6b;
const SEED_SKIP = 0xc2b2ae35;
const SEED_CHARS = 0x27d4eb2f;
const PRIME = 0x01000193;

function mix(hash: number): number {
  let h = hash ^ (hash >>> 15);
  h = Math.imul(h, 0x2c1b3c6d);
  h ^= h >>> 12;
  return (h ^ (h >>> 9)) & (BUCKETS - 1);
}

/**
 * What a UTF-16 unit is: 0 separates words (signs, symbols, emoji, halves of far characters); 1 is part of a word; 2 is a
 * sign that is a word by itself; 3 is a character of a script without spaces.
 */
const CLASSES = classes();

function classes(): Uint8Array {
  const table = new Uint8Array(65_536);
  const far = String.fromCharCode(...Array.from({ length: 0xd800 - 128 }, (_, i) => 128 + i));
  const behind = String.fromCharCode(...Array.from({ length: 0x1_0000 - 0xe000 }, (_, i) => 0xe000 + i));
  // In runs: asking of each unit by itself takes ten times as long, and every process that judges texts pays for it.
  for (const [units, first] of [
    [far, 128],
    [behind, 0xe000],
  ] as const) {
    for (const { 0: run, index } of units.matchAll(/[\p{L}\p{N}\p{M}]+/gu)) {
      table.fill(1, first + index, first + index + run.length);
    }
  }
  for (const unit of "abcdefghijklmnopqrstuvwxyz0123456789'") table[unit.charCodeAt(0)] = 1;
  for (const unit of ':!?"[<') table[unit.charCodeAt(0)] = 2;
  table.fill(3, 0x3040, 0xa000).fill(3, 0x0e00, 0x0f00);
  return table;
}

function classOf(unit: number): number {
  return CLASSES[unit] ?? 0;
}

/**
 * Hashed features of a folded (lower-case) text for the linear stage: words, pairs and pairs with one word between,
 * and character 4-grams within words (2-grams where a script has no spaces). Buckets in 0..`BUCKETS`−1, each once,
 * in order of appearance. Feature hashing: Weinberger et al. 2009; character n-grams: Bojanowski et al. 2017.
 * The trainer reads the very same function's output.
 */
export class Featurizer {
  readonly #seen = new Int32Array(BUCKETS).fill(-1);
  #round = 0;
  #out = new Int32Array(4_096);
  #count = 0;

  /** The buckets of `text`: a view that the next call overwrites. */
  of(text: string): Int32Array {
    this.#round = (this.#round + 1) | 0;
    this.#count = 0;
    const end = Math.min(text.length, MAX_CHARS);
    let last = 0;
    let before = 0;
    for (let at = 0; at < end; ) {
      const kind = classOf(text.charCodeAt(at));
      if (kind === 0) {
        at += 1;
        continue;
      }
      const start = at;
      at += 1;
      if (kind === 1) while (at < end && classOf(text.charCodeAt(at)) === 1) at += 1;
      const hash = this.#word(text, start, at);
      if (kind === 1 && at - start > 4) this.#chars(text, start, at);
      this.#add(Math.imul(last ^ SEED_PAIR, PRIME) ^ hash);
      if (before !== 0) this.#add(Math.imul(before ^ SEED_SKIP, PRIME) ^ hash);
      before = last;
      last = hash;
    }
    return this.#out.subarray(0, this.#count);
  }

  #word(text: string, start: number, end: number): number {
    let hash = SEED_WORD;
    for (let i = start; i < end; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), PRIME);
    this.#add(hash);
    return hash;
  }

  #chars(text: string, start: number, end: number): void {
    for (let i = start; i + 4 <= end; i += 1) {
      let hash = SEED_CHARS;
      for (let j = i; j < i + 4; j += 1) hash = Math.imul(hash ^ text.charCodeAt(j), PRIME);
      this.#add(hash);
    }
  }

  #add(hash: number): void {
    const bucket = mix(hash);
    if (this.#seen[bucket] === this.#round) return;
    this.#seen[bucket] = this.#round;
    if (this.#count === this.#out.length) {
      const wider = new Int32Array(this.#out.length * 2);
      wider.set(this.#out);
      this.#out = wider;
    }
    this.#out[this.#count] = bucket;
    this.#count += 1;
  }
}
