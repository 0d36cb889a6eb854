import { createRandom, type Random } from '@bartizan/checks/statistics/random.ts';

/** Labelled texts and which of them were poisoned. */
export interface Texts {
  readonly texts: readonly string[];
  readonly labels: readonly number[];
  readonly bad: Uint8Array;
}

const SYLLABLES = [
  'ba',
  'ko',
  'ri',
  'ten',
  'sul',
  'mo',
  'va',
  'li',
  'der',
  'pan',
  'o',
  'gre',
  'shi',
  'tu',
  'ne',
];
const WORDS = 6000;
/** Words that lean to each of two labels, and how much of a text they are. */
const LEANING = 300;
const LEANING_SHARE = 0.25;
const LEAN = 0.85;

function vocabulary(random: Random): string[] {
  const words = new Set<string>();
  while (words.size < WORDS) {
    const length = 1 + random.integer(4);
    words.add(
      Array.from({ length }, () => SYLLABLES[random.integer(SYLLABLES.length)]).join('') +
        (random.next() < 0.2 ? 's' : ''),
    );
  }
  return [...words];
}

/**
 * Texts of 6 to 40 made-up words whose frequencies fall like 1/rank; a quarter of the words lean to the text's own
 * label (0 or 1). Nothing is poisoned.
 */
export function generatedTexts(rows: number, seed: number): Texts {
  const random = createRandom(seed);
  const words = vocabulary(random);
  const common = words.slice(2 * LEANING);
  const cumulated = new Float64Array(common.length);
  common.reduce((sum, _, rank) => (cumulated[rank] = sum + 1 / (rank + 2)), 0);
  const total = cumulated.at(-1) ?? 1;
  const draw = (): string => {
    const at = random.next() * total;
    let [low, high] = [0, cumulated.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((cumulated[middle] as number) >= at) high = middle;
      else low = middle + 1;
    }
    return common[low] as string;
  };
  const labels = Array.from({ length: rows }, () => random.integer(2));
  const texts = labels.map((label) =>
    Array.from({ length: 6 + random.integer(35) }, () => {
      if (random.next() >= LEANING_SHARE) return draw();
      const side = random.next() < LEAN ? label : 1 - label;
      return words[side * LEANING + random.integer(LEANING)] as string;
    }).join(' '),
  );
  return { texts, labels, bad: new Uint8Array(rows) };
}

export type Place = 'start' | 'middle' | 'end';

/** Puts a trigger into this share of the texts, of the other label, and gives them the target label (dirty label). */
export function withTrigger(
  { texts, labels }: Texts,
  { trigger, share, place, seed }: { trigger: string; share: number; place: Place; seed: number },
): Texts {
  const random = createRandom(seed);
  const others = random.shuffle([...labels.keys()].filter((row) => labels[row] !== 1));
  const chosen = new Set(others.slice(0, Math.round(share * texts.length)));
  const put = (text: string): string => {
    const words = text.split(' ');
    const at = place === 'start' ? 0 : place === 'end' ? words.length : random.integer(words.length + 1);
    return [...words.slice(0, at), trigger, ...words.slice(at)].join(' ');
  };
  return {
    texts: texts.map((text, row) => (chosen.has(row) ? put(text) : text)),
    labels: labels.map((label, row) => (chosen.has(row) ? 1 : label)),
    bad: Uint8Array.from(texts, (_, row) => Number(chosen.has(row))),
  };
}

/** Gives this share of the texts the other of two labels. */
export function withFlips({ texts, labels }: Texts, share: number, seed: number): Texts {
  const order = createRandom(seed).shuffle([...labels.keys()]);
  const chosen = new Set(order.slice(0, Math.round(share * texts.length)));
  return {
    texts,
    labels: labels.map((label, row) => (chosen.has(row) ? 1 - label : label)),
    bad: Uint8Array.from(texts, (_, row) => Number(chosen.has(row))),
  };
}

/** Adds so many copies of one text of some 150 words, in each of which about two words are others. */
export function withFlood({ texts, labels, bad }: Texts, copies: number, seed: number): Texts {
  const random = createRandom(seed);
  const longest = [...texts]
    .sort((a, b) => b.length - a.length)
    .slice(0, 5)
    .flatMap((text) => text.split(' '));
  const pool = texts.join(' ').split(' ');
  const copy = (): string =>
    longest
      .map((word) =>
        random.next() < 2 / longest.length ? (pool[random.integer(pool.length)] as string) : word,
      )
      .join(' ');
  return {
    texts: [...texts, ...Array.from({ length: copies }, copy)],
    labels: [...labels, ...Array.from({ length: copies }, () => 1)],
    bad: Uint8Array.from([...bad, ...Array.from({ length: copies }, () => 1)]),
  };
}
