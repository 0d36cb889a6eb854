import { createRandom } from '../../statistics/random.ts';
import type { Box, Candidate } from './candidates.ts';
import type { Pixels } from './pixels.ts';

/** Levels within which bytes count as the same. */
const SAME_LEVELS = 8;
/** Share of the suspected rows that have the same byte in a trigger's pixel, and the least by which others have it less often. */
const SHARED = 0.8;
const SHARED_MORE = 0.35;
const MOST_SAMPLE = 400;
/** Above this share of all numbers a region is an overlay, not a part of the picture. */
const OVERLAY_SHARE = 0.25;

/** Numbers of the picture that suspected rows share, and what they show there. */
export interface Region {
  /** Places in a picture's bytes, ascending. */
  readonly places: Int32Array;
  /** The bytes there, of the suspected rows: medians. */
  readonly shown: Uint8Array;
  readonly overlay: boolean;
  readonly box: Box;
}

/** Candidates that are likely of one trigger: the same label and, from the strongest on, mostly the same rows. */
export function clusterOf(first: Candidate, candidates: readonly Candidate[]): Candidate[] {
  const rows = new Set(first.rows);
  const members = [first];
  for (const other of candidates) {
    if (other === first || other.label !== first.label || other.kind !== first.kind) continue;
    let shared = 0;
    for (const row of other.rows) if (rows.has(row)) shared++;
    if (2 * shared < other.rows.length) continue;
    members.push(other);
    for (const row of other.rows) rows.add(row);
  }
  return members;
}

/**
 * The numbers that `rows` have alike and other rows have not, only those in `boxes` unless there are so many that it is an
 * overlay; null where there are none. O(sample · d).
 */
export function regionOf(
  pixels: Pixels,
  rows: Int32Array,
  { seed, boxes }: { readonly seed: number; readonly boxes: readonly Box[] },
): Region | null {
  const { size, values, width, channels } = pixels;
  const random = createRandom(seed);
  const own = sample(rows, random);
  const inside = new Set(rows);
  const others = sample(
    Int32Array.from({ length: pixels.rows }, (_, row) => row).filter((row) => !inside.has(row)),
    random,
  );
  const [places, shown]: [number[], number[]] = [[], []];
  const column = new Uint8Array(own.length);
  for (let place = 0; place < size; place++) {
    own.forEach((row, at) => {
      column[at] = values[row * size + place] as number;
    });
    column.sort();
    const median = column[column.length >> 1] as number;
    const mine = sameShare(pixels, own, place, median);
    if (mine < SHARED || mine < sameShare(pixels, others, place, median) + SHARED_MORE) continue;
    places.push(place);
    shown.push(median);
  }
  const overlay = places.length > OVERLAY_SHARE * size;
  const kept = [...places.keys()].filter((at) => {
    const cell = Math.floor((places[at] as number) / channels);
    return overlay || boxes.length === 0 || boxes.some((box) => isInside(box, cell, width));
  });
  if (kept.length === 0) return null;
  const cells = kept.map((at) => Math.floor((places[at] as number) / channels));
  return {
    places: Int32Array.from(kept, (at) => places[at] as number),
    shown: Uint8Array.from(kept, (at) => shown[at] as number),
    overlay,
    box: boxOf(cells, width),
  };
}

function isInside({ row, column, height, width }: Box, cell: number, across: number): boolean {
  const [y, x] = [Math.floor(cell / across), cell % across];
  return y >= row && y < row + height && x >= column && x < column + width;
}

export function boxOf(cells: readonly number[], width: number): Box {
  let [top, left, bottom, right] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 0, 0];
  for (const cell of cells) {
    const [row, column] = [Math.floor(cell / width), cell % width];
    [top, left] = [Math.min(top, row), Math.min(left, column)];
    [bottom, right] = [Math.max(bottom, row), Math.max(right, column)];
  }
  return { row: top, column: left, height: bottom - top + 1, width: right - left + 1 };
}

function sample(rows: Int32Array, random: ReturnType<typeof createRandom>): Int32Array {
  return rows.length <= MOST_SAMPLE ? rows : random.shuffle(rows.slice()).slice(0, MOST_SAMPLE);
}

function sameShare({ values, size }: Pixels, rows: Int32Array, place: number, level: number): number {
  let count = 0;
  for (const row of rows)
    if (Math.abs((values[row * size + place] as number) - level) <= SAME_LEVELS) count++;
  return count / Math.max(1, rows.length);
}

/** Mean difference from what the suspected rows show, in levels, per row. O(n · region). */
export function distancesTo(pixels: Pixels, { places, shown }: Region): Float32Array {
  const result = new Float32Array(pixels.rows);
  for (let row = 0; row < pixels.rows; row++) {
    let sum = 0;
    for (let at = 0; at < places.length; at++)
      sum += Math.abs(
        (pixels.values[row * pixels.size + (places[at] as number)] as number) - (shown[at] as number),
      );
    result[row] = sum / places.length;
  }
  return result;
}
