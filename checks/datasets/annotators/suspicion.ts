import { wilson } from '../../statistics/wilson.ts';
import { type Judged, type Scene, usualChance } from './judged.ts';
import { shownName } from './names.ts';
import { upperTail } from './tail.ts';
import type { AnnotatorFinding } from './types.ts';

/** Chance of accusing anybody at all, over all annotators and tests of one kind, where all are honest. */
export const FALSE_ALARM = 0.01;
/** Fewest judged labels from which anybody is accused. */
export const FEWEST = 10;
/** Share of one class from which the labels count as constant. */
const CONSTANT = 0.95;
/** Of what a careful annotator tells beyond chance, the most that a random one may seem to tell. */
const UNINFORMED = 0.25;
/** Consensus on an item that counts as known. */
const CERTAIN = 0.7;

const percent = (share: number): string => `${Math.round(100 * share)}%`;

interface Quality {
  readonly labels: number;
  readonly accuracy: number;
  /** Accuracy of labels that are dealt out to the same items by lot. */
  readonly chance: number;
  readonly high: number;
  readonly shares: Float64Array;
}

function qualityOf({ given, right, truths }: Judged): Quality {
  const shares = new Float64Array(truths.length);
  for (const label of given) shares[label] = (shares[label] as number) + 1 / given.length;
  const hits = right.reduce((sum, p) => sum + p, 0);
  return {
    labels: given.length,
    accuracy: hits / given.length,
    chance: shares.reduce((sum, p, c) => sum + p * (truths[c] as number), 0),
    high: wilson(hits, given.length)[1],
    shares,
  };
}

type Found = Omit<AnnotatorFinding, 'annotator' | 'partners'>;

/** Chance that others like this annotator would be right, over its labels. */
function typicalOf({ usual, votes }: Scene, { consensus }: Judged): number {
  const sum = consensus.reduce((total, truth) => total + (usual[truth * votes.classes + truth] as number), 0);
  return sum / consensus.length;
}

/** Whether the labels seem to tell more of the items than a quarter of what the others' do. */
const informed = (scene: Scene, judged: Judged, { accuracy, chance }: Quality): boolean =>
  accuracy - chance > UNINFORMED * (typicalOf(scene, judged) - chance);

/** Almost always the same class, where the items are not of one class. */
function constant(scene: Scene, judged: Judged, quality: Quality): Found | null {
  const label = quality.shares.indexOf(Math.max(...quality.shares));
  if ((quality.shares[label] as number) < CONSTANT || informed(scene, judged, quality)) return null;
  const hits = judged.given.filter((given) => given === label).length;
  const chances = judged.given.map((_, at) => usualChance(scene, judged, at, label));
  const p = upperTail(chances, hits) * scene.annotators.length * scene.votes.classes;
  if (p >= FALSE_ALARM) return null;
  return {
    kind: 'constant',
    message:
      `gave “${nameOf(scene, label)}” to ${hits} of ${quality.labels} items, where annotators like the others would ` +
      `have done so for about ${Math.round(chances.reduce((sum, chance) => sum + chance, 0))}`,
    p,
    target: label,
  };
}

/** Wrong more often than labels dealt out by lot. */
function belowChance(scene: Scene, judged: Judged, quality: Quality): Found | null {
  const { shares } = quality;
  const wrong = judged.given.filter((given, at) => given !== judged.consensus[at]).length;
  const chances = judged.consensus.map((truth) => 1 - (shares[truth] as number));
  const p = upperTail(chances, wrong) * scene.annotators.length;
  if (p >= FALSE_ALARM || quality.accuracy >= quality.chance) return null;
  return {
    kind: 'below-chance',
    message:
      `is right on ${percent(quality.accuracy)} of ${quality.labels} items by what the others say, where labels dealt ` +
      `out by lot would be on ${percent(quality.chance)}`,
    p,
    target: null,
  };
}

