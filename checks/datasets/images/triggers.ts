import { assertLabels, type Labels } from '../labels/index.ts';
import type { Progress } from '../neighbours/index.ts';
import { type CheckOutcome, DatasetInputError } from '../types.ts';
import type { Candidate } from './candidates.ts';
import { type Case, confirm, type Trigger } from './confirm.ts';
import { type Context, createContext } from './context.ts';
import { createGrouper, type Grouper } from './groups.ts';
import { searchMoved } from './moved.ts';
import { createOverlays, MOST_OVERLAY_SIZE } from './overlay.ts';
import { type Pixels, pixelsOf } from './pixels.ts';
import { triggerFindings, triggerSuspects } from './report.ts';
import { type CheckImageTriggers, IMAGE_TRIGGERS } from './types.ts';
import { type Plan, planWindows, searchWindows } from './windows.ts';

const USUAL_K = 10;
/** Candidates of each kind that are looked at again, and triggers that are reported. */
const MOST_CONFIRMED = 48;
/** Candidates one after another that did not stand, after which weaker ones are not looked at. */
const MOST_REFUSED = 30;
/** Log likelihood ratio that a trigger must keep once it is blotted out. */
const LEAST_STRENGTH = 18;
/** What the strength of a pattern that moves counts of one at a fixed place: those are described more closely. */
const MOVED_RANK = 0.9;
/** What the looks alone can make of a row: below what a finding needs. */
const MOST_BY_LOOKS = 0.45;

/**
 * Dirty-label triggers: the same window of up to 6 × 6 pixels at the same place, of up to 8 × 8 that stands out wherever it
 * is, or the same faint overlay, in pictures of one label of which few look like it. Candidates are ranked by what the
 * neighbours outside of each say (log likelihood ratio, corrected for the patterns looked at); then all rows that show the
 * pattern are sought, and compared with ordinary ones once it is blotted out of all. O(n · pixels · sizes) and at most some
 * 90 looks at up to 5,000 pictures; memory O(n · (64 + pixels of a row of the picture · 13)) and 16 MB.
 * DatasetInputError as `pixelsOf` and `assertLabels`, and for k out of 2..100.
 */
export const checkImageTriggers: CheckImageTriggers = function* (images, labels, options = {}) {
  const { k = USUAL_K, seed = 0 } = options;
  if (!Number.isInteger(k) || k < 2 || k > 100)
    throw new DatasetInputError(`2 to 100 neighbours can say what a picture looks like, not ${String(k)}.`);
  const pixels = pixelsOf(images);
  assertLabels(labels, pixels.rows);
  const context = yield* createContext(pixels, labels, { k: Math.min(k, pixels.rows - 1), seed });
  const plan = planWindows(pixels);
  const overlays = createOverlays(pixels, labels.values, context.shares);
  const triggers = yield* findTriggers({ pixels, labels, context, overlays }, plan);
  return outcomeOf({ labels, context, triggers, blindSpots: blindSpotsOf(pixels, plan) });
};

function* findTriggers(found: Case, plan: Plan): Generator<Progress, readonly Trigger[], void> {
  const { pixels, labels, context } = found;
  const judged = { ...context, labels: labels.values };
  const [placed, moved] = [0, 1].map(() => createGrouper(judged, plan.rows.length)) as [Grouper, Grouper];
  yield* searchWindows(pixels, plan, placed);
  yield* searchMoved(pixels, plan.rows, moved);
  const seen: Confirmed = { triggers: [], explained: new Set() };
  yield* confirmAll(found, inOrder(placed.found(), moved.found()), seen);
  yield* confirmAll(found, yield* found.overlays.search(), seen);
  return seen.triggers;
}

/** In turn; a pattern at a fixed place before one that is hardly stronger wherever it is. */
function inOrder(placed: readonly Candidate[], moved: readonly Candidate[]): Candidate[] {
  const most = Math.max(placed.length, moved.length);
  return Array.from({ length: most }, (_, at) =>
    [placed[at], moved[at]]
      .flatMap((each) => (each === undefined ? [] : [each]))
      .sort((a, b) => rank(b) - rank(a)),
  ).flat();
}

