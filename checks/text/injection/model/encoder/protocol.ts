import { KINDS, ORIGINS } from '../manifest.ts';

/** A file that the encoder's process reads for itself. */
export interface ListedFile {
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** What the encoder's process is told first. */
export interface OpenRequest {
  readonly type: 'open';
  readonly encoder: ListedFile;
  readonly vocabulary: ListedFile;
  /** Tokens of a sequence at most, special ones included. */
  readonly tokens: number;
}

export interface ScoreRequest {
  readonly type: 'score';
  readonly id: number;
  readonly texts: readonly string[];
}

export type EncoderRequest = OpenRequest | ScoreRequest;

export type EncoderReply =
  | { readonly type: 'ready' }
  /** It will not do any better another time: a damaged file, another interface, a library that is not there. */
  | { readonly type: 'unusable'; readonly message: string }
  /** `values`: `ROW` numbers for each text, in order: the logits of `origin`, then those of `kind`. */
  | { readonly type: 'scores'; readonly id: number; readonly values: Float32Array; readonly ms: number }
  | { readonly type: 'failed'; readonly id: number; readonly message: string };

/** Numbers that the encoder gives for a text. */
export const ROW = ORIGINS.length + KINDS.length;
