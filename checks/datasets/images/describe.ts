import type { Pixels } from './pixels.ts';

/** Larger pictures are averaged down to at most so many pixels a side first. */
const MOST_SIDE = 32;
const CELLS = 7;
const TURNS = 8;
const COLOUR_CELLS = 4;
const THUMB = 14;
/** Weights of the parts, each of length 1 before. */
const COLOUR_WEIGHT = 0.6;
const THUMB_WEIGHT = 0.8;

/** Writes what a picture (its bytes from `at` on) looks like into `into` from `to` on. */
export type Describe = (bytes: Uint8Array, at: number, into: Float32Array, to: number) => void;

export interface Description {
  readonly length: number;
  readonly describe: Describe;
}

interface Grid {
  readonly height: number;
  readonly width: number;
}

/**
 * Square roots of histograms of gradients (8 directions in up to 7 × 7 cells, shared between neighbouring cells and
 * directions; after Dalal and Triggs, CVPR 2005), a small grey picture, and mean colours in 4 × 4 cells; each part of
 * length 1 times its weight.
 */
export function description(pixels: Pixels): Description {
  const small = smallOf(pixels);
  const cells = { height: cellsOf(small.height), width: cellsOf(small.width) };
  const thumb = { height: Math.min(THUMB, small.height), width: Math.min(THUMB, small.width) };
  const gradients = cells.height * cells.width * TURNS;
  const thumbs = thumb.height * thumb.width;
  const colours = pixels.channels === 1 ? 0 : COLOUR_CELLS * COLOUR_CELLS * pixels.channels;
  const planes = Array.from({ length: pixels.channels }, () => new Float32Array(small.height * small.width));
  const grey = new Float32Array(small.height * small.width);
  const describe: Describe = (bytes, at, into, to) => {
    into.fill(0, to, to + gradients + thumbs + colours);
    shrink(pixels, small, bytes.subarray(at, at + pixels.size), planes);
    grey.fill(0);
    for (const plane of planes)
      for (let p = 0; p < grey.length; p++)
        grey[p] = (grey[p] as number) + (plane[p] as number) / pixels.channels;
    const histogram = into.subarray(to, to + gradients);
    turnHistogram(grey, small, cells, histogram);
    normalise(histogram, 1, 0);
    const picture = into.subarray(to + gradients, to + gradients + thumbs);
    average(grey, small, thumb, picture);
    normalise(picture, THUMB_WEIGHT, thumbs);
    if (colours === 0) return;
    const colour = into.subarray(to + gradients + thumbs, to + gradients + thumbs + colours);
    const square = { height: COLOUR_CELLS, width: COLOUR_CELLS };
    planes.forEach((plane, channel) => {
      const part = colours / pixels.channels;
      average(plane, small, square, colour.subarray(channel * part, (channel + 1) * part));
    });
    for (let p = 0; p < colours; p++)
      colour[p] = (((colour[p] as number) / 128 - 1) * COLOUR_WEIGHT) / Math.sqrt(colours);
  };
  return { length: gradients + thumbs + colours, describe };
}

const cellsOf = (side: number): number => Math.max(1, Math.min(CELLS, side >> 1));

function smallOf({ height, width }: Pixels): Grid {
  const factor = Math.max(1, Math.ceil(Math.max(height, width) / MOST_SIDE));
  return { height: Math.ceil(height / factor), width: Math.ceil(width / factor) };
}

/** Each channel, averaged over squares of the whole factor. */
function shrink(pixels: Pixels, small: Grid, bytes: Uint8Array, planes: readonly Float32Array[]): void {
  const { height, width, channels } = pixels;
  const factor = Math.ceil(height / small.height);
  planes.forEach((plane, channel) => {
    for (let r = 0; r < small.height; r++)
      for (let c = 0; c < small.width; c++) {
        if (factor === 1) {
          plane[r * width + c] = bytes[(r * width + c) * channels + channel] as number;
          continue;
        }
        let [sum, count] = [0, 0];
        for (let y = r * factor; y < Math.min(height, (r + 1) * factor); y++)
          for (let x = c * factor; x < Math.min(width, (c + 1) * factor); x++, count++)
            sum += bytes[(y * width + x) * channels + channel] as number;
        plane[r * small.width + c] = count > 0 ? sum / count : 0;
      }
  });
}

