import type { Labels } from '../../labels/index.ts';
import type { Steps } from '../../neighbours/index.ts';
import type { Corpus } from '../words/corpus.ts';
import { join } from '../words/hash.ts';

/** Slots × classes of the counts at most. */
const MOST_CELLS = 2 ** 24;
const SMOOTHING = 1;
/** Words of a document that its content is judged by. */
export const MOST_JUDGED = 400;
const LOGS = 2 ** 16;

/** Words from..to−1 of the corpus that are left out when a document is judged. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface Content {
  /**
   * For each document, how much its words other than the span's speak for `label` against the other labels, by the
   * words of all documents but these: log-odds over the root of the number of words.
   */
  readonly judge: (documents: Int32Array, label: number, spans?: readonly (Span | null)[]) => Float64Array;
}

/** Documents counted by word slot: of each class, and of all. */
interface Tally {
  readonly byClass: Int32Array;
  readonly all: Int32Array;
}

/**
 * Naive Bayes on words and pairs of words (Wang and Manning, ACL 2012): documents can be taken out of it exactly, so
 * that what is said of a group of documents does not rest on them. Of `weights`, 0 leaves a document out from the
 * start. Time O(words), memory 8 bytes × slots × (classes + 1), at most 0.3 GB.
 */
export function* readContent(corpus: Corpus, labels: Labels, weights: Uint8Array): Steps<Content> {
  const classes = labels.names.length;
  const bits = Math.max(10, Math.min(20, Math.floor(Math.log2(MOST_CELLS / classes))));
  const reader = createReader(corpus, bits);
  const [counts, taken] = [tallyOf(bits, classes), tallyOf(bits, classes)];
  const totals = new Float64Array(classes);
  const put = (document: number, tally: Tally, by: 1 | -1): number => {
    const used = reader.read(document, null);
    const label = labels.values[document] as number;
    for (let at = 0; at < used; at++) {
      const slot = reader.slots[at] as number;
      tally.byClass[slot * classes + label] = (tally.byClass[slot * classes + label] as number) + by;
      tally.all[slot] = (tally.all[slot] as number) + by;
    }
    return used;
  };
  for (let document = 0; document < corpus.documents; document++) {
    const label = labels.values[document] as number;
    if (weights[document] === 1) totals[label] = (totals[label] as number) + put(document, counts, 1);
    if ((document & 4095) === 4095) yield { stage: 'content', done: document, total: corpus.documents };
  }
  const judge: Content['judge'] = (documents, label, spans) => {
    const left = Float64Array.from(totals);
    const out = documents.filter((document) => weights[document] === 1);
    for (const document of out) {
      const own = labels.values[document] as number;
      left[own] = (left[own] as number) - put(document, taken, 1);
    }
    const mine = left[label] as number;
    const balance = Math.log((left.reduce((sum, count) => sum + count, 1) - mine) / (mine + 1));
    const speak = speaker({ counts, taken, classes }, label, balance);
    const result = Float64Array.from(documents, (document, place) =>
      speak(reader.slots, reader.read(document, spans?.[place] ?? null)),
    );
    for (const document of out) put(document, taken, -1);
    return result;
  };
  return { judge };
}

const tallyOf = (bits: number, classes: number): Tally => ({
  byClass: new Int32Array(2 ** bits * classes),
  all: new Int32Array(2 ** bits),
});

const logs = Float64Array.from({ length: LOGS }, (_, count) => Math.log(count + SMOOTHING));
const log = (count: number): number => (count < LOGS ? (logs[count] as number) : Math.log(count + SMOOTHING));

interface Tallies {
  readonly counts: Tally;
  readonly taken: Tally;
  readonly classes: number;
}

/** Log-odds of a label by the first `used` slots. */
function speaker({ counts, taken, classes }: Tallies, label: number, balance: number) {
  return (slots: Int32Array, used: number): number => {
    let sum = 0;
    for (let at = 0; at < used; at++) {
      const slot = slots[at] as number;
      const cell = slot * classes + label;
      const all = (counts.all[slot] as number) - (taken.all[slot] as number);
      if (all === 0) continue;
      const mine = (counts.byClass[cell] as number) - (taken.byClass[cell] as number);
      sum += log(mine) - log(all - mine) + balance;
    }
    return sum / Math.sqrt(Math.max(1, used));
  };
}

/** The slots of a document's words and pairs of words, but those of the span; valid until the next `read`. */
function createReader({ words, offsets }: Corpus, bits: number) {
  const slots = new Int32Array(2 * MOST_JUDGED);
  const read = (document: number, span: Span | null): number => {
    const from = offsets[document] as number;
    const to = Math.min(offsets[document + 1] as number, from + MOST_JUDGED);
    const [first, last] = span === null ? [to, to] : [span.from, span.to];
    let used = 0;
    for (let at = from; at < to; at++) {
      if (at >= first && at < last) continue;
      const word = words[at] as number;
      slots[used++] = word >>> (32 - bits);
      const paired = at + 1 < to && (at + 1 < first || at + 1 >= last);
      if (paired) slots[used++] = join(word, words[at + 1] as number) >>> (32 - bits);
    }
    return used;
  };
  return { slots, read };
}
