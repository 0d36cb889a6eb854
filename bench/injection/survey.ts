import type { Origin } from '@bartizan/checks/text/injection/model/manifest.ts';
import type { Row } from './rows.ts';
import type { Sets } from './sets.ts';

/** Harmless texts that are kept for measuring times. */
const MOST_TEXTS = 2_000;
/** Characters of each that are kept; the longest text that is timed. */
const MOST_CHARS = 10_000;

export interface Harmless {
  readonly text: string;
  readonly origin: Origin;
}

/** Longer attacks are not mutated, in characters. */
const MOST_ATTACK_CHARS = 20_000;

export type SampledAttack = Pick<Row, 'text' | 'origin' | 'facets' | 'payload'>;

/** What is in the data, and even samples of its harmless texts and of its attacks, in no order. */
export interface Survey {
  readonly rows: number;
  readonly harmless: readonly Harmless[];
  readonly attacks: readonly SampledAttack[];
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

/** Keeps an even sample of what it is offered (reservoir sampling: Vitter 1985), shuffled. */
function createSample<Item>(most: number, random: () => number) {
  const kept: Item[] = [];
  let seen = 0;
  return {
    kept,
    offer: (make: () => Item): void => {
      seen += 1;
      const place = Math.floor(random() * seen);
      if (kept.length < most) {
        // Inside-out shuffle, so that the first ones kept have no fixed places.
        const moved = kept[place];
        if (moved !== undefined) kept.push(moved);
        kept[place] = make();
      } else if (place < most) kept[place] = make();
    },
  };
}

/** Reads all rows once, so that a bad one is found before anything is measured. Memory is bounded. */
export async function surveyOf(
  sets: Sets,
  options: { readonly seed: number; readonly attacks?: number },
): Promise<Survey> {
  const harmless = createSample<Harmless>(MOST_TEXTS, randomOf(options.seed));
  const attacks = createSample<SampledAttack>(options.attacks ?? 0, randomOf(options.seed + 1));
  let rows = 0;
  for await (const { row } of sets.rows()) {
    rows += 1;
    const { text, origin, facets, payload } = row;
    if (text.trim() === '') continue;
    if (row.label === 0) harmless.offer(() => ({ text: own(text.slice(0, MOST_CHARS)), origin }));
    else if (text.length <= MOST_ATTACK_CHARS) attacks.offer(() => ({ text, origin, facets, payload }));
  }
  return { rows, harmless: harmless.kept, attacks: attacks.kept };
}
