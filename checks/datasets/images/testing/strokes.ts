import { createRandom } from '../../../statistics/random.ts';
import { clip, labelled, type Pictures } from './generated.ts';

const CLASSES = 10;

/** Corners of the strokes of each class, in units of the picture, as a plotter would draw a figure. */
const STROKES: readonly (readonly (readonly [number, number])[])[] = [
  [
    [0.2, 0.5],
    [0.35, 0.75],
    [0.7, 0.75],
    [0.85, 0.5],
    [0.7, 0.28],
    [0.35, 0.28],
    [0.2, 0.5],
  ],
  [
    [0.2, 0.5],
    [0.85, 0.5],
  ],
  [
    [0.25, 0.3],
    [0.2, 0.6],
    [0.4, 0.7],
    [0.82, 0.3],
    [0.82, 0.72],
  ],
  [
    [0.2, 0.32],
    [0.22, 0.66],
    [0.48, 0.45],
    [0.7, 0.7],
    [0.85, 0.32],
  ],
  [
    [0.2, 0.35],
    [0.55, 0.3],
    [0.55, 0.72],
    [0.2, 0.68],
    [0.85, 0.66],
  ],
  [
    [0.2, 0.7],
    [0.2, 0.35],
    [0.48, 0.35],
    [0.66, 0.7],
    [0.85, 0.32],
  ],
  [
    [0.2, 0.6],
    [0.6, 0.3],
    [0.82, 0.5],
    [0.65, 0.68],
    [0.55, 0.35],
  ],
  [
    [0.2, 0.3],
    [0.2, 0.7],
    [0.85, 0.42],
  ],
  [
    [0.5, 0.5],
    [0.3, 0.68],
    [0.2, 0.5],
    [0.5, 0.5],
    [0.82, 0.5],
    [0.68, 0.3],
    [0.5, 0.5],
  ],
  [
    [0.35, 0.68],
    [0.2, 0.45],
    [0.42, 0.35],
    [0.4, 0.68],
    [0.85, 0.62],
  ],
];

/** White strokes on black, 28 × 28, each class a figure that is bent, moved and turned at random. */
export function strokePictures(rows: number, seed: number): Pictures {
  const random = createRandom(seed);
  const side = 28;
  const values = new Uint8Array(rows * side * side);
  const labels = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    const label = random.integer(CLASSES);
    labels[row] = label;
    const [angle, size] = [0.16 * random.normal(), 0.85 + 0.25 * random.next()];
    const [up, across, thick] = [random.normal(), random.normal(), 0.8 + random.next()];
    const corners = (STROKES[label] ?? []).map(([y, x]) => {
      const [dy, dx] = [(y - 0.5 + 0.03 * random.normal()) * size, (x - 0.5 + 0.03 * random.normal()) * size];
      return [
        side * (0.5 + dy * Math.cos(angle) - dx * Math.sin(angle)) + up,
        side * (0.5 + dy * Math.sin(angle) + dx * Math.cos(angle)) + across,
      ] as const;
    });
    for (let at = 0; at < side * side; at++) {
      const near = distanceTo(corners, Math.floor(at / side), at % side);
      values[row * side * side + at] = clip(255 * (thick + 0.7 - near));
    }
  }
  return { images: { rows, height: side, width: side, channels: 1, values }, labels: labelled(labels) };
}

function distanceTo(corners: readonly (readonly [number, number])[], y: number, x: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let at = 1; at < corners.length; at++) {
    const [[y0, x0], [y1, x1]] = [corners[at - 1] ?? [0, 0], corners[at] ?? [0, 0]];
    const length = (y1 - y0) ** 2 + (x1 - x0) ** 2;
    const along =
      length > 0 ? Math.max(0, Math.min(1, ((y - y0) * (y1 - y0) + (x - x0) * (x1 - x0)) / length)) : 0;
    least = Math.min(least, Math.hypot(y - y0 - along * (y1 - y0), x - x0 - along * (x1 - x0)));
  }
  return least;
}

/** Bars and squares, 28 × 28, moved by up to 3 pixels on grounds of noise: three classes. */
export function plainPictures(rows: number, seed: number): Pictures {
  const random = createRandom(seed);
  const side = 28;
  const values = new Uint8Array(rows * side * side);
  const labels = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    const label = random.integer(3);
    labels[row] = label;
    const [down, across] = [random.integer(7) - 3, random.integer(7) - 3];
    for (let at = 0; at < side * side; at++) {
      const [y, x] = [Math.floor(at / side) - down, (at % side) - across];
      const [tall, wide] = [
        [16, 4],
        [4, 16],
        [12, 12],
      ][label] as [number, number];
      const inside = 2 * Math.abs(y - 14) <= tall && 2 * Math.abs(x - 14) <= wide;
      values[row * side * side + at] = clip(40 + 15 * random.normal() + (inside ? 140 : 0));
    }
  }
  return { images: { rows, height: side, width: side, channels: 1, values }, labels: labelled(labels, 3) };
}
