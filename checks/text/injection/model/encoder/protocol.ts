import type { Manifest } from '../manifest.ts';
import { KINDS, ORIGINS } from '../manifest.ts';
import type { InjectionModel } from '../model.ts';

/** A file that the encoder's process reads for itself. */
export interface ListedFile {
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** What the encoder's process is told first. */
export interface OpenRequest {
  readonly type: 'open';
  /** The lower layers. */
  readonly encoder: ListedFile;
  readonly upper: ListedFile;
  readonly vocabulary: ListedFile;
  /** Tokens of a sequence at most, special ones included. */
  readonly tokens: number;
  /** Sequences below both bounds leave after the lower layers. */
  readonly exit: Manifest['exit'];
}

/** What the encoder's process is told of a model. */
export function openRequestOf({ manifest, paths }: Pick<InjectionModel, 'manifest' | 'paths'>): OpenRequest {
  const { encoder, upper, vocabulary } = manifest.files;
  return {
    type: 'open',
    encoder: { ...encoder, path: paths.encoder },
    upper: { ...upper, path: paths.upper },
    vocabulary: { ...vocabulary, path: paths.vocabulary },
    tokens: manifest.window.tokens,
    exit: manifest.exit,
  };
}

export interface ScoreRequest {
  readonly type: 'score';
  readonly id: number;
  readonly texts: readonly string[];
}

export type EncoderRequest = OpenRequest | ScoreRequest;

/** What the encoder said of some texts. */
export interface Scores {
  /**
   * `ROW` numbers for each text, in order: the logits of `origin`, then those of `kind`; of a text that left early those
   * of `early`, then zeros.
   */
  readonly values: Float32Array;
  /** Sequences that the texts made, and how many of these left early. */
  readonly sequences: number;
  readonly early: number;
}

export type EncoderReply =
  | { readonly type: 'ready' }
  /** It will not do any better another time: a damaged file, another interface, a library that is not there. */
  | { readonly type: 'unusable'; readonly message: string }
  | ({ readonly type: 'scores'; readonly id: number; readonly ms: number } & Scores)
  | { readonly type: 'failed'; readonly id: number; readonly message: string };

/** Numbers that the encoder gives for a text. */
export const ROW = ORIGINS.length + KINDS.length;

/** Whether a row is of a text that the upper layers did not read: they give no kind of exactly 0 five times. */
export function leftEarly(row: Float32Array): boolean {
  return row.subarray(ORIGINS.length).every((logit) => logit === 0);
}
