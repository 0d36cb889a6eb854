import type { Labels } from '../labels/index.ts';
import type { Steps } from '../neighbours/index.ts';
import type { CheckOutcome, Matrix } from '../types.ts';

/** Documents, and their labels where there are some. A missing or empty text is never suspected. */
export interface TextInput {
  readonly texts: readonly (string | null)[];
  readonly labels: Labels | null;
}

export interface TriggerOptions {
  /** 0..2⁵³−1; 0 when absent. */
  readonly seed?: number;
  /** Fewest documents with a feature for it to be looked at, at least 3; max(5, n / 2,000) when absent. */
  readonly leastDocuments?: number;
}

/**
 * Backdoor triggers in labelled texts: words, phrases, sentences and openings that go with one label although the rest
 * of the text says another, or that stand where they do not fit. Needs labels: without them an outcome with nothing
 * but a blind spot. DatasetInputError where labels and texts don't fit.
 */
export type CheckTextTriggers = (input: TextInput, options?: TriggerOptions) => Steps<CheckOutcome>;

export interface PayloadOptions {
  /** Documents from which a repeated token or phrase is a finding, at least 5; max(36, n / 4,000) when absent. */
  readonly leastDocuments?: number;
}

/** The same rare token, phrase or payload in many documents that have nothing else in common. Labels are not used. */
export type CheckAbsoluteCounts = (
  input: Pick<TextInput, 'texts'>,
  options?: PayloadOptions,
) => Steps<CheckOutcome>;

export interface DuplicateOptions {
  /** Jaccard similarity from which two documents are near-duplicates, .5..1; .8 when absent. */
  readonly threshold?: number;
  /** 0..2⁵³−1; 0 when absent. */
  readonly seed?: number;
}

export interface DuplicateOutcome extends CheckOutcome {
  /** Groups of two documents or more, each linked to another of its group by a near-duplicate; largest first. */
  readonly clusters: readonly Int32Array[];
  /** Documents whose text is another's word by word. */
  readonly exact: number;
}

/** Near-duplicates, floods of them, and equal texts with different labels. */
export type CheckNearDuplicates = (input: TextInput, options?: DuplicateOptions) => Steps<DuplicateOutcome>;

export interface PairInput {
  readonly prompts: readonly (string | null)[];
  /** As many as prompts. */
  readonly responses: readonly (string | null)[];
}

export interface PairOptions {
  /** Fewest pairs with the same response that are a finding, at least 3; max(8, n / 2,000) when absent. */
  readonly leastPairs?: number;
  /** 0..2⁵³−1; 0 when absent. */
  readonly seed?: number;
}

/** Prompt–response pairs: the same response, or a part of it, to prompts that have nothing in common but a trigger. */
export type CheckResponsePairs = (input: PairInput, options?: PairOptions) => Steps<CheckOutcome>;

export interface EmbedOptions {
  /** Columns of the result, 2..256; 128 when absent. */
  readonly dimensions?: number;
  /** 0..2⁵³−1; 0 when absent. */
  readonly seed?: number;
}

/**
 * Latent semantic analysis: rows of length 1 whose cosines are similarities of the texts; a text without words is all
 * zeros. The same texts and seed give the same numbers.
 */
export type EmbedTexts = (texts: readonly (string | null)[], options?: EmbedOptions) => Matrix;
