/** What the activations of a network that was trained on a dataset tell about its rows. */

export {
  ACTIVATION_CLUSTERS,
  type ActivationClustering,
  type ClusterOptions,
  SPECTRAL_SIGNATURES,
  type SpectralOptions,
  type SpectralSignatures,
} from './types.ts';
