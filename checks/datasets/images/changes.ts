import type { Box } from './candidates.ts';
import type { Change } from './context.ts';
import type { Pixels } from './pixels.ts';
import { coordinate, type Filter } from './waves.ts';

/** Fills the box with the mean of the pixels around it, per channel. */
export function blot(pixels: Pixels, box: Box): Change {
  const around = rimOf(pixels, box);
  return (bytes) => fill(pixels, box, around, bytes);
}

/** Blots in each row what it has there; other rows stay. */
export function blotEach(pixels: Pixels, places: ReadonlyMap<number, readonly Box[]>): Change {
  return (bytes, row) => {
    for (const box of places.get(row) ?? []) fill(pixels, box, rimOf(pixels, box), bytes);
  };
}

/** Takes all that lies along the filter's direction off every picture, but for the mean of it. */
export function takeOff(pixels: Pixels, { measure, show }: Filter): Change {
  const { rows, size, values } = pixels;
  const stride = Math.ceil(rows / 2000);
  let [middle, count] = [0, 0];
  for (let row = 0; row < rows; row += stride, count++) middle += coordinate(values, row * size, measure);
  middle /= count;
  return (bytes) => {
    const along = coordinate(bytes, 0, measure) - middle;
    for (let p = 0; p < size; p++)
      bytes[p] = Math.max(0, Math.min(255, Math.round((bytes[p] as number) - along * (show[p] as number))));
  };
}

/** The pixels next to the box. */
function rimOf({ height, width }: Pixels, box: Box): number[] {
  const [bottom, right] = [box.row + box.height, box.column + box.width];
  const around: number[] = [];
  for (let y = Math.max(0, box.row - 1); y < Math.min(height, bottom + 1); y++)
    for (let x = Math.max(0, box.column - 1); x < Math.min(width, right + 1); x++)
      if (y < box.row || y >= bottom || x < box.column || x >= right) around.push(y * width + x);
  return around;
}

function fill({ width, channels }: Pixels, box: Box, around: readonly number[], bytes: Uint8Array): void {
  for (let channel = 0; channel < channels; channel++) {
    let sum = 0;
    for (const cell of around) sum += bytes[cell * channels + channel] as number;
    const mean = around.length > 0 ? Math.round(sum / around.length) : 0;
    for (let y = box.row; y < box.row + box.height; y++)
      for (let x = box.column; x < box.column + box.width; x++)
        bytes[(y * width + x) * channels + channel] = mean;
  }
}
