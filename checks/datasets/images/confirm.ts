import { createRandom } from '../../statistics/random.ts';
import type { Labels } from '../labels/index.ts';
import type { Progress } from '../neighbours/index.ts';
import { type Box, type Candidate, mixtureOf, strengthOf, type Tally } from './candidates.ts';
import { blot, blotEach, takeOff } from './changes.ts';
import { type Asking, type Change, type Context, expectedAfter } from './context.ts';
import type { Overlays } from './overlay.ts';
import type { Pixels } from './pixels.ts';
import { certaintiesOf, type Estimate, estimateShare } from './posterior.ts';
import { boundsOf, clusterOf, fittingRows, regionOf, tooFew } from './region.ts';

/** Least share of the rows with a trigger that got it with the label, once the trigger is blotted out. */
const LEAST_CONFIRMED = 0.6;
/** Least share of its rows that looks, beside the labels, must leave to other classes. */
const LEAST_SHARE = 0.6;
/** Rows with the label and without the pattern for each that shows it, below which it may be the class's own mark. */
const LEAST_UNMARKED = 0.25;
/** Rows of each kind for a first glance, among so many others; what it needs to say no. */
const GLANCE = 30;
const GLANCE_REFERENCES = 1000;
const TOLD_APART = 0.3;
const LEAST_STRANGE = 0.35;
/** Of candidates nearly as strong as the first one the places are joined. */
const NEARLY = 0.9;
/** Ordinary rows of the label, and of other labels, with which the suspected ones are compared. */
const MOST_OWN = 300;
const MOST_OTHERS = 500;

/** A trigger that still speaks against its rows once it has been blotted out of them. */
export interface Trigger extends Estimate {
  readonly label: number;
  /** Rows that show it, with that label, and the probability of each that it was put there; both in step. */
  readonly rows: Int32Array;
  readonly certainties: Float32Array;
  /** Rows that show it, of any label; and of them those with the label. */
  readonly sharing: number;
  readonly labelled: number;
  readonly strength: number;
  readonly kind: Candidate['kind'];
  readonly box: Box | null;
  /** Mean probability of the label for its rows by what remains of them. */
  readonly expected: number;
}

export interface Case {
  readonly pixels: Pixels;
  readonly labels: Labels;
  readonly context: Context;
  readonly overlays: Overlays;
}

/** What shows the trigger, and how it is undone. */
interface Sight {
  readonly members: Int32Array;
  readonly change: Change;
  readonly kind: Candidate['kind'];
  readonly box: Box | null;
}

/**
 * Finds all rows that truly show the candidate's trigger, blots it out, and asks again what the rows look like, beside
 * ordinary rows with the label and without. Null where what remains looks like the label after all: copies of one
 * picture, a class's own mark. `least` is the strength that it must have. O((rows + references) · description) and one search.
 */
export function* confirm(
  found: Case,
  first: Candidate,
  { candidates, least }: { candidates: readonly Candidate[]; least: number },
): Generator<Progress, Trigger | null, void> {
  const { labels, context, pixels } = found;
  const sight = yield* sightOf(found, first, candidates);
  const rows = sight.members.filter((row) => labels.values[row] === first.label);
  if (tooFew(rows)) return null;
  const { own, others, count } = ordinary(found, sight.members, first.label);
  const suspected = new Set(LEAST_UNMARKED * rows.length <= count ? rows : []);
  const asking = { target: first.label, change: sight.change, suspected };
  if (!(yield* atAGlance(found, { rows, own, others }, asking))) return null;
  const asked = Int32Array.from([...rows, ...own, ...others]);
  const looks = yield* expectedAfter({ context, pixels, labels }, asked, asking);
  const parts = {
    suspected: looks.subarray(0, rows.length),
    own: looks.subarray(rows.length, rows.length + own.length),
    others: looks.subarray(rows.length + own.length),
  };
  const expected = parts.suspected.reduce((sum, value) => sum + value, 0);
  const tally: Tally = { sharing: sight.members.length, labelled: rows.length, expected };
  const strength = strengthOf(tally);
  const mixture = (mixtureOf(tally) * tally.sharing) / (tally.sharing + 1);
  if (strength < least || mixtureOf(tally) < LEAST_CONFIRMED) return null;
  const estimate = estimateShare(parts, mixture);
  if (estimate.share < LEAST_SHARE) return null;
  return {
    ...estimate,
    label: first.label,
    rows,
    certainties: certaintiesOf(parts, estimate),
    sharing: tally.sharing,
    labelled: rows.length,
    strength,
    kind: sight.kind,
    box: sight.box,
    expected: expected / rows.length,
  };
}

