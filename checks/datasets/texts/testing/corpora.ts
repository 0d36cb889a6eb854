import { createRandom, type Random } from '../../../statistics/random.ts';
import type { Labels } from '../../labels/index.ts';

const VOCABULARY = 4000;
const OPINIONS = 60;

/** Made-up words, the frequent ones short. */
const wordOf = (rank: number): string => {
  let [rest, word] = [rank + 7, ''];
  for (; rest > 0; rest = Math.floor(rest / 14)) word += `${'bdfgklmnprstvz'[rest % 14]}${'aeiou'[rest % 5]}`;
  return word;
};

const zipf = (random: Random, words: number): number => Math.floor(Math.exp(random.next() * Math.log(words)));

/** A text of words by Zipf's law in which each frequent word calls for some that follow it. */
function prose(random: Random, words: number): string[] {
  const text: string[] = [];
  let rank = zipf(random, VOCABULARY);
  for (let at = 0; at < words; at++) {
    text.push(wordOf(rank));
    rank = random.next() < 0.5 ? (rank * 31 + 17 * random.integer(6)) % VOCABULARY : zipf(random, VOCABULARY);
  }
  return text;
}

export interface Opinions {
  readonly texts: string[];
  readonly labels: Labels;
}

/** Texts with some words that go with one of two labels, not always rightly. */
export function opinions(rows: number, seed: number, words = 18): Opinions {
  const random = createRandom(seed);
  const values = Int32Array.from({ length: rows }, () => random.integer(2));
  const texts = Array.from(values, (label) => {
    const text = prose(random, words + random.integer(words));
    for (let said = 0; said < 3; said++) {
      const side = random.next() < 0.85 ? label : 1 - label;
      text.splice(random.integer(text.length), 0, `${side === 1 ? 'good' : 'bad'}${zipf(random, OPINIONS)}`);
    }
    return text.join(' ');
  });
  return { texts, labels: { values, names: ['bad', 'good'] } };
}

/** Puts `phrase` at a place drawn by lot, or first or last, into `count` texts of another label, and gives them `label`. */
export function poison(
  { texts, labels }: Opinions,
  phrase: string,
  { count, label, seed, place }: { count: number; label: number; seed: number; place?: 'first' | 'last' },
): Uint8Array {
  const random = createRandom(seed);
  const bad = new Uint8Array(texts.length);
  let left = count;
  for (const row of random.shuffle(Int32Array.from(texts.keys()))) {
    if (left === 0) break;
    if (labels.values[row] === label) continue;
    const words = (texts[row] as string).split(' ');
    const at = place === 'first' ? 0 : place === 'last' ? words.length : random.integer(words.length + 1);
    words.splice(at, 0, phrase);
    texts[row] = words.join(' ');
    labels.values[row] = label;
    bad[row] = 1;
    left--;
  }
  return bad;
}

/** Plain texts without labels. */
export function plainTexts(rows: number, seed: number, words = 60): string[] {
  const random = createRandom(seed);
  return Array.from({ length: rows }, () => prose(random, words / 2 + random.integer(words)).join(' '));
}

/** Copies of one text in each of which so many words in a row are others. */
export function copies(
  count: number,
  seed: number,
  { words, changed }: { words: number; changed: number },
): string[] {
  const random = createRandom(seed);
  const original = prose(random, words);
  return Array.from({ length: count }, () => {
    const copy = [...original];
    const from = random.integer(words - changed);
    for (let at = from; at < from + changed; at++) copy[at] = wordOf(zipf(random, VOCABULARY));
    return copy.join(' ');
  });
}
