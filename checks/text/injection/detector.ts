import type { Reading } from '../normalise/index.ts';
import type { Segment, TextFinding } from '../types.ts';
import type { OperatingPoint } from './model/manifest.ts';
import type { Judgement } from './score.ts';

/** A text for a trained model to judge, with what the rules make of it. */
export interface DetectorText {
  readonly segment: Segment;
  readonly reading: Reading;
  /** Null where the rules see nothing at all. */
  readonly rules: Judgement | null;
}

export interface DetectorSettings {
  readonly operatingPoint: OperatingPoint;
  /**
   * Where the encoder does not answer (too much waits, it is late, it crashed): `deny` fails, so that the guard refuses;
   * `shed` lets the rules and the linear stage decide, which is counted and said. What a text's author can bring about
   * alone (a text too long to be read in time, one that brings the encoder down) is never shed.
   */
  readonly overload: 'deny' | 'shed';
  /** Gives up, with the signal's reason, when it aborts. */
  readonly signal?: AbortSignal | undefined;
  /** Whose texts these are: each client has the same share of the encoder. Each question has where it is absent. */
  readonly client?: string | undefined;
}

/** A text that the model takes for an attack, or nearly. */
export interface Detection extends TextFinding {
  /** Calibrated probability of an attack, 0..1. The `score` is relative to the operating point, which lies at 0.5. */
  readonly probability: number;
}

/**
 * A trained model that judges texts. It answers in the order of `texts`, null where there is nothing to report: at
 * once where its cheap stages settle all of them, else with a promise, off the event loop.
 */
export interface InjectionDetector {
  /** Names the model and its version, e.g. `guard-small@3`. */
  readonly id: string;
  detect(
    texts: readonly DetectorText[],
    settings: DetectorSettings,
  ): readonly (Detection | null)[] | Promise<readonly (Detection | null)[]>;
}