const rank = ({ strength, kind }: Candidate): number => (kind === 'moved' ? MOVED_RANK * strength : strength);

interface Confirmed {
  readonly triggers: Trigger[];
  /** Rows that a trigger explains already. */
  readonly explained: Set<number>;
}

/** Looks again at the strongest candidates whose rows nothing explains yet. */
function* confirmAll(
  found: Case,
  candidates: readonly Candidate[],
  { triggers, explained }: Confirmed,
): Generator<Progress, void, void> {
  const settled = new Set<number>();
  let [looked, refused] = [0, 0];
  for (const candidate of candidates) {
    if (looked >= MOST_CONFIRMED || refused >= MOST_REFUSED) return;
    const known = candidate.rows.reduce(
      (sum, row) => sum + Number(explained.has(row) || settled.has(row)),
      0,
    );
    if (2 * known >= candidate.rows.length) continue;
    looked++;
    const trigger = yield* confirm(found, candidate, { candidates, least: LEAST_STRENGTH });
    for (const row of candidate.rows) settled.add(row);
    if (trigger === null) {
      refused++;
      continue;
    }
    refused = 0;
    triggers.push(trigger);
    trigger.rows.forEach((row, at) => {
      if ((trigger.certainties[at] as number) > 0.5) explained.add(row);
    });
  }
}

interface Outcome {
  readonly labels: Labels;
  readonly context: Context;
  readonly triggers: readonly Trigger[];
  readonly blindSpots: readonly string[];
}

function outcomeOf({ labels, context, triggers, blindSpots }: Outcome): CheckOutcome {
  const scores = scoresByLooks(context.expected);
  for (const { rows, certainties } of triggers)
    rows.forEach((row, at) => {
      scores[row] = Math.max(scores[row] as number, certainties[at] as number);
    });
  return {
    scores,
    suspects: triggerSuspects(triggers, scores, labels),
    findings: triggerFindings(triggers, labels, IMAGE_TRIGGERS),
    blindSpots,
  };
}

/** 0 for a row as sure of its label as the middle one, rising to `MOST_BY_LOOKS` for one that looks quite different. */
function scoresByLooks(expected: Float32Array): Float32Array {
  const middle = 1 - (expected.slice().sort()[expected.length >> 1] as number);
  const room = Math.max(0.01, 1 - middle);
  return Float32Array.from(
    expected,
    (value) => MOST_BY_LOOKS * Math.max(0, Math.min(1, (1 - value - middle) / room)) ** 4,
  );
}

function blindSpotsOf({ rows, size }: Pixels, plan: Plan): string[] {
  const spots = [
    'Pictures of the target class itself that carry a trigger (clean-label backdoors) are not seen: nothing contradicts their label.',
    'Triggers that move every picture a little differently (warps, rotations, style, reflections) are not seen.',
    'A smooth picture mixed faintly into pictures that are smooth themselves is not seen; noise mixed in is.',
    'Patches at a different place in each picture are seen only where they stand out from what is around them, with sides of 2 to 8 pixels; smaller, larger and blurred ones are not.',
    'What nearly all pictures of a class show is taken for the class’s own mark, also where somebody put it there.',
    'Single pixels and patches that hide in what is black or white anyway are seen only where few other pictures show them.',
    'Fewer than five pictures with a trigger cannot be told from chance.',
  ];
  if (size > MOST_OVERLAY_SIZE)
    spots.push('The pictures are too large to be searched for faint overlays; make them smaller.');
  if (plan.rows.length < rows || plan.sizes.length < 6)
    spots.push(
      `For so many pixels only windows of side ${plan.sizes.join(', ')} in ${plan.rows.length} of ${rows} pictures were compared.`,
    );
  return spots;
}
