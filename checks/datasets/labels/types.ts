import type { Neighbours } from '../neighbours/types.ts';
import type { DatasetFinding, Matrix, Share, Suspect } from '../types.ts';

/** The given labels as classes 0..`names.length`−1, in the order of the rows. */
export interface Labels {
  readonly values: Int32Array;
  /** What to call each class; at least two. */
  readonly names: readonly string[];
}

/** Out-of-sample probabilities of every class for every row, rows × classes, row by row; each row sums to 1. */
export interface Probabilities {
  readonly rows: number;
  readonly classes: number;
  readonly values: Float32Array | Float64Array;
}

/**
 * Which off-diagonal rows are label errors: as many as the noise rates say, those furthest on the other side
 * (`noise-rate`); as many as the noise rates say of each class, those least sure of their label (`class`); those that
 * both name (`both`); all that count as confidently of another class (`joint`).
 */
export type Pruning = 'noise-rate' | 'class' | 'both' | 'joint';

/** How sure the model is of the given label; every measure is 0..1, low for a suspect one. */
export type Ranking = 'self-confidence' | 'normalised-margin' | 'confidence-weighted-entropy';

/** The estimated joint distribution of given and true labels (Northcutt, Jiang and Chuang, JAIR 70, 2021). */
export interface ConfidentJoint {
  readonly classes: number;
  /** Per class: mean probability of it over the rows with that label; NaN for a class without rows. */
  readonly thresholds: Float64Array;
  /** Counts, given label by true label, before calibration. */
  readonly counts: Float64Array;
  /** Calibrated to the number of rows of each given label: whole numbers that sum to the number of rows. */
  readonly calibrated: Int32Array;
  /** p(given | true), true label by given label; each row sums to 1 where the class has rows. */
  readonly noise: Float64Array;
  /** p(true | given), given label by true label. */
  readonly inverse: Float64Array;
  /** Rows that count as confidently of a class that is not their given one, ascending. */
  readonly offDiagonal: Int32Array;
}

/** Where the probabilities came from, for those who read the reasons. */
export type Judge = 'neighbours' | 'linear' | 'both' | 'given';

export interface LabelOptions {
  /** Neighbours that vote, 1..200; 20 when absent. */
  readonly k?: number;
  /** Folds of the linear model, 2..20; 5 when absent. */
  readonly folds?: number;
  /** 0..2⁵³−1; 0 when absent. */
  readonly seed?: number;
  /** `noise-rate` when absent. */
  readonly pruning?: Pruning;
  /** `self-confidence` when absent. */
  readonly ranking?: Ranking;
  /** `both` when absent: the mixture with the least out-of-fold loss. */
  readonly judge?: 'neighbours' | 'linear' | 'both';
}

/** Features as they are: `euclidean` ones are standardised first. */
export interface LabelInput {
  readonly features: Matrix;
  readonly labels: Labels;
  readonly metric?: 'euclidean' | 'cosine';
  /** Of these features, when they are known already; at least k of them. */
  readonly neighbours?: Neighbours;
}

/** Rows of one given class and what is wrong with them. */
export interface ClassQuality {
  readonly name: string;
  readonly rows: number;
  /** Rows of it that are suspected. */
  readonly suspected: number;
  /** Mean quality of its labels, 0..1. */
  readonly quality: number;
  /** Share of its given labels that are estimated to be wrong: 1 − p(true = given | given). */
  readonly noise: number;
  /** Class that its wrong labels mostly belong to; null where none is estimated to be wrong. */
  readonly mostly: string | null;
}

/**
 * Per row the probability that the given label is wrong, read in several ways: which of them holds depends on what the
 * judge learnt from, and that cannot be told from the labels.
 */
export interface Readings {
  /** By a noise channel fitted together with what the judge's sureness is worth: holds where it learnt from sound labels. */
  readonly fitted: Float32Array;
  /** The same with the judge taken at its word. */
  readonly trusting: Float32Array;
  /** By the noise among the records that the judge is surest of: holds where it learnt from these very labels. */
  readonly anchored: Float32Array;
  /** The larger of `fitted` and `anchored`, but no more than the judge itself gives to all other classes. */
  readonly wrong: Float32Array;
}

export interface LabelReport {
  /** Per row 0..1: how likely the given label is wrong, for ranking. */
  readonly scores: Float32Array;
  /** Rows that are called label errors, ascending. */
  readonly errors: Int32Array;
  /** The errors with their reasons, most suspicious first. */
  readonly suspects: readonly Suspect[];
  readonly findings: readonly DatasetFinding[];
  /** Share of the labels that are estimated to be wrong. */
  readonly noise: Share;
  /** Share of `errors` that are estimated to be truly wrong. */
  readonly precision: Share;
  /** Mean quality of all labels, 0..1. */
  readonly quality: number;
  readonly classes: readonly ClassQuality[];
  readonly joint: ConfidentJoint;
  /** Per row how probable it is that its label is wrong, where classes that merely overlap are counted out. */
  readonly readings: Readings;
  readonly probabilities: Probabilities;
  readonly judge: Judge;
  readonly blindSpots: readonly string[];
}
