import type { Labels } from '../labels/index.ts';
import type { Steps } from '../neighbours/index.ts';
import type { CheckOutcome, Matrix } from '../types.ts';

export const SPECTRAL_SIGNATURES = 'datasets/spectral-signatures';
export const ACTIVATION_CLUSTERS = 'datasets/activation-clusters';

export interface SpectralOptions {
  /** Largest share of a class's rows that is expected to be bad, above 0 to .5; .33 when absent. */
  readonly expectedShare?: number;
  /** At most `multiplier` × `expectedShare` of a class is named, above 0 to 10; 1.5 when absent, as its authors use. */
  readonly multiplier?: number;
  /** 0..2⁵³−1; 0 when absent. */
  readonly seed?: number;
}

/**
 * Spectral signatures (Tran, Li and Madry, NeurIPS 2018, algorithm 1): per class, squared projections on the first
 * singular direction of the centred activations. `activations` are of a network trained on these rows, its last hidden
 * layer, one row each. DatasetInputError for activations or labels that cannot be judged.
 */
export type SpectralSignatures = (
  activations: Matrix,
  labels: Labels,
  options?: SpectralOptions,
) => Steps<CheckOutcome>;

export interface ClusterOptions {
  /** Principal components that are kept, 1..100; 10 when absent. */
  readonly components?: number;
  /** A smaller cluster of less than this share of its class is suspected, 0..0.5; .35 when absent. */
  readonly smallest?: number;
  /** Least silhouette of two clusters that count as two, −1..1; .1 when absent. */
  readonly silhouette?: number;
  /** 0..2⁵³−1; 0 when absent. */
  readonly seed?: number;
}

/**
 * Activation clustering (Chen et al., SafeAI 2019): per class, principal components and two clusters; a small one that
 * stands apart is suspected. Activations and errors as for `SpectralSignatures`.
 */
export type ActivationClustering = (
  activations: Matrix,
  labels: Labels,
  options?: ClusterOptions,
) => Steps<CheckOutcome>;
