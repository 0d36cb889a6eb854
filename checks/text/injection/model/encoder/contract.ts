export interface EncoderLoad {
  /** Texts that wait or run. */
  readonly waiting: number;
  readonly ready: boolean;
}

/** What happens in the encoder, for whoever measures it. */
export interface EncoderObserver {
  readonly batch?: (texts: number, ms: number) => void;
  /** The process went down, and why. It comes back after a while. */
  readonly crashed?: (why: string, backOffMs: number) => void;
}

/**
 * The encoder, in a process of its own that starts with the first question. Answers `ROW` logits a text, in order;
 * rejects with {@link EncoderRefused}, or the signal's reason.
 */
export interface Encoder {
  readonly score: (texts: readonly string[], signal?: AbortSignal) => Promise<Float32Array>;
  /** Resolves once the encoder has answered; so that no request pays for its start. */
  readonly warm: () => Promise<void>;
  readonly load: () => EncoderLoad;
  readonly close: () => Promise<void>;
}
