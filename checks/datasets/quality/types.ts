import type { z } from 'zod';
import type { CheckResult } from '../../define.ts';
import type { TextFinding, TextInput } from '../../text/types.ts';
import type { Labels } from '../labels/index.ts';
import type { Steps } from '../neighbours/index.ts';
import type { DatasetProfile } from '../records/index.ts';
import type { CheckOutcome, Column, Share, Suspect } from '../types.ts';
import type { DataRules } from './rules/schema.ts';

/** Lists that a rule's `references` names: values that a column may hold, e.g. the keys of another dataset. */
export interface RuleOptions {
  readonly lists?: Readonly<Record<string, Column | readonly string[]>>;
}

/**
 * Judges columns by rules; one finding a broken rule, id `datasets/rules`. Rows that break one score .6 to .9: someone
 * stated the rule, so it is the record that is wrong. DatasetInputError for rules that are none (with the place), for a
 * pattern that cannot be run in linear time and for a list that is not given. O(rows × rules), 100,000 × 20 in about a
 * second.
 */
export type CheckRules = (
  columns: readonly Column[],
  rules: z.input<typeof DataRules>,
  options?: RuleOptions,
) => CheckOutcome;

/** Proposes rules that an accepted version keeps, with room for chance, so that its successor can be judged by them. */
export type InferRules = (accepted: readonly Column[] | DatasetProfile) => DataRules;

export interface MissingOptions {
  /** Classes of the rows; imbalance and what depends on the label are judged only with them. */
  readonly labels?: Labels;
  /** Name of the column that the labels came from: it is no feature and is left out. */
  readonly labelColumn?: string;
}

/**
 * Missing values, constant and identifier columns, imbalance of labels, values whose absence goes with the label, and
 * order or identifiers that do; id `datasets/missing`. About columns rather than rows: no row scores above .3.
 */
export type CheckMissing = (columns: readonly Column[], options?: MissingOptions) => CheckOutcome;

/** A part of a dataset: columns without the label, and the label where there is one. */
export interface Part {
  readonly columns: readonly Column[];
  readonly labels?: Labels;
}

export interface LeakageInput extends Part {
  /** What the model is judged by. Columns are matched by name; at least one must be in both. */
  readonly test?: Part;
}

/** A row of the dataset that is also, or nearly, in the test part. */
export interface Overlap {
  readonly row: number;
  readonly testRow: number;
  /** `exact`: equal in every shared column; `near`: after folding of case, spaces and digits, or but for one column. */
  readonly kind: 'exact' | 'near';
}

export interface LeakageOutcome extends CheckOutcome {
  /** At most `MAX_ROWS_NAMED`, by test row; one per test row. */
  readonly overlaps: readonly Overlap[];
}

/**
 * Overlap of train and test, columns that give the label away, equal rows with different labels; id `datasets/leakage`.
 * Scores are those of `columns`: overlaps and give-aways are no poisoning and stay at or below .3; the lone dissenter
 * among many equal rows, in data where equal rows agree, is above .5. Throws DatasetInputError.
 */
export type CheckLeakage = (input: LeakageInput) => Steps<LeakageOutcome>;

export interface ContentOptions {
  /** Names of the columns to look into; all text and category columns when absent. */
  readonly columns?: readonly string[];
  /** Rows that are looked into, drawn by lot where there are more; 200,000 when absent. Said in `blindSpots`. */
  readonly maxRows?: number;
  /** Characters that are read in all; 200 million when absent. Rows drawn by lot where there are more. */
  readonly maxCharacters?: number;
  /** 0..2⁵³−1; 0 when absent. */
  readonly seed?: number;
}

/** What was found in a column. */
export interface ColumnContent {
  readonly column: string;
  /** As the text checks name it, e.g. `email`. */
  readonly kind: string;
  /** Share of the rows looked into, those without a value left out, that hold it. */
  readonly share: Share;
  /** Rows with it, ascending; at most `MAX_ROWS_NAMED`. */
  readonly rows: readonly number[];
  readonly count: number;
}

export interface ContentOutcome extends CheckOutcome {
  readonly columns: readonly ColumnContent[];
  /** Why each row with a hit has one, whatever its score; at most `MAX_ROWS_NAMED`, worst first. Values are masked. */
  readonly notes: readonly Suspect[];
  /** Rows that were looked into. */
  readonly looked: number;
}

/**
 * Personal data, id `datasets/personal-data`: rows stay at or below .3, for they are no poisoning; the finding and the
 * notes say what is where. The name of a column counts as context: digits under `ssn` are a social security number.
 */
export type CheckPersonal = (columns: readonly Column[], options?: ContentOptions) => Steps<ContentOutcome>;

/** Secrets, id `datasets/secrets`: rows score as sure as the rule is, .5 to .99. */
export type CheckSecrets = CheckPersonal;

/** What judges a text for injected instructions: `run` of the check that `createInjectionCheck` makes. */
export interface InjectionPort {
  readonly judge: (
    input: TextInput,
    signal?: AbortSignal,
  ) => CheckResult<TextFinding> | Promise<CheckResult<TextFinding>>;
}

/**
 * Instructions in documents, id `datasets/injected-instructions`, by rules alone: texts as of third parties, and
 * instructions in text that a reader does not see (comments, invisible characters, white on white). Such rows score
 * above .5; hidden text that gives no order stays below.
 */
export type CheckDocuments = CheckPersonal;

export interface JudgedDocuments extends ContentOptions {
  /** A trained detector, where there is one. What it refuses to judge is named in a finding, never passed over. */
  readonly injection: InjectionPort;
  /** Lets other work in between slices. */
  readonly pause?: () => Promise<unknown>;
  readonly signal?: AbortSignal;
}

/** `CheckDocuments` with a detector that may answer late. Rejects with the signal's reason once it is aborted. */
export type JudgeDocuments = (
  columns: readonly Column[],
  options: JudgedDocuments,
) => Promise<ContentOutcome>;

/** How far a document may go, each level within the one before. */
export const ACCESS_LEVELS = ['public', 'internal', 'confidential', 'restricted'] as const;
export type AccessLevel = (typeof ACCESS_LEVELS)[number];

/** Who may read a document: those cleared for the level who are in one of the groups (any group when it is empty). */
export interface AccessLabel {
  readonly level: AccessLevel;
  readonly groups: readonly string[];
}

export interface Principal {
  readonly clearance: AccessLevel;
  readonly groups: readonly string[];
}

/** A classification mark in a document, by what it demands. */
export interface Mark {
  readonly level: AccessLevel;
  /** As it stands in the text, at most 60 characters. */
  readonly text: string;
  /** UTF-16 offsets into the document. */
  readonly start: number;
  readonly end: number;
  /** How sure it is that this is a mark and not a word in a sentence, 0..1. */
  readonly score: number;
}

export interface ConfidentialOptions extends ContentOptions {
  /** Name of the column with the documents' access labels; see `parseAccessLabel`. */
  readonly access?: string;
}

/**
 * Documents marked confidential, id `datasets/confidential`. Without access labels every marked row is named and scores
 * above .5, for whoever may search the corpus may read it; with them, rows whose mark is stricter than their label.
 * Rows whose label is missing or cannot be read, which `mayRead` opens to nobody, are a finding and score nothing.
 */
export type CheckConfidential = (
  columns: readonly Column[],
  options?: ConfidentialOptions,
) => Steps<ContentOutcome>;
