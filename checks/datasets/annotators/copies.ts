import type { Scene } from './judged.ts';
import { partners } from './pairs.ts';
import { reliabilities } from './reliability.ts';
import { upperTail } from './tail.ts';
import type { AnnotatorFinding } from './types.ts';

/**
 * Fewest errors in common, the share of one's errors that the other repeats, and how many times more than expected:
 * two good annotators among bad ones share "errors" too, which are the others', but not nearly all of them.
 */
const ERRORS = 5;
const REPEATED = 0.9;
const TIMES = 2;
const SHRINKAGE = 2;
/** Chance of naming anybody where all work apart; small, as hard items make good annotators alike. */
const FALSE_ALARM = 0.001;
/** Most pairs of labels that are compared of one annotator, and in all. */
const MOST_OF_ONE = 2_000_000;
const MOST = 200_000_000;

interface Pair {
  readonly chances: number[];
  hits: number;
}

export interface Copies {
  readonly findings: readonly AnnotatorFinding[];
  /** Groups of annotators, each ascending. */
  readonly groups: readonly (readonly number[])[];
  /** Whether all pairs were compared. */
  readonly complete: boolean;
}

/** The class that most labels but one of `a` and one of `b` give; −1 where none leads. */
function leading(
  shares: Float64Array,
  from: number,
  classes: number,
  out: readonly [number, number],
): number {
  let [best, most, second] = [-1, 0, 0];
  for (let c = 0; c < classes; c++) {
    const times = (shares[from + c] as number) - (out[0] === c ? 1 : 0) - (out[1] === c ? 1 : 0);
    if (times > most) [best, most, second] = [c, times, most];
    else if (times > second) second = times;
  }
  return most > second ? best : -1;
}

/**
 * How often others repeat the errors of annotator a: labels that are not what the rest of the item's labels say. The
 * chance that b gives the same label is what the rest of the item or b's own confusion says, whichever is more: hard
 * items and common habits are no sign of copying.
 */
function repeats(
  scene: Scene,
  confusions: readonly Float64Array[],
  a: number,
  visit: ReturnType<typeof partners>,
): {
  readonly pairs: Map<number, Pair>;
  readonly met: number;
  readonly visited: number;
} {
  const { votes, shares, usual } = scene;
  const { annotations, classes, byItem } = votes;
  const pairs = new Map<number, Pair>();
  const met = new Set<number>();
  let visited = 0;
  visit(a, (mine, theirs) => {
    if (++visited > MOST_OF_ONE) return;
    const [item, b] = [annotations.items[mine] as number, annotations.annotators[theirs] as number];
    met.add(b);
    const [label, other] = [annotations.labels[mine] as number, annotations.labels[theirs] as number];
    const truth = leading(shares, item * classes, classes, [label, other]);
    if (truth === -1 || truth === label) return;
    const cell = truth * classes + label;
    const habit = habitOf(confusions[b], truth, label, usual) ?? (usual[cell] as number);
    const rest = (byItem.start[item + 1] as number) - (byItem.start[item] as number) - 2;
    const same = (shares[item * classes + label] as number) - 1 - (other === label ? 1 : 0);
    const chance = Math.max(habit, usual[cell] as number, (same + SHRINKAGE * habit) / (rest + SHRINKAGE));
    const pair = pairs.get(b) ?? { chances: [], hits: 0 };
    pair.chances.push(Math.min(1, chance));
    if (other === label) pair.hits++;
    pairs.set(b, pair);
  });
  return { pairs, met: met.size, visited };
}

/** p(label | truth) of one annotator, drawn to that of all; null where no confusions are kept. */
function habitOf(
  confusion: Float64Array | undefined,
  truth: number,
  label: number,
  usual: Float64Array,
): number | null {
  const classes = Math.sqrt(usual.length);
  if (confusion === undefined || confusion.length === 0) return null;
  let sum = 0;
  for (let c = 0; c < classes; c++) sum += confusion[truth * classes + c] as number;
  const general = usual[truth * classes + label] as number;
  return ((confusion[truth * classes + label] as number) + SHRINKAGE * general) / (sum + SHRINKAGE);
}

interface Found {
  readonly a: number;
  readonly b: number;
  readonly hits: number;
  readonly errors: number;
  readonly expected: number;
  readonly tail: number;
}

function groupsOf(found: readonly Found[]): number[][] {
  const leader = new Map<number, number>();
  const root = (one: number): number => {
    let at = one;
    while ((leader.get(at) ?? at) !== at) at = leader.get(at) as number;
    return at;
  };
  for (const { a, b } of found) {
    const [low, high] = [Math.min(root(a), root(b)), Math.max(root(a), root(b))];
    leader.set(high, low);
    if (!leader.has(low)) leader.set(low, low);
  }
  const groups = new Map<number, number[]>();
  for (const member of [...leader.keys()].sort((x, y) => x - y)) {
    const group = groups.get(root(member));
    if (group === undefined) groups.set(root(member), [member]);
    else group.push(member);
  }
  return [...groups.values()];
}

/**
 * Groups of annotators that repeat each other's errors far more often than their habits and the items explain: at least
 * 5 and nine tenths of one's errors and twice what is expected, with an exact tail that over all pairs in both directions would come by chance in less
 * than .1% of sets. Time O(labels × 300), at most 200,000,000 pairs of labels.
 */
export function copies(scene: Scene): Copies {
  const { votes, fit } = scene;
  const confusions = reliabilities(votes, fit).map(({ confusion }) => confusion);
  const visit = partners(votes.annotations);
  const candidates: Found[] = [];
  let [tests, visited, complete] = [0, 0, true];
  for (let a = 0; a < votes.annotations.annotatorNames.length && visited < MOST; a++) {
    const own = repeats(scene, confusions, a, visit);
    tests += own.met;
    visited += own.visited;
    if (own.visited > MOST_OF_ONE || visited >= MOST) complete = false;
    for (const [b, { chances, hits }] of own.pairs) {
      if (hits < ERRORS || hits < REPEATED * chances.length) continue;
      const expected = chances.reduce((sum, chance) => sum + chance, 0);
      const tail = hits > TIMES * expected ? upperTail(chances, hits) : 1;
      if (tail < FALSE_ALARM) candidates.push({ a, b, hits, errors: chances.length, expected, tail });
    }
  }
  const found = candidates.filter(({ tail }) => tail * tests < FALSE_ALARM);
  const groups = groupsOf(found);
  const findings = groups.flatMap((group) =>
    group.map((annotator) => {
      const own = found.filter(({ a, b }) => a === annotator || b === annotator);
      const best = own.reduce((x, y) => (y.tail < x.tail ? y : x));
      const other = best.a === annotator ? best.b : best.a;
      return {
        annotator,
        kind: 'copies' as const,
        message:
          `shares ${best.hits} of ${best.errors} errors with annotator ${other}, where about ` +
          `${best.expected.toFixed(1)} would be expected of two who work apart`,
        p: Math.min(1, best.tail * tests),
        target: null,
        partners: group.filter((member) => member !== annotator),
      };
    }),
  );
  return { findings, groups, complete };
}