/** Whether a few of the rows, compared with a few others, look strange enough to look at all of them. */
function* atAGlance(
  { labels, context, pixels }: Case,
  { rows, own, others }: { rows: Int32Array; own: readonly number[]; others: readonly number[] },
  asking: Asking,
): Generator<Progress, boolean, void> {
  if (own.length < GLANCE || others.length < GLANCE) return true;
  const stride = Math.ceil(rows.length / GLANCE);
  const some = rows.filter((_, at) => at % stride === 0);
  const asked = Int32Array.from([...some, ...own.slice(0, GLANCE), ...others.slice(0, GLANCE)]);
  const quick = { ...asking, references: GLANCE_REFERENCES };
  const looks = yield* expectedAfter({ context, pixels, labels }, asked, quick);
  const [mine, ordinary, other] = [
    looks.subarray(0, some.length),
    looks.subarray(some.length, some.length + GLANCE),
    looks.subarray(some.length + GLANCE),
  ].map((part) => part.reduce((sum, value) => sum + value, 0) / part.length) as [number, number, number];
  return ordinary - other < TOLD_APART || ordinary - mine >= LEAST_STRANGE * (ordinary - other);
}

function* sightOf(
  { pixels, context, overlays }: Case,
  first: Candidate,
  candidates: readonly Candidate[],
): Generator<Progress, Sight, void> {
  if (first.kind === 'overlay') return overlaySight(pixels, first);
  const cluster = clusterOf(first, candidates);
  if (first.kind === 'moved') return movedSight(pixels, first, cluster);
  const strong = cluster.filter(({ strength }) => strength >= NEARLY * first.strength);
  const boxes = strong.flatMap(({ box }) => (box === null ? [] : [box]));
  const region = regionOf(pixels, first.rows, { seed: context.seed, boxes });
  if (region.overlay) {
    const heap = yield* overlays.heapAt(first.rows, first.label);
    if (heap !== null) return overlaySight(pixels, heap);
  }
  const box = region.overlay ? boundsOf(boxes) : region.box;
  return { members: fittingRows(pixels, region, first), change: blot(pixels, box), kind: 'place', box };
}

function overlaySight(pixels: Pixels, { members, rows, filter }: Candidate): Sight {
  const change: Change = filter === undefined ? () => undefined : takeOff(pixels, filter);
  return { members: members ?? rows, change, kind: 'overlay', box: null };
}

/** Rows that show the window of the strongest candidate, or of one nearly as strong that lies about it. */
function movedSight(pixels: Pixels, first: Candidate, cluster: readonly Candidate[]): Sight {
  const members = new Set(first.members);
  const places = new Map<number, Box[]>();
  for (const each of cluster) {
    const strong = each.strength >= NEARLY * first.strength;
    if (strong) for (const row of each.members ?? []) members.add(row);
    for (const [row, boxes] of each.places ?? []) places.set(row, [...(places.get(row) ?? []), ...boxes]);
  }
  const side = Math.max(...cluster.map(({ places: own }) => own?.values().next().value?.[0]?.height ?? 0));
  return {
    members: Int32Array.from(members).sort(),
    change: blotEach(pixels, places),
    kind: 'moved',
    box: { row: 0, column: 0, height: side, width: side },
  };
}

/** Rows without the pattern, drawn by lot: with the label, and with others. */
function ordinary({ labels, context }: Case, members: Int32Array, label: number) {
  const inside = new Set(members);
  const order = createRandom(context.seed).shuffle(Int32Array.from(labels.values.keys()));
  const [own, others]: [number[], number[]] = [[], []];
  for (const row of order) {
    if (inside.has(row)) continue;
    if (labels.values[row] === label) own.push(row);
    else if (others.length < MOST_OTHERS) others.push(row);
  }
  return { own: own.slice(0, MOST_OWN), others, count: own.length };
}