function turnHistogram(grey: Float32Array, { height, width }: Grid, cells: Grid, into: Float32Array): void {
  for (let r = 0; r < height; r++)
    for (let c = 0; c < width; c++) {
      const here = r * width + c;
      const dx =
        (grey[c + 1 < width ? here + 1 : here] as number) - (grey[c > 0 ? here - 1 : here] as number);
      const dy =
        (grey[r + 1 < height ? here + width : here] as number) -
        (grey[r > 0 ? here - width : here] as number);
      const strength = Math.sqrt(dx * dx + dy * dy);
      if (strength < 2) continue;
      const turn = turnOf(dy, dx);
      const y = ((r + 0.5) * cells.height) / height - 0.5;
      const x = ((c + 0.5) * cells.width) / width - 0.5;
      share(into, cells, { y, x, turn, strength });
    }
  for (let p = 0; p < into.length; p++) into[p] = Math.sqrt(into[p] as number);
}

/** Directions of whole differences −255..255, made when they are first needed. */
let known: Float64Array | null = null;
const LEVELS = 511;

function turnOf(dy: number, dx: number): number {
  const at = (dy + 255) * LEVELS + dx + 255;
  if (!Number.isInteger(dy) || !Number.isInteger(dx)) return angleOf(dy, dx);
  known ??= Float64Array.from({ length: LEVELS * LEVELS }, (_, place) =>
    angleOf(Math.floor(place / LEVELS) - 255, (place % LEVELS) - 255),
  );
  return known[at] as number;
}

const angleOf = (dy: number, dx: number): number =>
  ((Math.atan2(dy, dx) / (2 * Math.PI) + 1) * TURNS) % TURNS;

interface Gradient {
  readonly y: number;
  readonly x: number;
  readonly turn: number;
  readonly strength: number;
}

function share(into: Float32Array, cells: Grid, { y, x, turn, strength }: Gradient): void {
  const [row, column, first] = [Math.floor(y), Math.floor(x), Math.floor(turn)];
  const second = (first + 1) % TURNS;
  const part = turn - first;
  for (let dr = 0; dr < 2; dr++) {
    const r = row + dr;
    if (r < 0 || r >= cells.height) continue;
    const rowPart = strength * (dr === 0 ? 1 - (y - row) : y - row);
    for (let dc = 0; dc < 2; dc++) {
      const c = column + dc;
      if (c < 0 || c >= cells.width) continue;
      const weight = rowPart * (dc === 0 ? 1 - (x - column) : x - column);
      const at = (r * cells.width + c) * TURNS;
      into[at + (first % TURNS)] = (into[at + (first % TURNS)] as number) + weight * (1 - part);
      into[at + second] = (into[at + second] as number) + weight * part;
    }
  }
}

function average(from: Float32Array, grid: Grid, to: Grid, into: Float32Array): void {
  for (let r = 0; r < to.height; r++)
    for (let c = 0; c < to.width; c++) {
      const [top, left] = [
        Math.floor((r * grid.height) / to.height),
        Math.floor((c * grid.width) / to.width),
      ];
      const bottom = Math.max(top + 1, Math.floor(((r + 1) * grid.height) / to.height));
      const right = Math.max(left + 1, Math.floor(((c + 1) * grid.width) / to.width));
      let sum = 0;
      for (let y = top; y < bottom; y++)
        for (let x = left; x < right; x++)
          sum += from[Math.min(y, grid.height - 1) * grid.width + Math.min(x, grid.width - 1)] as number;
      into[r * to.width + c] = sum / ((bottom - top) * (right - left));
    }
}

/** Length `weight`; the mean of `centred` numbers is taken off first where that is not 0. */
function normalise(part: Float32Array, weight: number, centred: number): void {
  let [mean, squares] = [0, 0];
  for (const value of part) mean += value / part.length;
  for (let p = 0; p < part.length; p++) {
    if (centred > 0) part[p] = (part[p] as number) - mean;
    squares += (part[p] as number) ** 2;
  }
  const scale = squares > 0 ? weight / Math.sqrt(squares) : 0;
  for (let p = 0; p < part.length; p++) part[p] = (part[p] as number) * scale;
}
