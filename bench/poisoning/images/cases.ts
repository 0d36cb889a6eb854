import {
  blend,
  colourPictures,
  type Patch,
  type Pictures,
  type Poisoned,
  patch,
  poison,
} from '@bartizan/checks/datasets/images/testing/generated.ts';
import { plainPictures, strokePictures } from '@bartizan/checks/datasets/images/testing/strokes.ts';
import { createRandom, type Random } from '@bartizan/checks/statistics/random.ts';

/** One cell of the matrix of attacks: which pictures, what is put into them, how often and how they are labelled. */
export interface Case {
  readonly set: string;
  readonly rows: number;
  readonly seed: number;
  /** Poisoned share of all pictures; 0 for none. */
  readonly rate: number;
  readonly attack: string;
  readonly make: (base: Pictures) => Poisoned;
}

export interface CaseOptions {
  readonly cases: number;
  readonly seed: number;
  /** Names of the sets, and how many pictures each may have. */
  readonly sets: Readonly<Record<string, readonly number[]>>;
}

const RATES = [0.01, 0.02, 0.05] as const;
const PAINTS = ['white', 'checkerboard', 'colours', 'grey'] as const;
const SIZES = [2, 3, 4, 5, 8] as const;
const PLACES = ['corner', 'edge', 'anywhere fixed', 'moved by 2', 'anywhere'] as const;
const BLENDS = ['noise .1', 'noise .2', 'picture .2', 'stripes .1', 'stripes .2'] as const;
/** Of five cases one is an overlay, of eight one is clean. */
const BLEND_SHARE = 0.2;
const CLEAN_SHARE = 0.125;

const pick = <Item>(random: Random, items: readonly Item[]): Item =>
  items[random.integer(items.length)] as Item;

/** Pictures by the name of their set: `strokes`, `colour`, `plain`. */
export const GENERATED: Readonly<Record<string, (rows: number, seed: number) => Pictures>> = Object.freeze({
  strokes: strokePictures,
  colour: colourPictures,
  plain: plainPictures,
});

/** Cases drawn by lot from all combinations, the same ones for the same seed. */
export function drawCases({ cases, seed, sets }: CaseOptions): readonly Case[] {
  const random = createRandom(seed);
  return Array.from({ length: cases }, () => {
    const set = pick(random, Object.keys(sets));
    const rows = pick(random, sets[set] ?? [1000]);
    const own = random.integer(2 ** 31);
    const rate = random.next() < CLEAN_SHARE ? 0 : pick(random, RATES);
    const oneSource = random.next() < 0.3;
    const stamp = random.next() < BLEND_SHARE ? blended(random) : patched(random);
    const attack = rate === 0 ? 'none' : `${stamp.name}${oneSource ? ', one source' : ''}`;
    const make = (base: Pictures): Poisoned => {
      const classes = base.labels.names.length;
      const target = own % classes;
      const source = oneSource ? { source: (target + 1) % classes } : {};
      const count = Math.round(rate * base.images.rows);
      return poison(base, stamp.of(base, own), { count, target, seed: own, ...source });
    };
    return { set, rows, seed: own, rate, attack, make };
  });
}

interface Named {
  readonly name: string;
  readonly of: (base: Pictures, seed: number) => ReturnType<typeof patch>;
}

function blended(random: Random): Named {
  const name = pick(random, BLENDS);
  const [kind, alpha] = name.split(' ') as ['noise' | 'picture' | 'stripes', string];
  return { name, of: ({ images }) => blend(images, Number(alpha), kind) };
}

function patched(random: Random): Named {
  const [paint, size, place] = [pick(random, PAINTS), pick(random, SIZES), pick(random, PLACES)];
  const noise = random.next() < 0.25 ? 4 : 0;
  const said = noise > 0 ? ', noisy' : '';
  return {
    name: `${paint} ${size} × ${size}, ${place}${said}`,
    of: ({ images }, seed) => {
      const own = createRandom(seed);
      const [down, across] = [images.height - size, images.width - size];
      const margin = own.integer(3);
      const corner = {
        row: own.integer(2) * (down - 2 * margin),
        column: own.integer(2) * (across - 2 * margin),
      };
      const at =
        place === 'corner'
          ? { row: corner.row + margin, column: corner.column + margin }
          : place === 'edge'
            ? { row: margin, column: own.integer(across + 1) }
            : { row: 2 + own.integer(down - 3), column: 2 + own.integer(across - 3) };
      const where: Partial<Patch> =
        place === 'anywhere' ? { anywhere: true } : place === 'moved by 2' ? { moved: 2 } : {};
      return patch(images, { ...at, size, paint, noise, ...where });
    },
  };
}
