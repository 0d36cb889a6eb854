/** What an operator needs besides the text. */
export interface Surroundings {
  /** 0..1 for each call. */
  readonly random: () => number;
  /** Harmless texts to pad with; at least one. */
  readonly harmless: readonly string[];
  /** ISO 639-1 of the attack, where it is known. */
  readonly lang: string | null;
}

/** When an operator is applied: words first, then letters, then an encoding, then what is put around. */
export const LAYERS = ['wording', 'letters', 'encoding', 'wrap', 'pad'] as const;
export type Layer = (typeof LAYERS)[number];

/**
 * How an operator keeps the meaning: `verbatim` leaves every character recoverable by rule; `wording` says the same
 * in slightly other words, or with a few words less that carry none of it.
 */
export type Keeps = 'verbatim' | 'wording';

/** A way to change how an attack looks while it still asks for the same. Pure, given the random numbers. */
export interface Operator {
  readonly id: string;
  readonly layer: Layer;
  readonly keeps: Keeps;
  /** Returns the text unchanged where it has nothing to change. */
  readonly apply: (text: string, around: Surroundings) => string;
}

/** A whole number in 0..`below`−1. */
export function below(random: () => number, most: number): number {
  return Math.min(most - 1, Math.floor(random() * most));
}

/** One of the choices; throws where there are none. */
export function pick<Choice>(choices: readonly Choice[], random: () => number): Choice {
  if (choices.length === 0) throw new RangeError('nothing to pick from');
  return choices[below(random, choices.length)] as Choice;
}
