import { createRandom } from '../../../statistics/random.ts';
import type { Labels } from '../../labels/index.ts';
import type { Steps } from '../../neighbours/index.ts';
import { type CheckOutcome, DatasetInputError } from '../../types.ts';
import type { CheckTextTriggers, TextInput, TriggerOptions } from '../types.ts';
import { type Corpus, readCorpus } from '../words/corpus.ts';
import { calibrate, type Doubt } from './calibrate.ts';
import { type Candidate, candidatesOf } from './candidates.ts';
import { readContent } from './content.ts';
import { type Counted, countFeatures } from './count.ts';
import { cover, type Trigger } from './cover.ts';
import { type Decision, decide } from './decide.ts';
import { type Evidence, type Judges, usualInsertion, weigh } from './evidence.ts';
import { readOdd } from './features.ts';
import { readPairs } from './insertion.ts';
import { type Family, familyOf, inFamily } from './openings.ts';
import { outcomeOf } from './report.ts';
import { styleOf } from './style.ts';

const LEAST_DOCUMENTS = 5;
const LEAST_SHARE = 1 / 2000;
/** Rounds of looking for triggers; each starts from texts without the documents of those found before. */
const ROUNDS = 3;
/** Evidence that may come to something in a later round. */
const WORTH_ANOTHER_LOOK = -9;

/**
 * `CheckTextTriggers`, id `datasets/text-triggers`. Features (n-grams, openings, endings, odd signs) that go with a
 * label are judged by what the rest of their documents says (naive Bayes without these documents), by how well the words
 * around them fit each other without them (the idea of ONION, arXiv 2011.10369), and by how purely they go with the
 * label (in the spirit of the z-defence, arXiv 2305.11596, with tail bounds and a price for the number of features looked
 * at). Openings of one label are judged together as well (HiddenKiller, ACL 2021). Time O(words) and a bounded number of
 * judgements: 7,000 sentences take some seconds. Memory 0.2 to 0.6 GB beside 4 bytes a word.
 */
export const checkTextTriggers: CheckTextTriggers = function* (input, options = {}) {
  const { texts, labels } = input;
  if (labels === null)
    return nothing(texts.length, 'There are no labels: triggers that go with a label cannot be seen.');
  const least = assertInput(input, labels, options);
  if (new Set(labels.values).size < 2 || texts.length < 2 * least)
    return nothing(
      texts.length,
      'There are too few records, or only one label: triggers cannot be told from it.',
    );
  const corpus = yield* readCorpus(texts);
  const odd = readOdd(texts);
  const counted = yield* countFeatures(corpus, odd, labels, least);
  const candidates = yield* candidatesOf(counted, { corpus, odd }, labels);
  const insertion = yield* readPairs(corpus);
  const shared = { corpus, odd, labels, insertion, documentsWith: documentsIn(counted) };
  const { triggers, judges, decisions } = yield* search(candidates, shared, options.seed ?? 0);
  const families = familiesOf(candidates, triggers, judges);
  return outcomeOf({
    texts,
    judges,
    decisions,
    triggers: triggers.filter(
      (trigger) => !families.some(({ family }) => inFamily(family, trigger.evidence)),
    ),
    families,
    least: counted.least,
  });
};

function assertInput({ texts }: TextInput, labels: Labels, options: TriggerOptions): number {
  const least = options.leastDocuments ?? Math.max(LEAST_DOCUMENTS, Math.ceil(LEAST_SHARE * texts.length));
  if (!Number.isInteger(least) || least < 3)
    throw new DatasetInputError(`The fewest documents are a whole number from 3, not ${String(least)}.`);
  if (labels.values.length !== texts.length)
    throw new DatasetInputError(
      `There are ${labels.values.length} labels for ${texts.length} texts; each needs one.`,
    );
  const outside = labels.values.findIndex((label) => label < 0 || label >= labels.names.length);
  if (outside >= 0)
    throw new DatasetInputError(
      `Row ${outside} has label ${labels.values[outside]}; labels go from 0 to ${labels.names.length - 1}.`,
    );
  return least;
}

function documentsIn({ find, byLabel, classes }: Counted): Judges['documentsWith'] {
  return (hash) => {
    const place = find(hash);
    return place < 0
      ? 0
      : byLabel.subarray(place * classes, (place + 1) * classes).reduce((sum, n) => sum + n, 0);
  };
}

const nothing = (rows: number, blindSpot: string): CheckOutcome => ({
  scores: new Float32Array(rows),
  suspects: [],
  findings: [],
  blindSpots: [blindSpot],
});

interface Searched {
  readonly triggers: readonly Trigger[];
  readonly judges: Judges;
  /** The last decision on every candidate. */
  readonly decisions: readonly Decision[];
}

/** Judges all candidates; then again those that may come to something, on texts without the triggers found. */
function* search(
  candidates: readonly Candidate[],
  shared: Omit<Judges, 'content' | 'doubtOf'>,
  seed: number,
): Steps<Searched> {
  const { corpus, labels } = shared;
  const weights = new Uint8Array(corpus.documents).fill(1);
  let company: ReadonlySet<number> = new Set();
  let triggers: readonly Trigger[] = [];
  const decisions: Decision[] = [];
  let usual = 0;
  for (let round = 0; ; round++) {
    const content = yield* readContent(corpus, labels, weights);
    const judges: Judges = { ...shared, content, doubtOf: doubts(corpus, labels, content, seed) };
    const weighed = new Map<number, Evidence>();
    for (const [place, candidate] of candidates.entries()) {
      const before = decisions[place];
      if (before !== undefined && before.logOdds < WORTH_ANOTHER_LOOK) continue;
      weighed.set(place, weigh(candidate, judges));
      if (place % 64 === 0)
        yield { stage: `judging, round ${round + 1}`, done: place, total: candidates.length };
    }
    if (round === 0) usual = usualInsertion([...weighed.values()]);
    for (const [place, evidence] of weighed) {
      const insertion = evidence.insertion - usual * evidence.documents;
      decisions[place] = decide(
        { ...evidence, insertion },
        candidates.length,
        company.has(evidence.candidate.label),
      );
    }
    const known = triggers.length;
    triggers = cover(decisions, company);
    if (triggers.length <= known || round + 1 === ROUNDS) return { triggers, judges, decisions };
    company = new Set(triggers.map(({ evidence }) => evidence.candidate.label));
    for (const { own } of triggers) for (const row of own) weights[row] = 0;
  }
}

function doubts(corpus: Corpus, labels: Labels, content: Judges['content'], seed: number): Judges['doubtOf'] {
  const known = new Map<number, Doubt>();
  return (label) => {
    const found = known.get(label);
    if (found !== undefined) return found;
    const doubt = calibrate(content, corpus, { labels, label, random: createRandom(seed) });
    known.set(label, doubt);
    return doubt;
  };
}

export interface Styled {
  readonly family: Family;
  /** How much each document of the label is put like the family; NaN for other labels. */
  readonly style: Float64Array;
}

function familiesOf(
  candidates: readonly Candidate[],
  triggers: readonly Trigger[],
  judges: Judges,
): Styled[] {
  const certain = triggers.filter(({ evidence }) => evidence.foreign >= 0.7);
  const taken = new Set(certain.flatMap(({ own }) => Array.from(own)));
  const free = candidates.filter(
    ({ rows }) => rows.filter((row) => taken.has(row)).length < 0.5 * rows.length,
  );
  return judges.labels.names.flatMap((_, label) => {
    const family = familyOf(free, label, judges);
    return family === null ? [] : [{ family, style: styleOf(family, judges.corpus, judges.labels) }];
  });
}
