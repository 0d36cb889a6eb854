import { createRandom, type Random } from '../../statistics/random.ts';
import { DatasetInputError } from '../types.ts';
import { type PairCounts, pairCounts } from './pairs.ts';
import type { Agreement, AgreementOptions, Annotations, Coefficient, Level, PairAgreement } from './types.ts';
import { votesOf } from './votes.ts';

const RESAMPLES = 1000;
const PAIRS = 50;
/** Additions that one bootstrap may take in all; on more labels there are fewer draws, but at least `FEWEST`. */
const MOST_WORK = 300_000_000;
const FEWEST = 100;
/** Fewest items from which an interval is given. */
const ITEMS_FOR_INTERVAL = 5;
/** Most classes: the coincidences are classes². */
const MOST_CLASSES = 1000;

/**
 * The labels of the items with at least two, sparse: item i has `count[at]` labels of class `label[at]` for at from
 * `start[i]` to `start[i + 1]` − 1.
 */
interface Units {
  readonly start: Int32Array;
  readonly label: Int32Array;
  readonly count: Int32Array;
  readonly items: number;
  readonly classes: number;
}

function unitsOf(annotations: Annotations): Units {
  const { byItem: grouping, classes } = votesOf(annotations);
  const starts = [0];
  const [label, count]: [number[], number[]] = [[], []];
  const seen = new Int32Array(classes);
  for (let item = 0; item < annotations.itemNames.length; item++) {
    const places = grouping.order.subarray(grouping.start[item], grouping.start[item + 1]);
    if (places.length < 2) continue;
    const own = [...new Set(Array.from(places, (place) => annotations.labels[place] as number))];
    for (const place of places) (seen[annotations.labels[place] as number] as number)++;
    for (const c of own) {
      label.push(c);
      count.push(seen[c] as number);
      seen[c] = 0;
    }
    starts.push(label.length);
  }
  return {
    start: Int32Array.from(starts),
    label: Int32Array.from(label),
    count: Int32Array.from(count),
    items: starts.length - 1,
    classes,
  };
}

/** Squared distance of two classes, given how often each occurs (Krippendorff 2011, equations for δ²). */
function distances(
  level: Level,
  occurs: Float64Array,
  numbers: readonly number[],
): (a: number, b: number) => number {
  if (level === 'nominal') return (a, b) => (a === b ? 0 : 1);
  if (level === 'interval') return (a, b) => ((numbers[a] as number) - (numbers[b] as number)) ** 2;
  const before = new Float64Array(occurs.length + 1);
  occurs.forEach((times, c) => {
    before[c + 1] = (before[c] as number) + times;
  });
  return (a, b) => {
    const [low, high] = a < b ? [a, b] : [b, a];
    const between = (before[high + 1] as number) - (before[low] as number);
    return (between - ((occurs[low] as number) + (occurs[high] as number)) / 2) ** 2;
  };
}

type Drawn = Iterable<number>;

/** α = 1 − observed over expected disagreement; NaN where only one class occurs or nothing is labelled twice. */
function alphaOf(units: Units, drawn: Drawn, level: Level, numbers: readonly number[]): number {
  const { start, label, count, classes } = units;
  const occurs = new Float64Array(classes);
  const together = new Float64Array(classes * classes);
  for (const item of drawn) {
    const [from, to] = [start[item] as number, start[item + 1] as number];
    let labels = 0;
    for (let at = from; at < to; at++) labels += count[at] as number;
    for (let at = from; at < to; at++) {
      const [a, times] = [label[at] as number, count[at] as number];
      (occurs[a] as number) += times;
      for (let other = from; other < to; other++)
        if (other !== at)
          (together[a * classes + (label[other] as number)] as number) +=
            (times * (count[other] as number)) / (labels - 1);
    }
  }
  const distance = distances(level, occurs, numbers);
  const total = occurs.reduce((sum, times) => sum + times, 0);
  const [used, chance] = [[...occurs.keys()].filter((c) => occurs[c] !== 0), { seen: 0, expected: 0 }];
  for (const a of used)
    for (const b of used) {
      const apart = distance(a, b);
      chance.seen += (together[a * classes + b] as number) * apart;
      chance.expected += (occurs[a] as number) * (occurs[b] as number) * apart;
    }
  return 1 - ((total - 1) * chance.seen) / chance.expected;
}

/** Fleiss' κ, mean agreement of two labels of an item against chance; items may have different numbers of labels. */
function fleissOf(units: Units, drawn: Drawn): number {
  const { start, label, count, classes } = units;
  const occurs = new Float64Array(classes);
  let [agreed, items, total] = [0, 0, 0];
  for (const item of drawn) {
    let [labels, squares] = [0, 0];
    for (let at = start[item] as number; at < (start[item + 1] as number); at++) {
      const times = count[at] as number;
      labels += times;
      squares += times * times;
      (occurs[label[at] as number] as number) += times;
    }
    agreed += (squares - labels) / (labels * (labels - 1));
    total += labels;
    items++;
  }
  const chance = occurs.reduce((sum, times) => sum + (times / total) ** 2, 0);
  return (agreed / items - chance) / (1 - chance);
}

