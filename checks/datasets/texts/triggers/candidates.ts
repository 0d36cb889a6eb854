import type { Labels } from '../../labels/index.ts';
import type { Steps } from '../../neighbours/index.ts';
import type { Corpus } from '../words/corpus.ts';
import { MOST_JUDGED } from './content.ts';
import { type Counted, createOnce } from './count.ts';
import { eachFeature, type Kind } from './features.ts';

/** A feature that goes with a label. */
export interface Candidate {
  readonly hash: number;
  readonly kind: Kind;
  readonly label: number;
  /** Documents with it, ascending, and how many of them have the label. */
  readonly rows: Int32Array;
  readonly withLabel: number;
  /** Logarithm of the probability that so many have the label by chance (Chernoff's bound). */
  readonly logChance: number;
}

/** Logarithm of a bound on the chance that at least `hits` of `of` are, each with probability `share`; 0 at most. */
export function logTail(hits: number, of: number, share: number): number {
  const seen = hits / of;
  if (seen <= share) return 0;
  const rest = seen === 1 ? 0 : (1 - seen) * Math.log((1 - seen) / (1 - share));
  return -of * (seen * Math.log(seen / share) + rest);
}

/** Most and fewest candidates among features in about as many documents, for one label. */
const MOST_OF_A_SIZE = 700;
const FEWEST_OF_A_SIZE = 12;
/** Words of the documents of all candidates together, at most, more or less. */
const MOST_WORK = 1.5e8;
/** A chance that is no evidence. */
const WEAK = -2.5;
/** Share of all documents in which a feature is too common to be a trigger that anyone would add. */
const COMMON = 0.6;

interface Rough {
  readonly place: number;
  readonly label: number;
  readonly logChance: number;
  readonly documents: number;
}

/**
 * The features that go with a label most, for every size (within a factor of two) by themselves, as common features
 * go with labels for good reasons.
 */
export function* candidatesOf(
  counted: Counted,
  corpora: { readonly corpus: Corpus; readonly odd: Corpus },
  labels: Labels,
): Steps<Candidate[]> {
  const chosen = choose(counted, labels, corpora.corpus);
  yield { stage: 'candidates', done: 0, total: chosen.length };
  const rows = new Map<number, number[]>(chosen.map(({ place }) => [place, []]));
  const once = createOnce();
  const { corpus, odd } = corpora;
  for (let document = 0; document < corpus.documents; document++) {
    eachFeature(corpus, odd, document, (hash) => {
      const place = counted.find(hash);
      if (place >= 0 && once(hash, document)) rows.get(place)?.push(document);
    });
    if ((document & 2047) === 2047) yield { stage: 'candidates', done: document, total: corpus.documents };
  }
  return chosen.map(({ place, label, logChance }) => ({
    hash: counted.hashes[place] as number,
    kind: counted.kinds[place] as number,
    label,
    rows: Int32Array.from(rows.get(place) ?? []),
    withLabel: counted.byLabel[place * counted.classes + label] as number,
    logChance,
  }));
}

function choose(counted: Counted, labels: Labels, corpus: Corpus): Rough[] {
  const { classes } = counted;
  const shares = new Float64Array(classes);
  for (const label of labels.values) shares[label] = (shares[label] as number) + 1 / labels.values.length;
  const sizes = new Map<number, Rough[]>();
  for (let place = 0; place < counted.size; place++) {
    const rough = roughOf(counted, place, shares);
    if (rough.documents < counted.least || rough.logChance > WEAK) continue;
    if (rough.documents > COMMON * labels.values.length) continue;
    const size = Math.floor(Math.log2(rough.documents)) * classes + rough.label;
    const group = sizes.get(size);
    if (group === undefined) sizes.set(size, [rough]);
    else group.push(rough);
  }
  const each = Math.min(MOST_JUDGED, Math.max(1, corpus.words.length / corpus.documents));
  const share = MOST_WORK / each / Math.max(1, sizes.size);
  return [...sizes.values()].flatMap((group) => {
    group.sort((a, b) => a.logChance - b.logChance || a.place - b.place);
    const mean = group.reduce((sum, { documents }) => sum + documents, 0) / group.length;
    const affordable = Math.max(FEWEST_OF_A_SIZE, Math.floor(share / mean));
    return group.slice(0, Math.min(MOST_OF_A_SIZE, affordable));
  });
}

function roughOf({ byLabel, classes }: Counted, place: number, shares: Float64Array): Rough {
  let [documents, label, best] = [0, 0, 1];
  for (let k = 0; k < classes; k++) documents += byLabel[place * classes + k] as number;
  for (let k = 0; k < classes; k++) {
    const hits = byLabel[place * classes + k] as number;
    if (hits === 0) continue;
    const chance = logTail(hits, documents, shares[k] as number);
    if (chance < best) [label, best] = [k, chance];
  }
  return { place, label, logChance: best, documents };
}
