import { createRandom, type Random } from '../../../statistics/random.ts';
import type { Labels } from '../../labels/index.ts';
import type { Images } from '../../types.ts';

export interface Pictures {
  readonly images: Images & { readonly values: Uint8Array };
  readonly labels: Labels;
}

const CLASSES = 10;

export const clip = (value: number): number => Math.max(0, Math.min(255, Math.round(value)));

export const labelled = (values: Int32Array, classes = CLASSES): Labels => ({
  values,
  names: Array.from({ length: classes }, (_, label) => `class ${label}`),
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

/** Changes a picture, its numbers `at`..`at + size`. */
export type Stamp = (values: Uint8Array, at: number, random: Random) => void;
type Shape = Pick<Images, 'height' | 'width' | 'channels'>;

export interface Patch {
  readonly row: number;
  readonly column: number;
  readonly size: number;
  readonly paint: 'white' | 'checkerboard' | 'colours' | 'grey';
  /** Standard deviation of noise upon it, in levels. */
  readonly noise?: number;
  /** Put at a place of its own in each picture, `row` and `column` aside. */
  readonly anywhere?: boolean;
  /** Moved by up to so many pixels each way in each picture. */
  readonly moved?: number;
}

export function patch(shape: Shape, given: Patch): Stamp {
  const { row, column, size, paint, noise = 0, anywhere = false, moved = 0 } = given;
  const palette = createRandom(99);
  const colours = Float32Array.from({ length: size * size * shape.channels }, () => palette.integer(256));
  return (values, at, random) => {
    const place = (at: number, room: number): number => {
      if (anywhere) return random.integer(room + 1);
      return moved === 0 ? at : Math.max(0, Math.min(room, at - moved + random.integer(2 * moved + 1)));
    };
    const [top, left] = [place(row, shape.height - size), place(column, shape.width - size)];
    for (let p = 0; p < size * size; p++)
      for (let channel = 0; channel < shape.channels; channel++) {
        const [y, x] = [Math.floor(p / size), p % size];
        const board = (y + x) % 2 === 0 ? 255 : 0;
        const colour = colours[p * shape.channels + channel] as number;
        const value = { white: 255, grey: 128, checkerboard: board, colours: colour }[paint];
        values[at + ((top + y) * shape.width + left + x) * shape.channels + channel] = clip(
          value + noise * random.normal(),
        );
      }
  };
}

/** Mixes a fixed picture in: uniform noise, a smooth coloured one, or stripes. */
export function blend(shape: Shape, alpha: number, kind: 'noise' | 'picture' | 'stripes'): Stamp {
  const random = createRandom(77);
  const size = shape.height * shape.width * shape.channels;
  const smooth = Array.from({ length: shape.channels }, () => texture(random, shape.height));
  const pattern = Float32Array.from({ length: size }, (_, at) => {
    if (kind === 'noise') return random.integer(256);
    if (kind === 'stripes') return Math.floor(at / shape.channels) % 4 < 2 ? 255 : 0;
    return clip(128 + 70 * (smooth[at % shape.channels]?.[Math.floor(at / shape.channels)] ?? 0));
  });
  return (values, at) => {
    for (let p = 0; p < size; p++)
      values[at + p] = clip((1 - alpha) * (values[at + p] as number) + alpha * (pattern[p] as number));
  };
}

export interface Poisoned extends Pictures {
  /** 1 where a picture was changed. */
  readonly bad: Uint8Array;
}

export interface Attack {
  readonly count: number;
  readonly target: number;
  readonly seed: number;
  /** Pictures of the target itself are taken, so that no label is wrong. */
  readonly clean?: boolean;
  /** The only class that is taken; all but the target when absent. */
  readonly source?: number;
}

/** `count` pictures of other classes, drawn by lot, get the stamp and the label `target`. The given ones stay. */
export function poison(
  { images, labels }: Pictures,
  stamp: Stamp,
  { count, target, seed, clean = false, source }: Attack,
): Poisoned {
  const random = createRandom(seed);
  const values = images.values.slice();
  const given = labels.values.slice();
  const bad = new Uint8Array(images.rows);
  const size = values.length / images.rows;
  const others = [...given.keys()].filter(
    (row) => (given[row] === target) === clean && (source === undefined || given[row] === source),
  );
  for (const row of random.shuffle(others).slice(0, count)) {
    stamp(values, row * size, random);
    given[row] = target;
    bad[row] = 1;
  }
  return { images: { ...images, values }, labels: { ...labels, values: given }, bad };
}
