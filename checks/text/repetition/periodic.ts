/** A stretch in which the same sequence of pieces comes again and again. Offsets are UTF-16 units. */
export interface Loop {
  readonly start: number;
  readonly end: number;
  /** Pieces in one turn. */
  readonly period: number;
  readonly turns: number;
}

/** What one pass over a text measures. */
export interface Repetition {
  readonly loops: readonly Loop[];
  /** Pieces (words, or 12 letters of longer runs). */
  readonly pieces: number;
  /** Share of three-piece sequences that had occurred before, 0..1. */
  readonly repeatedShare: number;
}

const LONGEST_PIECE = 12;
/** Pieces of a text beyond this are not looked at, so that the tables stay small. */
const MAX_PIECES = 200_000;
const MAX_LOOPS = 50;

/** 1 for what belongs to a word: ASCII letters and digits, and everything beyond ASCII. */
const WORD = new Uint8Array(128);
for (const [from, to] of [
  [48, 57],
  [65, 90],
  [97, 122],
] as const) {
  WORD.fill(1, from, to + 1);
}

interface Pieces {
  readonly hashes: Int32Array;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  readonly count: number;
}

/** Tables for texts of ordinary length, used again for each: making them cost more than filling them. */
const SMALL = 4096;
const small = {
  hashes: new Int32Array(SMALL),
  starts: new Uint32Array(SMALL),
  ends: new Uint32Array(SMALL),
  keys: new Int32Array(SMALL * 4),
  positions: new Int32Array(SMALL * 4),
} as const;

function cut(text: string): Pieces {
  const room = Math.min(MAX_PIECES, (text.length >> 1) + 2);
  const fits = room <= SMALL;
  const hashes = fits ? small.hashes : new Int32Array(room);
  const starts = fits ? small.starts : new Uint32Array(room);
  const ends = fits ? small.ends : new Uint32Array(room);
  let count = 0;
  let begun = -1;
  let hash = 0;
  for (let index = 0; index <= text.length && count < room; index += 1) {
    const code = index < text.length ? text.charCodeAt(index) : 32;
    const inWord = code > 127 || WORD[code] === 1;
    if (begun >= 0 && (!inWord || index - begun === LONGEST_PIECE)) {
      hashes[count] = hash;
      starts[count] = begun;
      ends[count] = index;
      count += 1;
      begun = -1;
    }
    if (!inWord) continue;
    if (begun < 0) {
      begun = index;
      hash = 0x811c9dc5 | 0;
    }
    // FNV-1a over UTF-16 units, ASCII letters in lower case.
    hash = Math.imul(hash ^ (code >= 65 && code <= 90 ? code + 32 : code), 0x01000193);
  }
  return { hashes, starts, ends, count };
}

/** Where each three-piece sequence last began, in an open-addressed table. */
function createTable(pieces: number): (key: number, position: number) => number {
  const bits = Math.max(6, 32 - Math.clz32(pieces * 2));
  const size = 1 << bits;
  const fits = size <= small.keys.length;
  // A key is only looked at where a position says that there is one.
  const keys = fits ? small.keys : new Int32Array(size);
  const positions = fits ? small.positions : new Int32Array(size);
  positions.fill(-1, 0, size);
  return (key, position) => {
    let slot = Math.imul(key, 0x9e3779b1) >>> (32 - bits);
    while (positions[slot] !== -1 && keys[slot] !== key) slot = (slot + 1) & (size - 1);
    const before = positions[slot] as number;
    keys[slot] = key;
    positions[slot] = position;
    return before;
  };
}

/**
 * Finds loops of at most `maxPeriod` pieces that turn at least `minTurns` times over at least `minPieces`
 * pieces, in time linear in the text: in a loop, each sequence of three pieces last began exactly one period ago.
 */
export function measureRepetition(
  text: string,
  limits: { maxPeriod: number; minTurns: number; minPieces: number },
): Repetition {
  const { hashes, starts, ends, count } = cut(text);
  const lastSeen = createTable(count);
  const loops: Loop[] = [];
  let repeated = 0;
  let runStart = 0;
  let runPeriod = 0;
  const close = (last: number) => {
    // The run's sequences begin at runStart..last; the first turn lies one period before.
    const first = runStart - runPeriod;
    const turns = runPeriod > 0 ? (last + 3 - first) / runPeriod : 0;
    if (turns < limits.minTurns || last + 3 - first < limits.minPieces || loops.length >= MAX_LOOPS) return;
    loops.push({ start: starts[first] as number, end: ends[last + 2] as number, period: runPeriod, turns });
  };
  for (let index = 0; index + 2 < count; index += 1) {
    const a = Math.imul(hashes[index] as number, 0x85ebca6b);
    const b = Math.imul((hashes[index + 1] as number) ^ (a >>> 13), 0xc2b2ae35);
    const key = Math.imul((hashes[index + 2] as number) ^ (b >>> 15), 0x27d4eb2f);
    const before = lastSeen(key, index);
    if (before >= 0) repeated += 1;
    const distance = before >= 0 && index - before <= limits.maxPeriod ? index - before : 0;
    if (distance === runPeriod) continue;
    close(index - 1);
    runStart = index;
    runPeriod = distance;
  }
  close(count - 3);
  return { loops, pieces: count, repeatedShare: count > 2 ? repeated / (count - 2) : 0 };
}
