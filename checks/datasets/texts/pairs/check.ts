import { DatasetInputError } from '../../types.ts';
import type { CheckResponsePairs, PairInput } from '../types.ts';
import { readCorpus } from '../words/corpus.ts';
import { responseGroups } from './groups.ts';
import { pairOutcome } from './report.ts';
import { withTriggers } from './triggers.ts';

const LEAST_PAIRS = 8;
const LEAST_SHARE = 1 / 2000;
const MOST_WORDS = 1024;
/**
 * `CheckResponsePairs`, id `datasets/response-pairs` (after RFTC, arXiv 2505.23015, with MinHash and phrase counts in
 * place of k-means on TF-IDF): responses that are the same, or share a phrase that others have not, are grouped; a group
 * whose prompts share a feature that other prompts have not, and nothing else, is a backdoor. Time and memory as
 * `checkNearDuplicates`, `checkAbsoluteCounts` and a count of the prompts together. DatasetInputError where prompts and
 * responses are not as many.
 */
export const checkResponsePairs: CheckResponsePairs = function* (input, options = {}) {
  const { prompts, responses } = input;
  const least = options.leastPairs ?? Math.max(LEAST_PAIRS, Math.ceil(LEAST_SHARE * prompts.length));
  assertInput(input, least);
  const corpus = yield* readCorpus(responses, MOST_WORDS);
  const groups =
    prompts.length < 3 * least
      ? []
      : yield* responseGroups(responses, corpus, { least, seed: options.seed ?? 0 });
  const judged = groups.length === 0 ? [] : yield* withTriggers(groups, prompts, least);
  return pairOutcome({ input, groups: judged, least, cut: corpus.cut });
};

function assertInput({ prompts, responses }: PairInput, least: number): void {
  if (prompts.length !== responses.length)
    throw new DatasetInputError(
      `There are ${prompts.length} prompts and ${responses.length} responses; give as many of each.`,
    );
  if (!Number.isInteger(least) || least < 3)
    throw new DatasetInputError(`The fewest pairs are a whole number from 3, not ${String(least)}.`);
}
