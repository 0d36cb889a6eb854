import type { Labels } from '../labels/index.ts';
import type { CheckOutcome, Share } from '../types.ts';

/**
 * Labels that several people gave to the same items, as triples: label t is that annotator `annotators[t]` called item
 * `items[t]` class `labels[t]`. The three have one length. An annotator may have labelled an item more than once.
 */
export interface Annotations {
  /** Index into `itemNames`, 0..items−1. */
  readonly items: Int32Array;
  /** Index into `annotatorNames`. */
  readonly annotators: Int32Array;
  /** Index into `classNames`. */
  readonly labels: Int32Array;
  /** When each label was given, in ms since 1970; NaN where unknown. */
  readonly times?: Float64Array;
  readonly itemNames: readonly string[];
  readonly annotatorNames: readonly string[];
  /** In their order, for ordinal agreement; at least two. */
  readonly classNames: readonly string[];
}

/** One label as it is read from a file or a form. */
export interface AnnotationRow {
  readonly item: string;
  readonly annotator: string;
  readonly label: string;
  /** Ms since 1970. */
  readonly at?: number;
}

/** How far apart two classes are: the same or not; by their order; by the numbers that name them. */
export type Level = 'nominal' | 'ordinal' | 'interval';

/** A coefficient: 1 is full agreement, 0 what chance gives, below 0 less than chance. */
export interface Coefficient {
  /** Null where it is not defined: nothing is labelled twice, or only one class occurs. */
  readonly value: number | null;
  /** 95% percentile interval over items drawn with replacement; null where the value is, or with too few items. */
  readonly interval: readonly [low: number, high: number] | null;
}

export interface PairAgreement extends Coefficient {
  readonly annotators: readonly [number, number];
  /** Items that both labelled. */
  readonly shared: number;
}

export interface Agreement {
  readonly alpha: Coefficient;
  readonly level: Level;
  readonly fleiss: Coefficient;
  /** Cohen's κ of the pairs that share most items, most first. */
  readonly pairs: readonly PairAgreement[];
}

export interface AgreementOptions {
  /** `nominal` when absent. */
  readonly level?: Level;
  /** Draws of the bootstrap, 0..10,000; 1,000 when absent, fewer on many labels. */
  readonly resamples?: number;
  /** Pairs of annotators that are compared, 0..1,000; 50 when absent. */
  readonly pairs?: number;
  /** 0..2⁵³−1; 0 when absent. */
  readonly seed?: number;
}

export type Method = 'majority' | 'dawid-skene' | 'glad';

/** How well one annotator's labels fit what the others (not the annotator) make of the same items. */
export interface Reliability {
  readonly annotator: number;
  /** Labels given to items that somebody else labelled too. */
  readonly labels: number;
  /** Expected share of correct labels, with its 95% interval. */
  readonly accuracy: Share;
  /** Expected counts, true class by given label, row by row; sums to `labels`. */
  readonly confusion: Float64Array;
}

/** One class per item from the labels of all. */
export interface Aggregate {
  readonly method: Method;
  readonly classes: number;
  /** p(true class), items × classes, row by row; each row sums to 1. The shares of the votes for `majority`. */
  readonly posteriors: Float64Array;
  /** The likeliest class; the first of those that tie; −1 for an item without a label. */
  readonly labels: Int32Array;
  /** 1 where several classes tie for the likeliest. */
  readonly ties: Uint8Array;
  readonly reliability: readonly Reliability[];
  /** GLAD: how easy each item is, > 0, and each annotator's ability, negative for an adversary; else null. */
  readonly ease: Float64Array | null;
  readonly ability: Float64Array | null;
  /** Rounds of expectation and maximisation; 0 for `majority`. */
  readonly rounds: number;
  readonly converged: boolean;
}

export interface AggregateOptions {
  /** Pseudo-counts added to each cell of a confusion, > 0; .01 when absent. */
  readonly smoothing?: number;
  /** Most rounds, 1..1,000; 100 when absent. */
  readonly rounds?: number;
}

/** How well the classes that a method finds without a label predict that label. */
export interface HeldOut {
  readonly method: Method;
  /** Mean log-probability of a held-out label, in nats, below 0; higher is better. */
  readonly logLikelihood: number;
  /** Difference to majority vote, with its 95% interval over items. */
  readonly gain: { readonly value: number; readonly low: number; readonly high: number };
}

export interface AggregateReport {
  readonly majority: Aggregate;
  /** Null where there are too many annotators × classes² to fit; `reason` says so. */
  readonly dawidSkene: Aggregate | null;
  readonly glad: Aggregate;
  readonly recommended: Method;
  /** Why, and how sure that is, in plain sentences. */
  readonly reason: string;
  readonly heldOut: readonly HeldOut[];
  /** Items on which the methods do not agree, ascending. */
  readonly disagreements: Int32Array;
}

export type Suspicion = 'constant' | 'random' | 'below-chance' | 'target' | 'copies' | 'burst';

/** What speaks against one annotator. */
export interface AnnotatorFinding {
  readonly annotator: number;
  readonly kind: Suspicion;
  readonly message: string;
  /** Probability of so much or more from an honest annotator, times the number of tests. */
  readonly p: number;
  /** The class that labels are moved to, where there is one. */
  readonly target: number | null;
  /** The others of a group of copies. */
  readonly partners: readonly number[];
}

export interface AnnotatorReport extends CheckOutcome {
  readonly annotators: readonly Reliability[];
  readonly accused: readonly AnnotatorFinding[];
  /** What the items are judged by: the recommended method without copies, see `checkAnnotators`. */
  readonly aggregate: Aggregate;
  readonly aggregates: AggregateReport;
}

export interface AnnotatorOptions {
  /** The label that each item has now, in the order of `itemNames`; the majority's when absent. */
  readonly current?: Labels;
  /** 0..2⁵³−1; 0 when absent. */
  readonly seed?: number;
}

/** An item that a person should look at, and why. */
export interface QueueEntry {
  readonly item: number;
  readonly name: string;
  /** Expected number of wrong labels that a right one takes away, times the item's impact: (1 − p of the likeliest) × impact. */
  readonly value: number;
  /** The two likeliest classes with their probabilities. */
  readonly likeliest: readonly { readonly label: number; readonly probability: number }[];
  readonly votes: number;
  readonly reason: string;
}

export interface QueuePage {
  readonly entries: readonly QueueEntry[];
  /** Items in the whole queue. */
  readonly total: number;
  /** `after` of the next page; null on the last one. */
  readonly next: string | null;
}

export interface QueueOptions {
  /** `next` of the page before; the first page when absent. */
  readonly after?: string;
  /** 1..1,000; 50 when absent. */
  readonly limit?: number;
  /** How much a wrong label of each item costs, relative to the others, ≥ 0; all 1 when absent. */
  readonly impact?: Float64Array;
  /** Items decided already: left out. */
  readonly decided?: ReadonlySet<number>;
}

/** What a person decided about one item. */
export interface Decision {
  readonly item: number;
  /** Index into the names of the labels. */
  readonly label: number;
  /** Who, when (ms since 1970) and why: carried along, not judged. */
  readonly by: string;
  readonly at: number;
  readonly reason: string;
}

export interface LabelChange {
  readonly item: number;
  readonly before: number;
  readonly after: number;
  readonly decision: Decision;
}

export interface Decided {
  readonly labels: Labels;
  /** What became different, by item; a later decision on the same item wins. */
  readonly changes: readonly LabelChange[];
  /** Items whose decision confirmed the label they had, ascending. */
  readonly confirmed: readonly number[];
}
