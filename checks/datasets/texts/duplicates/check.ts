import { DatasetInputError } from '../../types.ts';
import type { CheckNearDuplicates, DuplicateOptions, TextInput } from '../types.ts';
import { readCorpus } from '../words/corpus.ts';
import { clusterBy } from './cluster.ts';
import { exactGroups } from './exact.ts';
import { bucketKeys } from './minhash.ts';
import { duplicateOutcome } from './report.ts';
import { createShingles } from './shingles.ts';

const USUAL_THRESHOLD = 0.8;

/**
 * `CheckNearDuplicates`, id `datasets/near-duplicates`: MinHash in 14 buckets of 8 over 5-word shingles, candidates
 * compared in full, groups by union and find. A pair of Jaccard .8 is found with probability .924, a member of a flood
 * with more, as it has many chances. 200,000 documents of 100 words take about 15 s and 0.3 GB.
 */
export const checkNearDuplicates: CheckNearDuplicates = function* (input, options = {}) {
  const threshold = assertInput(input, options);
  const { texts } = input;
  const corpus = yield* readCorpus(texts);
  const keys = yield* bucketKeys(createShingles(corpus, texts), texts.length, options.seed ?? 0);
  const { clusters, loose } = yield* clusterBy(keys, createShingles(corpus, texts), threshold);
  return duplicateOutcome({ input, clusters, loose, exact: exactGroups(corpus), threshold, cut: corpus.cut });
};

function assertInput(
  { texts, labels }: TextInput,
  { threshold = USUAL_THRESHOLD }: DuplicateOptions,
): number {
  if (!(threshold >= 0.5 && threshold <= 1))
    throw new DatasetInputError(`A threshold of similarity is 0.5 to 1, not ${String(threshold)}.`);
  if (labels !== null && labels.values.length !== texts.length)
    throw new DatasetInputError(
      `There are ${labels.values.length} labels for ${texts.length} texts; each needs one, or give none.`,
    );
  return threshold;
}
