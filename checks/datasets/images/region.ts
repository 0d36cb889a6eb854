import { createRandom } from '../../statistics/random.ts';
import type { Box, Candidate } from './candidates.ts';
import { createEdges } from './edges.ts';
import { FEWEST_ROWS } from './groups.ts';
import type { Pixels } from './pixels.ts';

/** Levels within which bytes count as the same. */
const SAME_LEVELS = 8;
/** Share of the suspected rows that have the same byte in a trigger's pixel, and the least by which others have it less often. */
const SHARED = 0.8;
const SHARED_MORE = 0.35;
const MOST_SAMPLE = 400;
/** Above this share of all numbers a region is an overlay, not a part of the picture. */
const OVERLAY_SHARE = 0.25;
/** Share of a pattern's bytes that a row must show. */
const FITS = 0.9;

/** What suspected rows show alike. */
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
 * The part of the picture that `rows` have alike and other rows have not, within `boxes` unless so much is alike that it
 * is an overlay; of it all bytes that the rows have alike, whatever others have. O(sample · d).
 */
export function regionOf(
  pixels: Pixels,
  rows: Int32Array,
  { seed, boxes }: { readonly seed: number; readonly boxes: readonly Box[] },
): Region {
  const { size, width, channels } = pixels;
  const random = createRandom(seed);
  const own = sample(rows, random);
  const inside = new Set(rows);
  const others = sample(
    Int32Array.from({ length: pixels.rows }, (_, row) => row).filter((row) => !inside.has(row)),
    random,
  );
  const alike: { place: number; shown: number; own: boolean }[] = [];
  for (let place = 0; place < size; place++) {
    const shown = medianAt(pixels, own, place);
    const mine = sameShare(pixels, own, place, shown);
    if (mine < SHARED) continue;
    alike.push({ place, shown, own: mine >= sameShare(pixels, others, place, shown) + SHARED_MORE });
  }
  const telling = alike.filter((each) => each.own);
  const overlay = telling.length > OVERLAY_SHARE * size;
  const cellOf = ({ place }: { place: number }): number => Math.floor(place / channels);
  const near = telling.filter((each) => boxes.some((box) => isInside(box, cellOf(each), width)));
  const box = near.length > 0 ? boxOf(near.map(cellOf), width) : boundsOf(boxes);
  const kept = overlay ? telling : alike.filter((each) => isInside(box, cellOf(each), width));
  return {
    places: Int32Array.from(kept, ({ place }) => place),
    shown: Uint8Array.from(kept, ({ shown }) => shown),
    overlay,
    box,
  };
}

function isInside({ row, column, height, width }: Box, cell: number, across: number): boolean {
  const [y, x] = [Math.floor(cell / across), cell % across];
  return y >= row && y < row + height && x >= column && x < column + width;
}

function boxOf(cells: readonly number[], width: number): Box {
  return boundsOf(
    cells.map((cell) => ({ row: Math.floor(cell / width), column: cell % width, height: 1, width: 1 })),
  );
}

/** The least box that holds all of these. */
export function boundsOf(boxes: readonly Box[]): Box {
  let [top, left, bottom, right] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 0, 0];
  for (const { row, column, height, width } of boxes) {
    [top, left] = [Math.min(top, row), Math.min(left, column)];
    [bottom, right] = [Math.max(bottom, row + height), Math.max(right, column + width)];
  }
  return { row: top, column: left, height: bottom - top, width: right - left };
}

function sample(rows: Int32Array, random: ReturnType<typeof createRandom>): Int32Array {
  return rows.length <= MOST_SAMPLE ? rows : random.shuffle(rows.slice()).slice(0, MOST_SAMPLE);
}

function medianAt({ values, size }: Pixels, rows: Int32Array, place: number): number {
  const column = Uint8Array.from(rows, (row) => values[row * size + place] as number).sort();
  return column[column.length >> 1] as number;
}

function sameShare({ values, size }: Pixels, rows: Int32Array, place: number, level: number): number {
  let count = 0;
  for (const row of rows)
    if (Math.abs((values[row * size + place] as number) - level) <= SAME_LEVELS) count++;
  return count / Math.max(1, rows.length);
}

/**
 * All rows that show the pattern, whatever their label, ascending: nine of ten bytes within the levels by which the
 * suspected rows differ from it themselves; and that stand out there where that is what the candidate says. O(n · region).
 */
export function fittingRows(pixels: Pixels, region: Region, { rows, apart, box }: Candidate): Int32Array {
  const { values, size } = pixels;
  const { places, shown } = region;
  if (places.length === 0) return rows;
  const tolerance = toleranceOf(pixels, region, rows);
  const edges = apart === true && box !== null ? createEdges(pixels) : null;
  const most = Math.floor((1 - FITS) * places.length);
  const fits = (row: number): boolean => {
    let wrong = 0;
    for (let at = 0; at < places.length; at++) {
      const value = values[row * size + (places[at] as number)] as number;
      if (Math.abs(value - (shown[at] as number)) > tolerance && ++wrong > most) return false;
    }
    if (edges === null || box === null) return true;
    edges.read(row);
    return edges.apart(box.row, box.column, box.height);
  };
  const found: number[] = [];
  for (let row = 0; row < pixels.rows; row++) if (fits(row)) found.push(row);
  return Int32Array.from(found);
}

/** Twice the difference from the pattern that nine of ten bytes of the rows keep, 4..48 levels. */
function toleranceOf({ values, size }: Pixels, { places, shown }: Region, rows: Int32Array): number {
  const away = new Uint32Array(256);
  let total = 0;
  for (const row of rows.subarray(0, MOST_SAMPLE))
    for (let at = 0; at < places.length; at++, total++) {
      const level = Math.abs((values[row * size + (places[at] as number)] as number) - (shown[at] as number));
      away[level] = (away[level] as number) + 1;
    }
  let [seen, level] = [0, -1];
  while (seen < FITS * total) seen += away[++level] as number;
  return Math.max(4, Math.min(48, 2 * level));
}

/** Whether so few rows fit that nothing can be said. */
export const tooFew = (rows: Int32Array): boolean => rows.length < FEWEST_ROWS;
