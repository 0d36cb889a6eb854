import type { Labels } from '../labels/index.ts';
import { DatasetInputError, type Suspect } from '../types.ts';
import { aggregate, recommendedOf } from './aggregate.ts';
import { subset } from './annotations.ts';
import { copies } from './copies.ts';
import { dawidSkene, fitDawidSkene } from './dawid-skene.ts';
import { type Accused, annotatorFindings, CHECK, doubtfulFinding } from './findings.ts';
import { fitGlad, glad } from './glad.ts';
import { haste } from './haste.ts';
import { sceneOf } from './judged.ts';
import { majorityFit, majorityVote } from './majority.ts';
import { shownName } from './names.ts';
import { accuse } from './suspicion.ts';
import type {
  Aggregate,
  Annotations,
  AnnotatorFinding,
  AnnotatorOptions,
  AnnotatorReport,
  Method,
} from './types.ts';
import { counts, type Fit, normalise, type Votes, votesOf } from './votes.ts';

function fitOf(votes: Votes, method: Method): Fit {
  if (method === 'majority') return majorityFit(votes);
  return method === 'glad' ? fitGlad(votes).fit : fitDawidSkene(votes).fit;
}

function aggregateOf(annotations: Annotations, method: Method): Aggregate {
  if (method === 'majority') return majorityVote(annotations);
  return method === 'glad' ? glad(annotations) : dawidSkene(annotations);
}

function assertCurrent({ values, names }: Labels, { itemNames, classNames }: Annotations): void {
  if (values.length !== itemNames.length)
    throw new DatasetInputError(`There are ${values.length} current labels for ${itemNames.length} items.`);
  if (names.length !== classNames.length || names.some((name, c) => name !== classNames[c]))
    throw new DatasetInputError(
      'The current labels have other classes than the annotations; give both the same classes in the same order.',
    );
  const outside = values.find((label) => label < 0 || label >= names.length);
  if (outside !== undefined)
    throw new DatasetInputError(`Current label ${outside} is outside of 0 to ${names.length - 1}.`);
}

/** The labels of everybody but `excluded`. */
function without(annotations: Annotations, excluded: ReadonlySet<number>): Annotations {
  const places = Int32Array.from(annotations.annotators.keys());
  return subset(
    annotations,
    places.filter((place) => !excluded.has(annotations.annotators[place] as number)),
  );
}

interface Trial {
  readonly accused: readonly AnnotatorFinding[];
  /** Whose labels are left out before items are judged. */
  readonly excluded: ReadonlySet<number>;
  /** Whether all pairs were looked at for copies. */
  readonly complete: boolean;
}

/**
 * Dawid–Skene and GLAD weigh each annotator and lose by leaving any out, but take copies for independent witnesses: of
 * a group, one is kept. Majority vote weighs nobody: all that are accused are left out of it.
 */
function tryAll(annotations: Annotations, method: Method): Trial {
  const votes = votesOf(annotations);
  const scene = sceneOf(votes, fitOf(votes, method));
  const { groups, findings, complete } = copies(scene);
  const single = accuse(scene);
  const excluded = new Set(method === 'majority' ? single.map(({ annotator }) => annotator) : []);
  for (const group of groups) {
    const [, ...rest] = group.filter((member) => !excluded.has(member));
    for (const member of rest) excluded.add(member);
  }
  return { accused: [...single, ...findings, ...haste(annotations)], excluded, complete };
}

/** p(each class is an item's true one), softened by the votes: a fit alone is surer than it is right. */
function beliefs(annotations: Annotations, { posteriors }: Aggregate): Float64Array {
  const classes = annotations.classNames.length;
  const votes = counts(votesOf(annotations));
  return posteriors.map((p, at) => {
    const from = at - (at % classes);
    let given = 0;
    for (let c = 0; c < classes; c++) given += votes[from + c] as number;
    const share = ((votes[at] as number) + 1 / classes) / (given + 1);
    return (1 - VOTES) * p + VOTES * share;
  });
}

/**
 * A current label that comes from elsewhere is evidence too: it counts as one more label, by an annotator as good as the
 * average of those here.
 */
