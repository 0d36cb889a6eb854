import type { Labels } from '../labels/index.ts';
import type { Progress } from '../neighbours/index.ts';
import { type Box, type Candidate, mixtureOf, strengthOf } from './candidates.ts';
import { type Change, type Context, expectedAfter } from './context.ts';
import { FEWEST_ROWS } from './groups.ts';
import type { Pixels } from './pixels.ts';
import { clusterOf, distancesTo, type Region, regionOf } from './region.ts';

/** Least share of the rows with a trigger that got it with the label, once the trigger is blotted out. */
const LEAST_CONFIRMED = 0.6;
/** Rows beside the core that may also have the trigger are looked at up to so many times its number, and so many at all. */
const MOST_MORE = 3;
const MOST_ROWS = 4000;
/** Mean difference from the trigger, in levels, up to which a row may have it. */
const MOST_DISTANCE = 40;
const NEARLY = 0.9;
const MOST_CERTAIN = 0.995;
/** Rows with the label that show the very trigger, within so many levels, are at least this suspicious: below a finding. */
const VERY_NEAR = 4;
const SHOWS_IT = 0.46;

/** A trigger that still speaks against its rows once it has been blotted out of them. */
export interface Trigger {
  readonly label: number;
  /** Rows that may have it, with that label, and the probability of each that it was put there; both in step. */
  readonly rows: Int32Array;
  readonly certainties: Float32Array;
  /** Rows with the core pattern, of any label; and of them those with the label. */
  readonly sharing: number;
  readonly labelled: number;
  readonly strength: number;
  readonly kind: Candidate['kind'];
  readonly box: Box | null;
  /** Mean probability of the label for the core rows by what remains of them. */
  readonly expected: number;
}

export interface Case {
  readonly pixels: Pixels;
  readonly labels: Labels;
  readonly context: Context;
}

/**
 * Blots the candidate's trigger out of all pictures, asks again what its rows look like, and finds further rows with it.
 * Null where what remains looks like the label after all: copies of one picture, a class's own mark. `least` is the
 * strength that it must have. O((rows + references) · description) and one search for neighbours.
 */
export function* confirm(
  { pixels, labels, context }: Case,
  first: Candidate,
  { candidates, least }: { candidates: readonly Candidate[]; least: number },
): Generator<Progress, Trigger | null, void> {
  const cluster = first.kind === 'place' ? clusterOf(first, candidates) : [first];
  const core = union(cluster);
  const region = regionOf(pixels, first.rows, { seed: context.seed, boxes: boxesOf(cluster) });
  const more = region === null ? null : furtherRows({ pixels, labels, context }, core, first.label, region);
  const asked = more === null ? core : Int32Array.from([...core, ...more.rows]);
  const change = changeFor(pixels, first, region, core);
  const looks = yield* expectedAfter({ context, pixels, labels }, asked, first.label, change);
  const expectedOf = new Map<number, number>();
  asked.forEach((row, at) => {
    expectedOf.set(row, looks[at] as number);
  });
  const tally = tallyOf(first, expectedOf);
  const strength = strengthOf(tally);
  if (strength < least || mixtureOf(tally) < LEAST_CONFIRMED) return null;
  const mixtures = coreMixtures(cluster, expectedOf);
  more?.rows.forEach((row, at) => {
    if (!mixtures.has(row)) mixtures.set(row, more.mixture(at, expectedOf));
  });
  const certainties = Float32Array.from(asked, (row) => {
    const [mixture, natural] = [mixtures.get(row) ?? 0, expectedOf.get(row) ?? 1];
    const certainty = Math.min(MOST_CERTAIN, mixture / (mixture + (1 - mixture) * natural));
    return more?.near.has(row) === true ? Math.max(SHOWS_IT, certainty) : certainty;
  });
  return {
    label: first.label,
    rows: asked,
    certainties,
    sharing: first.sharing,
    labelled: first.rows.length,
    strength,
    kind: region?.overlay === true ? 'overlay' : first.kind,
    box: region?.overlay === true ? null : (region?.box ?? first.box),
    expected: tally.expected / tally.labelled,
  };
}

/** Where the candidates nearly as strong as the first one are. */
const boxesOf = (cluster: readonly Candidate[]): Box[] =>
  cluster.flatMap(({ box, strength }) =>
    box !== null && strength >= NEARLY * (cluster[0]?.strength ?? 0) ? [box] : [],
  );

function union(cluster: readonly Candidate[]): Int32Array {
  return Int32Array.from(new Set(cluster.flatMap(({ rows }) => [...rows]))).sort();
}

const tallyOf = ({ rows, sharing }: Candidate, expectedOf: ReadonlyMap<number, number>) => ({
  sharing,
  labelled: rows.length,
  expected: rows.reduce((sum, row) => sum + (expectedOf.get(row) ?? 1), 0),
});

/** For each core row the largest mixture of the candidates that it is in, rule of succession applied. */
function coreMixtures(
  cluster: readonly Candidate[],
  expectedOf: ReadonlyMap<number, number>,
): Map<number, number> {
  const mixtures = new Map<number, number>();
  for (const candidate of cluster) {
    const mixture = (mixtureOf(tallyOf(candidate, expectedOf)) * candidate.sharing) / (candidate.sharing + 1);
    for (const row of candidate.rows) if ((mixtures.get(row) ?? 0) < mixture) mixtures.set(row, mixture);
  }
  return mixtures;
}

