import { isFloat } from './dtypes.ts';
import type { Outlier, TensorFigures, WeightReport } from './types.ts';

/** Fewer members say nothing about what is usual. */
export const LEAST_MEMBERS = 6;
/** Robust z-score beyond which a member stands out. */
export const THRESHOLD_Z = 10;
const MOST_OUTLIERS = 200;

export interface Family {
  readonly role: string;
  readonly members: readonly TensorFigures[];
}

/** The same tensor over layers: its name with numbers that stand alone replaced by `*`. */
export function roleOf(name: string): string {
  return name.replace(/(^|[._/:[\]-])\d+(?=$|[._/:[\]-])/g, '$1*');
}

/** Tensors of numbers with the same role, shape and type, in the order of the first of each. */
export function familiesOf(tensors: readonly TensorFigures[]): Family[] {
  const byKey = new Map<string, { role: string; members: TensorFigures[] }>();
  for (const tensor of tensors) {
    if (!isFloat(tensor.dtype) || tensor.count === 0) continue;
    const role = roleOf(tensor.name);
    const key = `${role}\0${tensor.shape.join('x')}\0${tensor.dtype}`;
    const known = byKey.get(key);
    if (known) known.members.push(tensor);
    else byKey.set(key, { role, members: [tensor] });
  }
  return [...byKey.values()];
}

interface Figure {
  readonly name: Outlier['figure'];
  /** On the scale on which members scatter evenly; NaN where a member has none. */
  readonly scaled: (tensor: TensorFigures) => number;
  readonly shown: (tensor: TensorFigures) => number;
  /** Smallest median absolute deviation that is taken for real, and smallest distance that matters, on that scale. */
  readonly floor: number;
  readonly distance: number;
}

const rmsOf = ({ l2, count, nan, infinite }: TensorFigures): number =>
  (l2 ?? Number.NaN) / Math.sqrt(Math.max(1, count - nan - infinite));
const peakOf = (tensor: TensorFigures): number =>
  Math.max(Math.abs(tensor.min ?? 0), Math.abs(tensor.max ?? 0)) / rmsOf(tensor);
const driftOf = ({ mean, std }: TensorFigures): number => Math.abs(mean ?? 0) / (std || Number.NaN);
/** Log on both sides of small values: shares and ratios below it are all alike. */
const log2 = (value: number, least = 1e-12): number => Math.log2(Math.max(value, least));

/** Distances: four times the usual norm, eight times the usual peak, 16 times the usual tail, half of all numbers. */
const FIGURES: readonly Figure[] = [
  { name: 'rms', scaled: (t) => log2(rmsOf(t)), shown: rmsOf, floor: 0.15, distance: 2 },
  {
    name: 'kurtosis',
    scaled: (t) => log2((t.kurtosis ?? Number.NaN) + 3, 1),
    shown: (t) => t.kurtosis ?? Number.NaN,
    floor: 0.3,
    distance: 4,
  },
  { name: 'maxOverRms', scaled: (t) => log2(peakOf(t)), shown: peakOf, floor: 0.2, distance: 3 },
  {
    name: 'zeroShare',
    scaled: (t) => t.zeros / t.count,
    shown: (t) => t.zeros / t.count,
    floor: 0.02,
    distance: 0.5,
  },
  { name: 'meanOverStd', scaled: (t) => log2(driftOf(t), 0.25), shown: driftOf, floor: 0.3, distance: 4 },
];

/** Members that stand out of their family by median and median absolute deviation. */
export function outliersOf(families: readonly Family[]): Outlier[] {
  const found: Outlier[] = [];
  for (const { role, members } of families) {
    if (members.length < LEAST_MEMBERS) continue;
    for (const figure of FIGURES) found.push(...standOut(role, members, figure));
  }
  return found.slice(0, MOST_OUTLIERS);
}

function standOut(role: string, members: readonly TensorFigures[], figure: Figure): Outlier[] {
  // Constant members are named as such elsewhere; a norm of zero is no norm to compare.
  const compared = members.filter((tensor) => tensor.std !== null && tensor.std > 0);
  const scaled = compared.map(figure.scaled);
  const usual = medianOfNumbers(scaled);
  const deviation = Math.max(figure.floor, medianOfNumbers(scaled.map((value) => Math.abs(value - usual))));
  const shown = medianOfNumbers(compared.map(figure.shown));
  return compared.flatMap((tensor, index) => {
    const distance = (scaled[index] as number) - usual;
    const z = (0.6745 * distance) / deviation;
    if (!(Math.abs(z) > THRESHOLD_Z && Math.abs(distance) > figure.distance)) return [];
    return {
      tensor: tensor.name,
      file: tensor.file,
      family: role,
      members: members.length,
      figure: figure.name,
      value: figure.shown(tensor),
      median: shown,
      z,
      threshold: THRESHOLD_Z,
    };
  });
}

/** The middle value (lower one of two) of those that are numbers; NaN for none. */
export function medianOfNumbers(values: readonly number[]): number {
  const known = values.filter((value) => !Number.isNaN(value)).toSorted((a, b) => a - b);
  return known[Math.floor((known.length - 1) / 2)] ?? Number.NaN;
}

export const familySummary = ({ role, members }: Family): WeightReport['families'][number] => ({
  role,
  members: members.length,
  medianRms: medianOfNumbers(members.map(rmsOf)),
});

/** Below this a constant tensor says nothing: biases and scales begin as zeros and ones. */
const LEAST_NUMBERS = 256;

/** Constant tensors in families most of whose members are not. */
export function constantsOf(families: readonly Family[]): WeightReport['constants'] {
  return families.flatMap(({ role, members }) => {
    const constant = members.filter(
      ({ min, max, count }) => min === max && min !== null && count >= LEAST_NUMBERS,
    );
    if (members.length < LEAST_MEMBERS || constant.length * 2 >= members.length) return [];
    return constant.map(({ name, min }) => ({ tensor: name, family: role, value: min as number }));
  });
}

/** Groups of tensors of at least 256 numbers, not constant, with the same bytes. */
export function duplicatesOf(tensors: readonly TensorFigures[]): WeightReport['duplicates'] {
  const byDigest = new Map<string, string[]>();
  for (const { name, digest, count, min, max, dtype } of tensors) {
    if (count < LEAST_NUMBERS || min === max || !isFloat(dtype)) continue;
    const known = byDigest.get(digest);
    if (known) known.push(name);
    else byDigest.set(digest, [name]);
  }
  return [...byDigest].flatMap(([digest, names]) => (names.length > 1 ? { digest, tensors: names } : []));
}
