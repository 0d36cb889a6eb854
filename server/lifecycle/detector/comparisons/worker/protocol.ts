import type { DetectorOrigin, DetectorPoint, SegmentKind } from '@bartizan/contracts';

/** A text that both models judge. */
export interface Question {
  readonly text: string;
  readonly origin: DetectorOrigin;
  readonly kind: SegmentKind;
}

/** What one model makes of a text. */
export interface Answer {
  /** Calibrated, 0..1; null of the rules alone. */
  readonly probability: number | null;
  /** Whether it counts as an attack at each operating point. */
  readonly attack: Readonly<Record<DetectorPoint, boolean>>;
  /** The fast stage settled it. */
  readonly settled: boolean;
  /** Without reading the text and asking the rules, which both models share. */
  readonly ms: number;
}

export interface Both {
  readonly live: Answer;
  readonly candidate: Answer;
}

/** A model folder; null: the rules alone. */
export type ToChild =
  | { readonly type: 'open'; readonly live: string | null; readonly candidate: string | null }
  | { readonly type: 'judge'; readonly id: number; readonly question: Question };

export type FromChild =
  | { readonly type: 'ready' }
  /** A model does not run here; the message says which and why. */
  | { readonly type: 'unusable'; readonly message: string }
  /** Null where one of the two could not judge it. */
  | { readonly type: 'judged'; readonly id: number; readonly both: Both | null };