function withCurrent(
  belief: Float64Array,
  { values }: Labels,
  { reliability, classes }: Aggregate,
): Float64Array {
  let [hits, labels] = [0, 0];
  for (const one of reliability)
    if (one.labels > 0) {
      hits += one.accuracy.value * one.labels;
      labels += one.labels;
    }
  const right = (hits + 1) / (labels + 2);
  const odds = Math.max(1, (right * (classes - 1)) / (1 - right));
  const weighed = belief.slice();
  values.forEach((given, item) => {
    (weighed[item * classes + given] as number) *= odds;
    normalise(weighed, item * classes, classes);
  });
  return weighed;
}

/** Weight of the votes' shares in what is believed of an item. */
const VOTES = 0.15;

function reasonOf(annotations: Annotations, item: number, given: number, line: Float64Array): string {
  const name = (c: number): string => `“${shownName(annotations.classNames[c] as string)}”`;
  const best = line.indexOf(Math.max(...line));
  return (
    `item ${shownName(annotations.itemNames[item] as string)} is labelled ${name(given)} with probability ` +
    `${(line[given] as number).toFixed(2)} by its annotators' labels; ${name(best)} has ${(line[best] as number).toFixed(2)}`
  );
}

function suspectsOf(
  annotations: Annotations,
  current: Int32Array,
  belief: Float64Array,
): {
  readonly scores: Float32Array;
  readonly suspects: Suspect[];
} {
  const classes = annotations.classNames.length;
  const scores = Float32Array.from(current, (given, item) =>
    given < 0 ? 0 : 1 - (belief[item * classes + given] as number),
  );
  const suspects = Array.from(scores.keys())
    .filter((item) => (scores[item] as number) > 0.5)
    .sort((a, b) => (scores[b] as number) - (scores[a] as number) || a - b)
    .map((row) => {
      const line = belief.subarray(row * classes, (row + 1) * classes);
      const message = reasonOf(annotations, row, current[row] as number, line);
      return { row, score: scores[row] as number, reasons: [{ check: CHECK, message }] };
    });
  return { scores, suspects };
}

function blindSpots({ items, itemNames, times }: Annotations, { complete }: Trial): string[] {
  const labels = items.length / itemNames.length;
  return [
    'Errors that most annotators of an item share look like the truth; only labels by other people would show them.',
    'Annotators with fewer than 10 labels that others also judged are not accused of anything.',
    'Annotators who copy only part of their labels are not told from those who agree.',
    ...(labels < 3
      ? [
          `Items have ${labels.toFixed(1)} labels on average; with fewer than 3 a wrong one cannot be told from a right one.`,
        ]
      : []),
    ...(times === undefined ? ['There are no times of labels: haste cannot be seen.'] : []),
    ...(complete ? [] : ['There were too many pairs of annotators to look for copies among all of them.']),
  ];
}

/**
 * Which annotators not to trust, and which items have a label in doubt. Rows are items, in the order of `itemNames`.
 * Scores are 1 − p(current label) by the recommended method, mixed with the shares of the votes, without copies (and,
 * where majority vote is recommended, without anybody accused); `options.current` counts as one more label. Items without a label have score 0. Deterministic for
 * a seed. About eight fits of each method: 25,000 labels in seconds. DatasetInputError for annotations that do not hold
 * together, or current labels of other items or classes.
 */
export function checkAnnotators(annotations: Annotations, options: AnnotatorOptions = {}): AnnotatorReport {
  const aggregates = aggregate(annotations, { seed: options.seed ?? 0 });
  if (options.current !== undefined) assertCurrent(options.current, annotations);
  const trial = tryAll(annotations, aggregates.recommended);
  const rest = trial.excluded.size === 0 ? annotations : without(annotations, trial.excluded);
  const kept = rest.items.length > 0;
  const clean =
    kept && trial.excluded.size > 0 ? aggregateOf(rest, aggregates.recommended) : recommendedOf(aggregates);
  const labelled = aggregates.majority.labels;
  const current = (options.current?.values ?? labelled).map((label, item) =>
    (labelled[item] as number) < 0 ? -1 : label,
  );
  const bare = beliefs(kept ? rest : annotations, clean);
  const belief = options.current === undefined ? bare : withCurrent(bare, options.current, clean);
  const { scores, suspects } = suspectsOf(annotations, current, belief);
  const accused: Accused = { annotations, ...trial, reliability: aggregates.majority.reliability, scores };
  return {
    scores,
    suspects,
    findings: [...annotatorFindings(accused), ...doubtfulFinding(accused, suspects)],
    blindSpots: blindSpots(annotations, trial),
    annotators: recommendedOf(aggregates).reliability,
    accused: trial.accused,
    aggregate: clean,
    aggregates,
  };
}
