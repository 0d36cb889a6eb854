import { createRandom } from '../../statistics/random.ts';
import { assertLabels, type Labels, type Probabilities } from '../labels/index.ts';
import type { Steps } from '../neighbours/index.ts';
import { calibrate } from './triggers/calibrate.ts';
import { readContent } from './triggers/content.ts';
import { readCorpus } from './words/corpus.ts';

/** Texts judged in one slice. */
const BLOCK = 1024;

/**
 * Out-of-sample class probabilities of texts from their own words: naive Bayes on words and pairs of words, every text
 * judged by all others, on a logistic curve for each class, the classes' shares as prior. Better for label errors of
 * texts than what neighbours in an embedding say. Time O(words · classes), memory as `readContent`. DatasetInputError
 * for labels that cannot be judged.
 */
export function* textProbabilities(
  texts: readonly (string | null)[],
  labels: Labels,
  { seed = 0 }: { readonly seed?: number } = {},
): Steps<Probabilities> {
  assertLabels(labels, texts.length);
  const corpus = yield* readCorpus(texts);
  const content = yield* readContent(corpus, labels, new Uint8Array(texts.length).fill(1));
  const classes = labels.names.length;
  const shares = new Float64Array(classes);
  for (const label of labels.values) shares[label] = (shares[label] as number) + 1 / texts.length;
  const doubts = labels.names.map((_, label) =>
    (shares[label] as number) === 0
      ? null
      : calibrate(content, corpus, { labels, label, random: createRandom(seed) }),
  );
  const values = new Float32Array(texts.length * classes);
  for (let row = 0; row < texts.length; row++) {
    const line = values.subarray(row * classes, (row + 1) * classes);
    doubts.forEach((doubt, label) => {
      if (doubt === null) return;
      const share = shares[label] as number;
      const odds =
        Math.exp(-doubt(content.judge(Int32Array.of(row), label)[0] as number)) * (share / (1 - share));
      line[label] = odds / (1 + odds);
    });
    const sum = line.reduce((total, value) => total + value, 0);
    for (let label = 0; label < classes; label++) line[label] = (line[label] as number) / sum;
    if (row % BLOCK === 0) yield { stage: 'judging texts', done: row, total: texts.length };
  }
  return { rows: texts.length, classes, values };
}
