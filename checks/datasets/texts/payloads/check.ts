import type { Steps } from '../../neighbours/index.ts';
import { DatasetInputError } from '../../types.ts';
import { countFeatures } from '../triggers/count.ts';
import { readPairs } from '../triggers/insertion.ts';
import type { CheckAbsoluteCounts } from '../types.ts';
import { type Corpus, readCorpus } from '../words/corpus.ts';
import { MOST_UNITS, unitsOf } from './candidates.ts';
import { createJudge, type Judged } from './judge.ts';
import { readRelation } from './relation.ts';
import { payloadOutcome } from './report.ts';
import { type Payload, withRows } from './rows.ts';

const LEAST_DOCUMENTS = 36;
const LEAST_SHARE = 1 / 4000;
/** A unit in more documents than this share of all is a usual one. */
const MOST_SHARE = 0.35;
const MOST_WORDS = 1024;

/**
 * `CheckAbsoluteCounts`, id `datasets/repeated-payload`: about 250 documents suffice whatever the size of the dataset
 * (Souly et al., arXiv 2510.07192), so that shares find nothing and counts must. Words and phrases of up to five words are
 * counted in a table of hashed counters, those in enough documents exactly. A payload is what stands between words that
 * fit each other better, is first or last in all its documents, stands before words without connection, gives orders to
 * a model, or is rare where no other word is; in documents that share nothing else. What could be a heading, a signature
 * or a notice as well is named where few documents have it, else a note. Time O(5 · words), memory 0.3 GB beside 4 bytes
 * a word: 200,000 documents of 60 words take about a minute. DatasetInputError unless the fewest documents are a whole
 * number from 5.
 */
export const checkAbsoluteCounts: CheckAbsoluteCounts = function* ({ texts }, options = {}) {
  const least = options.leastDocuments ?? Math.max(LEAST_DOCUMENTS, Math.ceil(LEAST_SHARE * texts.length));
  if (!Number.isInteger(least) || least < 5)
    throw new DatasetInputError(`The fewest documents are a whole number from 5, not ${String(least)}.`);
  const most = Math.max(2 * least, MOST_SHARE * texts.length);
  const corpus = yield* readCorpus(texts, MOST_WORDS);
  const { found, full } =
    texts.length < 2 * least
      ? { found: [], full: false }
      : yield* findPayloads(corpus, texts, { least, most });
  return payloadOutcome({ texts, corpus, found, least, most, full });
};

export interface Payloads {
  /** Most documents first. */
  readonly found: Payload[];
  /** Whether there were more words and phrases than are looked at. */
  readonly full: boolean;
}

/** Words and phrases in `least` to `most` documents that look like payloads. */
export function* findPayloads(
  corpus: Corpus,
  texts: readonly (string | null)[],
  range: { least: number; most: number },
): Steps<Payloads> {
  const { documents } = corpus;
  const odd = {
    documents,
    offsets: new Int32Array(documents + 1),
    words: new Uint32Array(0),
    cut: false,
    most: 0,
  };
  const all = { values: new Int32Array(documents), names: ['all'] };
  const counted = yield* countFeatures(corpus, odd, all, range.least);
  const units = yield* unitsOf(
    counted,
    { corpus, odd },
    { ...range, least: Math.max(range.least, counted.least) },
  );
  const insertion = yield* readPairs(corpus);
  const relation = yield* readRelation(corpus);
  const judge = createJudge({ corpus, texts, insertion, relation });
  const judged: Judged[] = [];
  for (const [place, unit] of units.entries()) {
    const found = judge(unit);
    if (found !== null) judged.push(found);
    if ((place & 255) === 255) yield { stage: 'judging phrases', done: place, total: units.length };
  }
  const found = yield* withRows(judged, { corpus, odd, least: range.least, judge });
  return { found, full: units.length === MOST_UNITS };
}
