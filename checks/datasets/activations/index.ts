/** What the activations of a network that was trained on a dataset tell about its rows. */

export { activationClustering } from './clusters.ts';
export { type Principal, type PrincipalOptions, principal, project } from './principal.ts';
export { spectralSignatures } from './spectral.ts';
export {
  ACTIVATION_CLUSTERS,
  type ActivationClustering,
  type ClusterOptions,
  SPECTRAL_SIGNATURES,
  type SpectralOptions,
  type SpectralSignatures,
} from './types.ts';