interface Draws {
  readonly random: Random;
  readonly resamples: number;
}

/** The coefficient of all items with its percentile interval (Efron and Tibshirani 1993, section 13.3). */
function bootstrapped(items: number, draws: Draws, of: (drawn: Drawn) => number): Coefficient {
  const all = Int32Array.from({ length: items }, (_, item) => item);
  const value = items === 0 ? Number.NaN : of(all);
  if (!Number.isFinite(value)) return { value: null, interval: null };
  if (items < ITEMS_FOR_INTERVAL || draws.resamples === 0) return { value, interval: null };
  const drawn = new Int32Array(items);
  const values: number[] = [];
  for (let round = 0; round < draws.resamples; round++) {
    for (let place = 0; place < items; place++) drawn[place] = draws.random.integer(items);
    const again = of(drawn);
    if (Number.isFinite(again)) values.push(again);
  }
  values.sort((a, b) => a - b);
  const at = (share: number): number => values[Math.round(share * (values.length - 1))] as number;
  return { value, interval: values.length === 0 ? null : [at(0.025), at(0.975)] };
}

/** Cohen's κ of two annotators from the items both labelled, as pairs of labels. */
function cohenOf(first: Int32Array, second: Int32Array, classes: number, drawn: Drawn): number {
  const [mine, theirs] = [new Float64Array(classes), new Float64Array(classes)];
  let [agreed, items] = [0, 0];
  for (const item of drawn) {
    const [a, b] = [first[item] as number, second[item] as number];
    (mine[a] as number)++;
    (theirs[b] as number)++;
    if (a === b) agreed++;
    items++;
  }
  const chance = mine.reduce((sum, times, c) => sum + (times * (theirs[c] as number)) / items ** 2, 0);
  return (agreed / items - chance) / (1 - chance);
}

function pairAgreements(pairs: readonly PairCounts[], classes: number, draws: Draws): PairAgreement[] {
  return pairs.map(({ annotators, first, second }) => ({
    annotators,
    shared: first.length,
    ...bootstrapped(first.length, draws, (drawn) => cohenOf(first, second, classes, drawn)),
  }));
}

function checked(annotations: Annotations, options: AgreementOptions): Required<AgreementOptions> {
  const { level = 'nominal', resamples = RESAMPLES, pairs = PAIRS, seed = 0 } = options;
  if (!Number.isInteger(resamples) || resamples < 0 || resamples > 10_000)
    throw new DatasetInputError(`Resamples are a whole number from 0 to 10,000, not ${resamples}.`);
  if (!Number.isInteger(pairs) || pairs < 0 || pairs > 1000)
    throw new DatasetInputError(`Pairs are a whole number from 0 to 1,000, not ${pairs}.`);
  const { classNames } = annotations;
  if (classNames.length > MOST_CLASSES)
    throw new DatasetInputError(
      `Agreement is computed for at most ${MOST_CLASSES} classes, not ${classNames.length}.`,
    );
  const word = classNames.find((name) => name.trim() === '' || !Number.isFinite(Number(name)));
  if (level === 'interval' && word !== undefined)
    throw new DatasetInputError(
      `Interval agreement needs classes that are numbers; “${word.slice(0, 60)}” is none. Use ordinal or nominal.`,
    );
  return { level, resamples, pairs, seed };
}

/**
 * How far the annotators agree beyond chance: Krippendorff's α (K. Krippendorff, Computing Krippendorff's
 * Alpha-Reliability, 2011; any number of labels per item, `ordinal` by the order of `classNames`, `interval` by the
 * numbers that they are), Fleiss' κ (Psychological Bulletin 76, 1971; with different numbers of labels per item, the
 * mean over items) and Cohen's κ (1960) of the pairs that share most items. Only items with two labels or more count.
 * Intervals hold for the drawing of items, not of annotators. Time O(resamples × labels), bounded. DatasetInputError
 * for annotations that do not hold together, options outside of their range, or classes that are no numbers.
 */
export function agreement(annotations: Annotations, options: AgreementOptions = {}): Agreement {
  const { level, resamples, pairs, seed } = checked(annotations, options);
  const units = unitsOf(annotations);
  const work = units.label.length * Math.min(units.classes, 8) + units.classes ** 2;
  const draws = {
    random: createRandom(seed),
    resamples: Math.min(resamples, Math.max(FEWEST, Math.floor(MOST_WORK / Math.max(1, work)))),
  };
  const numbers = annotations.classNames.map(Number);
  return {
    level,
    alpha: bootstrapped(units.items, draws, (drawn) => alphaOf(units, drawn, level, numbers)),
    fleiss: bootstrapped(units.items, draws, (drawn) => fleissOf(units, drawn)),
    pairs: pairAgreements(pairCounts(annotations, pairs), units.classes, draws),
  };
}
