import type { OperatingPoint, Stack } from './manifest.ts';

/** What the stages say of one text. */
export interface StackFeatures {
  /** Highest logit of the encoder for the text's origin over all that it read; the linear one where it did not run. */
  readonly encoder: number;
  /** Highest logit of the linear stage for the text's origin over all windows. */
  readonly linear: number;
  /** Score of the rules, 0..1. */
  readonly rules: number;
  /** Windows of the plain view; at least 1. The stack weighs its log2, at most `windowsUpTo`. */
  readonly windows: number;
  /** Whether the window with the highest encoder logit came out of a decoded or respelled view. */
  readonly decoded: boolean;
}

const EDGE = 1e-9;

export function sigmoid(logit: number): number {
  return 1 / (1 + Math.exp(-logit));
}

function logit(probability: number): number {
  const p = Math.min(1 - EDGE, Math.max(EDGE, probability));
  return Math.log(p / (1 - p));
}

/** Probability that a text is an attack, 0..1 (stacked generalisation: Wolpert 1992). */
export function probabilityOf(features: StackFeatures, stack: Stack): number {
  return sigmoid(
    stack.bias +
      stack.encoder * features.encoder +
      stack.linear * features.linear +
      stack.rules * features.rules +
      stack.windows * Math.min(stack.windowsUpTo, Math.log2(Math.max(1, features.windows))) +
      (features.decoded ? stack.decoded : 0),
  );
}

/** A probability as a score that is 0.5 at the threshold of the operating point, 0..1, and rises with it. */
export function scoreAt(
  probability: number,
  points: Readonly<Record<OperatingPoint, number>>,
  point: OperatingPoint,
): number {
  return sigmoid(logit(probability) - logit(points[point]));
}
