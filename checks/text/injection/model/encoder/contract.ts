export interface EncoderLoad {
  /** Texts that wait or run. */
  readonly waiting: number;
  readonly ready: boolean;
}

/** A batch that the encoder answered. */
export interface BatchReport {
  readonly texts: number;
  /** Sequences of tokens that the texts made, and how many of these left early. */
  readonly sequences: number;
  readonly early: number;
  /** What it took, and how long its oldest text had waited before, in ms. */
  readonly computeMs: number;
  readonly queueMs: number;
}

/** What happens in the encoder, for whoever measures it. */
export interface EncoderObserver {
  readonly batch?: (report: BatchReport) => void;
  /** The process went down, and why. It comes back after a while. */
  readonly crashed?: (why: string, backOffMs: number) => void;
}

/** How a question is asked. */
export interface Asking {
  readonly signal?: AbortSignal | undefined;
  /** Whose question it is: each client, and each question without one, has the same share of the encoder. */
  readonly client?: string | undefined;
}

/**
 * The encoder, in a process of its own that starts with the first question. Answers `ROW` logits a text, in order;
 * rejects with `EncoderRefused`, or the signal's reason.
 */
export interface Encoder {
  readonly score: (texts: readonly string[], asking?: Asking) => Promise<Float32Array>;
  /** Resolves once the encoder has answered; so that no request pays for its start. */
  readonly warm: () => Promise<void>;
  readonly load: () => EncoderLoad;
  readonly close: () => Promise<void>;
}
