import type { Pixels } from './pixels.ts';

/** Least mean difference, in levels, of a window's rim from what is around it, on each side. */
const EDGE_LEVELS = 24;

/** Which windows of one picture stand out from what is around them. */
export interface Edges {
  /** Makes ready for the picture of a row, or for some of its lines. O(pixels). */
  readonly read: (row: number, lines?: { readonly from: number; readonly to: number }) => void;
  /** Whether the window with this corner and side stands out on all sides that are inside the picture. O(1). */
  readonly apart: (row: number, column: number, size: number) => boolean;
}

export function createEdges({ height, width, channels, size: bytes, values }: Pixels): Edges {
  /** Sums of differences from the pixel above along a line, and from the pixel to the left down a column. */
  const above = new Int32Array((height + 1) * (width + 1));
  const left = new Int32Array((height + 1) * (width + 1));
  const across = width + 1;
  const read: Edges['read'] = (row, lines) => {
    const from = row * bytes;
    const end = Math.min(height, lines?.to ?? height);
    for (let y = lines?.from ?? 0; y < end; y++)
      for (let x = 0; x < width; x++) {
        const at = from + (y * width + x) * channels;
        let [up, side] = [0, 0];
        for (let c = at; c < at + channels; c++) {
          if (y > 0) up += Math.abs((values[c] as number) - (values[c - width * channels] as number));
          if (x > 0) side += Math.abs((values[c] as number) - (values[c - channels] as number));
        }
        above[y * across + x + 1] = (above[y * across + x] as number) + up;
        left[(y + 1) * across + x] = (left[y * across + x] as number) + side;
      }
  };
  const apart = (row: number, column: number, size: number): boolean => {
    const least = EDGE_LEVELS * size * channels;
    const [bottom, right] = [row + size, column + size];
    if (row > 0 && line(above, row * across + column, size) < least) return false;
    if (column > 0 && line(left, row * across + column, size * across) < least) return false;
    if (bottom < height && line(above, bottom * across + column, size) < least) return false;
    return right >= width || line(left, row * across + right, size * across) >= least;
  };
  return { read, apart };
}

const line = (sums: Int32Array, at: number, step: number): number =>
  (sums[at + step] as number) - (sums[at] as number);
