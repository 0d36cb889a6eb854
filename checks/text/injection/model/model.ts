import type { LinearStage } from './linear.ts';
import type { Manifest } from './manifest.ts';

/** A model folder, read and found whole. */
export interface InjectionModel {
  /** `id@version` of the manifest. */
  readonly name: string;
  readonly manifest: Manifest;
  readonly linear: LinearStage;
  /** Absolute paths of files that the encoder's process reads for itself, against the manifest's digests. */
  readonly paths: { readonly encoder: string; readonly upper: string; readonly vocabulary: string };
}
