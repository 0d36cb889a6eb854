import type { Labels } from '../labels/index.ts';
import type { Steps } from '../neighbours/index.ts';
import type { CheckOutcome, Images, Matrix } from '../types.ts';

export const IMAGE_TRIGGERS = 'datasets/image-triggers';
export const IMAGE_DUPLICATES = 'datasets/image-duplicates';

export interface ImageTriggerOptions {
  /** Neighbours that say what a picture looks like, 2..100; 10 when absent. */
  readonly k?: number;
  /** Seed of the neighbour search, 0..2⁵³−1; 0 when absent. */
  readonly seed?: number;
}

/**
 * Backdoor triggers in pictures: a part or an overlay that pictures of one label share although they look like other
 * classes. DatasetInputError for pictures or labels that cannot be judged.
 */
export type CheckImageTriggers = (
  images: Images,
  labels: Labels,
  options?: ImageTriggerOptions,
) => Steps<CheckOutcome>;

export interface ImageDuplicateOptions {
  /** Cosine distance of two pictures' features up to which they are compared pixel by pixel, 0..1; .02 when absent. */
  readonly near?: number;
  /** Seed of the neighbour search, 0..2⁵³−1; 0 when absent. */
  readonly seed?: number;
}

/**
 * Pictures that occur more than once, exactly or nearly, with what their labels say; `labels` may be null.
 * DatasetInputError for pictures or labels that cannot be judged.
 */
export type CheckImageDuplicates = (
  images: Images,
  labels: Labels | null,
  options?: ImageDuplicateOptions,
) => Steps<CheckOutcome>;

/**
 * One row of at most 128 numbers for each picture (shapes by histograms of gradients, colours, principal components), for
 * Euclidean neighbours, label errors and outliers as they are: not to be standardised again.
 */
export type ImageFeatures = (images: Images) => Steps<Matrix>;