interface More {
  /** Those that show the very trigger. */
  readonly near: ReadonlySet<number>;
  /** Of the label, nearest to the trigger first. */
  readonly rows: Int32Array;
  /** The mixture at place `at` of `rows`. */
  readonly mixture: (at: number, expectedOf: ReadonlyMap<number, number>) => number;
}

/** Rows beyond the core that show nearly what it shows, in heaps by their distance. */
function furtherRows({ pixels, labels }: Case, core: Int32Array, label: number, region: Region): More {
  const inside = new Set(core);
  const distances = distancesTo(pixels, region);
  const order = Int32Array.from(distances.keys())
    .filter((row) => !inside.has(row) && (distances[row] as number) <= MOST_DISTANCE)
    .sort((a, b) => (distances[a] as number) - (distances[b] as number))
    .slice(0, Math.min(MOST_ROWS, MOST_MORE * core.length + 100));
  const heapOf = new Int32Array(order.length);
  const least = Math.max(FEWEST_ROWS, Math.floor(core.length / 10));
  for (let at = 1, heap = 0, start = 0; at < order.length; at++) {
    const tied = distances[order[at] as number] === distances[order[at - 1] as number];
    if (at - start >= least && !tied) [heap, start] = [heap + 1, at];
    heapOf[at] = heap;
  }
  const places = Int32Array.from(order.keys()).filter((at) => labels.values[order[at] as number] === label);
  let known: Float64Array | null = null;
  const mixture: More['mixture'] = (at, expectedOf) => {
    known ??= fallingMixtures(order, heapOf, places, expectedOf);
    return known[heapOf[places[at] as number] as number] ?? 0;
  };
  const rows = places.map((at) => order[at] as number);
  const near = new Set(rows.filter((row) => (distances[row] as number) <= VERY_NEAR));
  return { rows, near, mixture };
}

/** The mixture of each heap; never more than that of a nearer one. */
function fallingMixtures(
  order: Int32Array,
  heapOf: Int32Array,
  places: Int32Array,
  expectedOf: ReadonlyMap<number, number>,
): Float64Array {
  const heaps = (heapOf.at(-1) ?? -1) + 1;
  const [sharing, labelled, expected] = [0, 0, 0].map(() => new Float64Array(heaps)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  for (const heap of heapOf) sharing[heap] = (sharing[heap] as number) + 1;
  for (const at of places) {
    const heap = heapOf[at] as number;
    labelled[heap] = (labelled[heap] as number) + 1;
    expected[heap] = (expected[heap] as number) + (expectedOf.get(order[at] as number) ?? 1);
  }
  const mixtures = new Float64Array(heaps);
  let most = 1;
  for (let heap = 0; heap < heaps; heap++) {
    const tally = {
      sharing: (sharing[heap] as number) + 1,
      labelled: labelled[heap] as number,
      expected: expected[heap] as number,
    };
    most = Math.min(most, mixtureOf(tally));
    mixtures[heap] = most;
  }
  return mixtures;
}

/** How to undo the trigger: blot its place out of every picture, or take the overlay off the core rows. */
function changeFor(pixels: Pixels, candidate: Candidate, region: Region | null, core: Int32Array): Change {
  if (candidate.kind === 'overlay' || region?.overlay === true) return withoutOverlay(pixels, core);
  if (region === null) return () => undefined;
  return blot(pixels, region.box);
}

function withoutOverlay(pixels: Pixels, core: Int32Array): Change {
  const { size, rows, values } = pixels;
  const inside = new Set(core);
  const shift = new Float64Array(size);
  for (let row = 0; row < rows; row++) {
    const weight = inside.has(row) ? 1 / core.length : -1 / Math.max(1, rows - core.length);
    for (let p = 0, at = row * size; p < size; p++, at++)
      shift[p] = (shift[p] as number) + weight * (values[at] as number);
  }
  return (bytes, row) => {
    if (!inside.has(row)) return;
    for (let p = 0; p < size; p++)
      bytes[p] = Math.max(0, Math.min(255, Math.round((bytes[p] as number) - (shift[p] as number))));
  };
}

/** Fills the box with the mean of the pixels around it, per channel. */
export function blot({ height, width, channels }: Pixels, box: Box): Change {
  const [bottom, right] = [box.row + box.height, box.column + box.width];
  const around: number[] = [];
  for (let y = Math.max(0, box.row - 1); y < Math.min(height, bottom + 1); y++)
    for (let x = Math.max(0, box.column - 1); x < Math.min(width, right + 1); x++)
      if (y < box.row || y >= bottom || x < box.column || x >= right) around.push(y * width + x);
  return (bytes) => {
    for (let channel = 0; channel < channels; channel++) {
      let sum = 0;
      for (const cell of around) sum += bytes[cell * channels + channel] as number;
      const fill = around.length > 0 ? Math.round(sum / around.length) : 0;
      for (let y = box.row; y < bottom; y++)
        for (let x = box.column; x < right; x++) bytes[(y * width + x) * channels + channel] = fill;
    }
  };
}
