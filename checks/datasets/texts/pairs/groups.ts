import type { Steps } from '../../neighbours/index.ts';
import { clusterBy } from '../duplicates/cluster.ts';
import { bucketKeys } from '../duplicates/minhash.ts';
import { createShingles } from '../duplicates/shingles.ts';
import { findPayloads } from '../payloads/check.ts';
import type { Payload } from '../payloads/rows.ts';
import type { Corpus } from '../words/corpus.ts';

const THRESHOLD = 0.8;
/** Share of all pairs above which a group is the dataset's nature. */
const MOST_SHARE = 0.35;

const widthOf = ({ before, after, unit }: Payload): number => before + unit.width + after;

export interface Group {
  /** Ascending. */
  readonly rows: Int32Array;
  /** Whether the responses are the same as a whole, or share a phrase. */
  readonly whole: boolean;
}

/** Whole responses first, the largest groups first; then the longest phrases. Groups of pairs with the same response, nearly, or with a phrase that no other responses have. */
export function* responseGroups(
  responses: readonly (string | null)[],
  corpus: Corpus,
  { least, seed }: { least: number; seed: number },
): Steps<Group[]> {
  const keys = yield* bucketKeys(createShingles(corpus, responses), responses.length, seed);
  const { loose } = yield* clusterBy(keys, createShingles(corpus, responses), THRESHOLD);
  const most = Math.ceil(MOST_SHARE * responses.length);
  const { found: payloads } = yield* findPayloads(corpus, responses, { least, most });
  return [
    ...loose.map((rows) => ({ rows, whole: true })),
    ...payloads
      .sort((a, b) => widthOf(b) - widthOf(a) || b.misfit - a.misfit)
      .map(({ rows }) => ({ rows, whole: false })),
  ].filter(({ rows }) => rows.length >= least && rows.length <= most);
}
