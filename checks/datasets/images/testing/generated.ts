import { createRandom, type Random } from '../../../statistics/random.ts';
import type { Labels } from '../../labels/index.ts';
import type { Images } from '../../types.ts';

export interface Pictures {
  readonly images: Images & { readonly values: Uint8Array };
  readonly labels: Labels;
}

const CLASSES = 10;

const clip = (value: number): number => Math.max(0, Math.min(255, Math.round(value)));

const labelled = (values: Int32Array): Labels => ({
  values,
  names: Array.from({ length: CLASSES }, (_, label) => `class ${label}`),
});

/** Smooth noise of several octaves with falling strength, −1..1 or so, side × side. */
function texture(random: Random, side: number): Float32Array {
  const result = new Float32Array(side * side);
  for (let cells = 2, strength = 1; cells <= side; cells *= 2, strength *= 0.55) {
    const knots = Float32Array.from({ length: (cells + 1) ** 2 }, () => random.normal() * strength);
    const knot = (r: number, c: number): number => knots[r * (cells + 1) + c] as number;
    for (let r = 0; r < side; r++)
      for (let c = 0; c < side; c++) {
        const [y, x] = [(r * cells) / side, (c * cells) / side];
        const [top, left] = [Math.floor(y), Math.floor(x)];
        const [down, right] = [y - top, x - left];
        const upper = knot(top, left) * (1 - right) + knot(top, left + 1) * right;
        const lower = knot(top + 1, left) * (1 - right) + knot(top + 1, left + 1) * right;
        result[r * side + c] = (result[r * side + c] as number) + upper * (1 - down) + lower * down;
      }
  }
  return result;
}

/** Whether a point (from the middle, in units of the radius) is inside the shape of a class. */
const SHAPES: readonly ((y: number, x: number) => boolean)[] = [
  (y, x) => y * y + x * x < 1,
  (y, x) => Math.max(Math.abs(y), Math.abs(x)) < 0.85,
  (y, x) => y < 0.8 && y > 2 * Math.abs(x) - 1,
  (y, x) => Math.abs(y) < 0.3 || Math.abs(x) < 0.3,
  (y, x) => y * y + x * x < 1 && y * y + x * x > 0.4,
  (y) => Math.abs(y) < 0.35,
  (_y, x) => Math.abs(x) < 0.35,
  (y, x) => Math.abs(y - x) < 0.45,
  (y, x) => Math.abs(y + x) < 0.45,
  (y, x) => (Math.floor(4 * y + 100) + Math.floor(4 * x + 100)) % 2 === 0,
];

/** Coloured shapes on textured grounds, 32 × 32 × 3; one ground in 20 is plain white, as in product pictures. */
export function colourPictures(rows: number, seed: number): Pictures {
  const random = createRandom(seed);
  const side = 32;
  const values = new Uint8Array(rows * side * side * 3);
  const labels = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    const label = random.integer(CLASSES);
    labels[row] = label;
    const [ground, cover] = [texture(random, side), texture(random, side)];
    const white = random.next() < 0.05;
    const colours = Float32Array.from({ length: 12 }, () => random.next());
    const [middleY, middleX] = [12 + 8 * random.next(), 12 + 8 * random.next()];
    const radius = 6 + 7 * random.next();
    const noise = 2 + 3 * random.next();
    for (let at = 0; at < side * side; at++) {
      const y = (Math.floor(at / side) - middleY) / radius;
      const x = ((at % side) - middleX) / radius;
      const inside = Math.max(Math.abs(y), Math.abs(x)) < 1.2 && SHAPES[label]?.(y, x) === true;
      for (let channel = 0; channel < 3; channel++) {
        const base = 40 + 175 * (colours[(inside ? 3 : 0) + channel] as number);
        const depth = 30 + 40 * (colours[(inside ? 9 : 6) + channel] as number);
        const plain = base + depth * ((inside ? cover : ground)[at] as number) + noise * random.normal();
        values[(row * side * side + at) * 3 + channel] = white && !inside ? 255 : clip(plain);
      }
    }
  }
  return { images: { rows, height: side, width: side, channels: 3, values }, labels: labelled(labels) };
}

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

/** Changes a picture, its numbers `at`..`at + size`. */
export type Stamp = (values: Uint8Array, at: number, random: Random) => void;
type Shape = Pick<Images, 'height' | 'width' | 'channels'>;

export interface Patch {
  readonly row: number;
  readonly column: number;
  readonly size: number;
  readonly paint: 'white' | 'checkerboard' | 'colours';
  /** Standard deviation of noise upon it, in levels. */
  readonly noise?: number;
  /** Put at a place of its own in each picture, `row` and `column` aside. */
  readonly anywhere?: boolean;
}

export function patch(shape: Shape, { row, column, size, paint, noise = 0, anywhere = false }: Patch): Stamp {
  const palette = createRandom(99);
  const colours = Float32Array.from({ length: size * size * shape.channels }, () => palette.integer(256));
  return (values, at, random) => {
    const top = anywhere ? random.integer(shape.height - size + 1) : row;
    const left = anywhere ? random.integer(shape.width - size + 1) : column;
    for (let p = 0; p < size * size; p++)
      for (let channel = 0; channel < shape.channels; channel++) {
        const [y, x] = [Math.floor(p / size), p % size];
        const board = (y + x) % 2 === 0 ? 255 : 0;
        const colour = colours[p * shape.channels + channel] as number;
        const value = paint === 'white' ? 255 : paint === 'checkerboard' ? board : colour;
        values[at + ((top + y) * shape.width + left + x) * shape.channels + channel] = clip(
          value + noise * random.normal(),
        );
      }
  };
}

/** Mixes a fixed picture in: uniform noise, or a smooth coloured one. */
export function blend(shape: Shape, alpha: number, kind: 'noise' | 'picture'): Stamp {
  const random = createRandom(77);
  const size = shape.height * shape.width * shape.channels;
  const smooth = Array.from({ length: shape.channels }, () => texture(random, shape.height));
  const pattern = Float32Array.from({ length: size }, (_, at) =>
    kind === 'noise'
      ? random.integer(256)
      : clip(128 + 70 * (smooth[at % shape.channels]?.[Math.floor(at / shape.channels)] ?? 0)),
  );
  return (values, at) => {
    for (let p = 0; p < size; p++)
      values[at + p] = clip((1 - alpha) * (values[at + p] as number) + alpha * (pattern[p] as number));
  };
}

export interface Poisoned extends Pictures {
  /** 1 where a picture was changed. */
  readonly bad: Uint8Array;
}

/** `count` pictures of other classes, drawn by lot, get the stamp and the label `target`. The given ones stay. */
export function poison(
  { images, labels }: Pictures,
  stamp: Stamp,
  { count, target, seed, clean = false }: { count: number; target: number; seed: number; clean?: boolean },
): Poisoned {
  const random = createRandom(seed);
  const values = images.values.slice();
  const given = labels.values.slice();
  const bad = new Uint8Array(images.rows);
  const size = values.length / images.rows;
  const others = [...given.keys()].filter((row) => (given[row] === target) === clean);
  for (const row of random.shuffle(others).slice(0, count)) {
    stamp(values, row * size, random);
    given[row] = target;
    bad[row] = 1;
  }
  return { images: { ...images, values }, labels: { ...labels, values: given }, bad };
}
