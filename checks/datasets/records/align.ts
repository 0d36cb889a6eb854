import { HASH_BYTES } from './hash.ts';

/** Hashes of records in their order, some at a time, 32 bytes each. */
export type Hashes = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** `length` records that stand one after the other in both versions, from `was` and from `now` on. */
export interface Run {
  readonly was: number;
  readonly now: number;
  readonly length: number;
}

export interface AlignSinks {
  /** Runs that agree, in their order. */
  readonly run: (run: Run) => void;
  /** A record without a partner nearby; `hash` is good until the next call. */
  readonly lone: (side: 'was' | 'now', hash: Uint8Array, position: number) => Promise<void> | void;
}

/** How far ahead a partner is looked for: records of each version. */
export const LOOK_AHEAD = 16_384;
/** Look-aheads are tried from this on, four times longer each. */
const FIRST_LOOK = 4;

/** A window on one version: what was read and not yet placed. */
interface Window {
  readonly bytes: () => Buffer;
  /** Position of the window's first record in its version. */
  readonly position: () => number;
  readonly rows: () => number;
  readonly take: (rows: number) => void;
  /** Reads on until the window holds LOOK_AHEAD records, or all that are left. */
  readonly fill: () => Promise<void>;
}

function openWindow(hashes: Hashes): Window {
  const source = Symbol.asyncIterator in hashes ? hashes[Symbol.asyncIterator]() : hashes[Symbol.iterator]();
  let held = Buffer.alloc(0);
  let position = 0;
  let ended = false;
  return Object.freeze({
    bytes: () => held,
    position: () => position,
    rows: () => held.length / HASH_BYTES,
    take: (rows: number) => {
      held = held.subarray(rows * HASH_BYTES);
      position += rows;
    },
    fill: async () => {
      if (ended || held.length >= LOOK_AHEAD * HASH_BYTES) return;
      const parts: Uint8Array[] = [held];
      let length = held.length;
      while (!ended && length < 4 * LOOK_AHEAD * HASH_BYTES) {
        const next = await source.next();
        if (next.done) ended = true;
        else {
          if (next.value.length % HASH_BYTES !== 0) throw new RangeError('hashes have 32 bytes each');
          // Copied: the giver may use its bytes again.
          parts.push(Uint8Array.prototype.slice.call(next.value));
          length += next.value.length;
        }
      }
      held = Buffer.concat(parts);
    },
  });
}

const sameAt = (a: Buffer, i: number, b: Buffer, j: number): boolean =>
  a.compare(b, j * HASH_BYTES, (j + 1) * HASH_BYTES, i * HASH_BYTES, (i + 1) * HASH_BYTES) === 0;

/** How many records both windows begin with alike. */
function commonRows(a: Buffer, b: Buffer): number {
  const rows = Math.min(a.length, b.length) / HASH_BYTES;
  const alike = (from: number, to: number): boolean =>
    a.compare(b, from * HASH_BYTES, to * HASH_BYTES, from * HASH_BYTES, to * HASH_BYTES) === 0;
  let low = 0;
  let step = 1;
  while (low < rows && alike(low, Math.min(rows, low + step))) {
    low = Math.min(rows, low + step);
    step *= 4;
  }
  for (let high = Math.min(rows, low + step) - 1; low < high; ) {
    const middle = (low + high + 1) >> 1;
    if (alike(low, middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}

interface Anchor {
  readonly was: number;
  readonly now: number;
}

/** Key of a hash within a window: 48 of its bits. What it finds is compared in full. */
const keyAt = (bytes: Buffer, row: number): number => bytes.readUIntBE(row * HASH_BYTES, 6);

/** The nearest records that agree within `look` of both windows' starts, by the sum of their distances. */
function anchorWithin(a: Buffer, b: Buffer, look: number): Anchor | null {
  const rowsA = Math.min(look, a.length / HASH_BYTES);
  const rowsB = Math.min(look, b.length / HASH_BYTES);
  const first = new Map<number, number>();
  for (let i = rowsA - 1; i >= 0; i--) first.set(keyAt(a, i), i);
  let best: Anchor | null = null;
  for (let j = 0; j < rowsB && (best === null || j < best.was + best.now); j++) {
    const i = first.get(keyAt(b, j));
    if (i === undefined || (best !== null && i + j >= best.was + best.now) || !sameAt(a, i, b, j)) continue;
    best = { was: i, now: j };
  }
  return best;
}

/** The next records that agree, or null where there are none within the windows. */
function nextAnchor(a: Buffer, b: Buffer): Anchor | null {
  const rows = Math.max(a.length, b.length) / HASH_BYTES;
  if (a.length === 0 || b.length === 0) return null;
  if (a.length > HASH_BYTES && b.length > HASH_BYTES && sameAt(a, 1, b, 1)) return { was: 1, now: 1 };
  for (let look = FIRST_LOOK; ; look *= 4) {
    const anchor = anchorWithin(a, b, Math.min(look, LOOK_AHEAD));
    if (anchor !== null || look >= LOOK_AHEAD || look >= rows) return anchor;
  }
}

async function giveUp(window: Window, rows: number, side: 'was' | 'now', sinks: AlignSinks): Promise<void> {
  const bytes = window.bytes();
  for (let row = 0; row < rows; row++) {
    const done = sinks.lone(
      side,
      bytes.subarray(row * HASH_BYTES, (row + 1) * HASH_BYTES),
      window.position() + row,
    );
    if (done) await done;
  }
  window.take(rows);
}

/**
 * Lays two versions side by side in one pass: O(n) time, memory for 4 × {@link LOOK_AHEAD} records of each. Records
 * that stand further apart than that come out as lone on both sides; changes.ts brings them together.
 */
export async function align(
  was: Hashes,
  now: Hashes,
  sinks: AlignSinks,
): Promise<{ readonly was: number; readonly now: number }> {
  const [left, right] = [openWindow(was), openWindow(now)];
  for (;;) {
    await left.fill();
    await right.fill();
    const common = commonRows(left.bytes(), right.bytes());
    if (common > 0) {
      sinks.run({ was: left.position(), now: right.position(), length: common });
      left.take(common);
      right.take(common);
      continue;
    }
    if (left.rows() === 0 && right.rows() === 0) return { was: left.position(), now: right.position() };
    const anchor = nextAnchor(left.bytes(), right.bytes());
    await giveUp(left, anchor?.was ?? Math.min(LOOK_AHEAD, left.rows()), 'was', sinks);
    await giveUp(right, anchor?.now ?? Math.min(LOOK_AHEAD, right.rows()), 'now', sinks);
  }
}