/** Tells nothing of the items, where the others do. */
function random(scene: Scene, judged: Judged, quality: Quality): Found | null {
  const { usual, votes } = scene;
  const typical = typicalOf(scene, judged);
  if (quality.high - quality.chance > UNINFORMED * (typical - quality.chance)) {
    const most = quality.chance + UNINFORMED * (1 - quality.chance);
    if (quality.high > most || quality.accuracy > quality.chance + 0.1 * (1 - quality.chance)) return null;
  }
  const wrong = judged.given.filter((given, at) => given !== judged.consensus[at]).length;
  const chances = judged.given.map(
    (_, at) => 1 - usualChance(scene, judged, at, judged.consensus[at] as number),
  );
  const excused = judged.consensus.map((truth, at) =>
    Math.max(1 - (usual[truth * votes.classes + truth] as number), chances[at] as number),
  );
  const p = upperTail(excused, wrong) * scene.annotators.length;
  if (p >= FALSE_ALARM) return null;
  return {
    kind: 'random',
    message:
      `is right on ${percent(quality.accuracy)} of ${quality.labels} items by what the others say, hardly more than ` +
      `labels dealt out by lot (${percent(quality.chance)}); the others would be on ${percent(typical)}`,
    p,
    target: null,
  };
}

/** Places of an annotator's labels by the class that others are sure of; with over two classes also by each class not. */
function groupsOf(judged: Judged, classes: number): Aimed[] {
  const sure = [...judged.consensus.keys()].filter((at) => (judged.certainty[at] as number) >= CERTAIN);
  const seen = new Set(judged.given);
  return [...seen].flatMap((label) => {
    const others = sure.filter((at) => judged.consensus[at] !== label);
    const truths = new Set(others.map((at) => judged.consensus[at] as number));
    const single = [...truths].map((truth) => ({
      label,
      truth,
      places: others.filter((at) => judged.consensus[at] === truth),
      least: MOSTLY,
    }));
    return classes > 2 ? [...single, { label, truth: null, places: others, least: OFTEN }] : single;
  });
}

interface Aimed {
  readonly label: number;
  /** Null for all true classes but `label`. */
  readonly truth: number | null;
  readonly places: readonly number[];
  /** Least share of `places` that must be called `label`. */
  readonly least: number;
}

/** Least share of one class, and of all others together, that is called the target. */
const MOSTLY = 0.5;
const OFTEN = 0.4;
const FEWEST_MOVED = 5;
/** Most classes that one annotator's labels are looked at for. */
const MOST_CLASSES = 100;

/** Items mostly called one class that by the others are of another. */
function target(scene: Scene, judged: Judged): Found | null {
  const { classes } = scene.votes;
  if (new Set(judged.given).size > MOST_CLASSES) return null;
  let worst: Found | null = null;
  for (const { label, truth, places, least } of groupsOf(judged, classes)) {
    const hits = places.filter((at) => judged.given[at] === label).length;
    if (hits < FEWEST_MOVED || wilson(hits, places.length)[0] <= least) continue;
    const chances = places.map((at) => usualChance(scene, judged, at, label));
    const p = upperTail(chances, hits) * scene.annotators.length * classes * classes;
    if (p >= FALSE_ALARM || (worst !== null && worst.p <= p)) continue;
    const [by, name] = [truth === null ? 'not' : `“${nameOf(scene, truth)}”`, nameOf(scene, label)];
    worst = {
      kind: 'target',
      message:
        `called ${hits} of ${places.length} items “${name}” that by the others are ${by}; annotators like the others ` +
        `would about ${Math.round(chances.reduce((sum, chance) => sum + chance, 0))}`,
      p,
      target: label,
    };
  }
  return worst;
}

const nameOf = ({ votes }: Scene, label: number): string =>
  shownName(votes.annotations.classNames[label] ?? String(label));

/**
 * What speaks against single annotators: at most one constant, below-chance or random finding and one target each.
 * Nobody is accused on fewer than 10 labels, nor unless it would happen to an honest annotator of the set with a
 * chance of less than 1% in all. An annotator is judged by the others' labels only.
 */
export function accuse(scene: Scene): AnnotatorFinding[] {
  return scene.annotators.flatMap((judged, annotator) => {
    if (judged.given.length < FEWEST) return [];
    const quality = qualityOf(judged);
    const first =
      constant(scene, judged, quality) ??
      belowChance(scene, judged, quality) ??
      random(scene, judged, quality);
    const aimed = first?.kind === 'constant' ? null : target(scene, judged);
    return [first, aimed].flatMap((found) => (found === null ? [] : [{ ...found, annotator, partners: [] }]));
  });
}
