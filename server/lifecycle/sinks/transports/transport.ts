import type { SinkEvent } from '../event.ts';

/** An event ready to be sent. */
export interface Rendered {
  readonly event: SinkEvent;
  /** One line, without a line break. */
  readonly text: string;
}

/**
 * What became of a batch. `delivered`: the receiver has all of it. `refused`: it says that something in it will
 * never be taken (a smaller batch, or the others, may). `failed`: it cannot be reached or takes nothing now.
 */
export type Outcome =
  | { readonly kind: 'delivered'; readonly status: number | null; readonly answer: string }
  | {
      readonly kind: 'refused' | 'failed';
      readonly message: string;
      readonly status: number | null;
      /** First characters of what the receiver answered. */
      readonly answer: string;
      /** What the receiver asks us to wait. */
      readonly retryAfterMs?: number;
    };

/** A way to a receiver. `deliver` never throws for what the receiver does; it may be called again after any outcome. */
export interface Transport {
  readonly deliver: (batch: readonly Rendered[], signal: AbortSignal) => Promise<Outcome>;
  readonly close: () => Promise<void>;
}

const MAX_ANSWER_CHARS = 500;

/** What a receiver sent, safe to show: short, and without control characters. */
export const shownAnswer = (text: string): string =>
  text
    .slice(0, MAX_ANSWER_CHARS)
    .toWellFormed()
    .replace(/\p{Cc}+/gu, ' ')
    .trim();
