import type { Reading } from '../normalise/index.ts';
import type { Author, Segment, SegmentKind } from '../types.ts';

/** A stretch of text for a trained model to judge, with what is known about it. */
export interface DetectorWindow {
  readonly text: string;
  readonly author: Author;
  readonly kind: SegmentKind;
  /** How the text was hidden, outermost first; empty where it stood in the open. */
  readonly how: readonly string[];
}

/** What a model says about one window. */
export interface DetectorScore {
  /** Probability of an attack, 0..1. */
  readonly score: number;
}

/**
 * A trained model that judges windows of text. It answers in the order of `windows`, one score each, works in
 * batches and off the event loop, and gives up when `signal` aborts.
 */
export interface InjectionDetector {
  /** Names the model and its version, e.g. `guard-small@3`. */
  readonly id: string;
  detect(windows: readonly DetectorWindow[], signal?: AbortSignal): Promise<readonly DetectorScore[]>;
}

/** Where a window's text stands in its segment. */
export interface PlacedWindow {
  readonly segment: number;
  readonly start: number;
  readonly end: number;
  readonly window: DetectorWindow;
}

/** Characters of a window and how many of them neighbours share. */
const WINDOW = 1_600;
const OVERLAP = 300;
/** Windows of one segment; a longer text is judged by its head and its tail. */
const MAX_WINDOWS = 64;

function breakNear(text: string, at: number): number {
  const space = text.lastIndexOf(' ', at);
  return space > at - 80 ? space : at;
}

/** Overlapping windows over a segment and over what was decoded from it. */
export function windowsOf(segment: Segment, reading: Reading): PlacedWindow[] {
  const placed: PlacedWindow[] = [];
  for (const layer of reading.layers) {
    const { text, how } = layer;
    for (let from = 0; from < text.length; ) {
      const to = from + WINDOW >= text.length ? text.length : breakNear(text, from + WINDOW);
      const { start, end } = layer.spanOf(from, to);
      placed.push({
        segment: segment.index,
        start,
        end,
        window: { text: text.slice(from, to), author: segment.author, kind: segment.kind, how },
      });
      if (to >= text.length) break;
      from = Math.max(to - OVERLAP, from + 1);
    }
  }
  if (placed.length <= MAX_WINDOWS) return placed;
  return [...placed.slice(0, MAX_WINDOWS / 2), ...placed.slice(-MAX_WINDOWS / 2)];
}
