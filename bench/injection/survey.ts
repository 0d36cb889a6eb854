import type { Origin } from '@bartizan/checks/text/injection/model/manifest.ts';
import type { Sets } from './sets.ts';

/** Harmless texts that are kept for measuring times. */
const MOST_TEXTS = 2_000;
/** Characters of each that are kept; the longest text that is timed. */
const MOST_CHARS = 10_000;

export interface Harmless {
  readonly text: string;
  readonly origin: Origin;
}

/** What is in the data, and an even sample of its harmless texts. */
export interface Survey {
  readonly rows: number;
  readonly harmless: readonly Harmless[];
}

/** A pseudo-random number in 0..1 for each call, always the same for the same seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A string that shares no memory with the text it was cut from. */
const own = (text: string): string => Buffer.from(text, 'utf16le').toString('utf16le');

/** Reads all rows once, so that a bad one is found before anything is measured. Memory is bounded (reservoir sample). */
export async function surveyOf(sets: Sets, seed: number): Promise<Survey> {
  const random = randomOf(seed);
  const harmless: Harmless[] = [];
  let rows = 0;
  let seen = 0;
  for await (const { row } of sets.rows()) {
    rows += 1;
    if (row.label === 1 || row.text.trim() === '') continue;
    seen += 1;
    const place = harmless.length < MOST_TEXTS ? harmless.length : Math.floor(random() * seen);
    if (place < MOST_TEXTS)
      harmless[place] = { text: own(row.text.slice(0, MOST_CHARS)), origin: row.origin };
  }
  return { rows, harmless };
}
