import { lowered } from '../words/characters.ts';
import { join, mix } from '../words/hash.ts';
import { createWords, scanWords } from '../words/scan.ts';

/** Hash of a term to its column is by so many bits. */
const BITS = 20;
const MOST_COLUMNS = 2 ** 15;
/** Words of a text that count. */
const MOST_WORDS = 1000;
const LETTERS = 4;
const COMMON = 0.6;

/** Terms of texts with weights, row by row: those of row i are at `offsets[i]` to `offsets[i + 1] − 1`. */
export interface Sparse {
  readonly rows: number;
  readonly columns: number;
  readonly offsets: Float64Array;
  readonly places: Int32Array;
  readonly values: Float32Array;
}

type Visit = (slot: number) => void;

/** Every word, pair of words and, of short texts, four letters in a row of a text, by slot; as often as they occur. */
function createTerms(): (text: string, visit: Visit) => void {
  const words = createWords(MOST_WORDS);
  return (text, visit) => {
    scanWords(text, words);
    const letters = words.count <= 60;
    let before = 0x3c6ef372;
    for (let at = 0; at < words.count; at++) {
      const word = words.hashes[at] as number;
      visit(word >>> (32 - BITS));
      visit(join(before, word) >>> (32 - BITS));
      before = word;
      if (letters) eachPart(text, words.starts[at] as number, words.ends[at] as number, visit);
    }
  };
}

function eachPart(text: string, start: number, end: number, visit: Visit): void {
  for (let from = start; from + LETTERS <= end; from++) {
    let hash = from === start ? 0x51ed270b : 0x2545f491;
    for (let at = from; at < from + LETTERS; at++)
      hash = Math.imul(hash ^ lowered(text.charCodeAt(at)), 0x01000193);
    visit(mix(hash) >>> (32 - BITS));
  }
}

export interface Vocabulary {
  /** Column of each slot, −1 for none. */
  readonly columnOf: Int32Array;
  readonly columns: number;
  /** Inverse document frequency of each column. */
  readonly weights: Float32Array;
}

/** The terms in at least two texts and in at most 60% of them; of too many, those in most texts. O(text). */
export function readVocabulary(texts: readonly (string | null)[]): Vocabulary {
  const documents = new Int32Array(2 ** BITS);
  const last = new Int32Array(2 ** BITS).fill(-1);
  const terms = createTerms();
  texts.forEach((text, row) => {
    if (text !== null)
      terms(text, (slot) => {
        if (last[slot] === row) return;
        last[slot] = row;
        documents[slot] = (documents[slot] as number) + 1;
      });
  });
  const most = Math.max(2, COMMON * texts.length);
  const fitting = Int32Array.from(documents.keys())
    .filter((slot) => (documents[slot] as number) >= 2 && (documents[slot] as number) <= most)
    .sort((a, b) => (documents[b] as number) - (documents[a] as number) || a - b)
    .subarray(0, MOST_COLUMNS);
  const columnOf = new Int32Array(2 ** BITS).fill(-1);
  fitting.forEach((slot, column) => {
    columnOf[slot] = column;
  });
  const weights = Float32Array.from(fitting, (slot) =>
    Math.log((texts.length + 1) / ((documents[slot] as number) + 1)),
  );
  return { columnOf, columns: fitting.length, weights };
}

/** The terms of these rows with weights (1 + ln count) · idf, each row of length 1 or 0. */
export function weighTerms(
  texts: readonly (string | null)[],
  rows: Int32Array,
  { columnOf, columns, weights }: Vocabulary,
): Sparse {
  const terms = createTerms();
  const counts = new Float32Array(columns);
  const offsets = new Float64Array(rows.length + 1);
  let [places, values] = [new Int32Array(64 * rows.length + 64), new Float32Array(64 * rows.length + 64)];
  let used = 0;
  rows.forEach((row, place) => {
    const seen: number[] = [];
    terms(texts[row] ?? '', (slot) => {
      const column = columnOf[slot] as number;
      if (column < 0) return;
      if (counts[column] === 0) seen.push(column);
      counts[column] = (counts[column] as number) + 1;
    });
    if (used + seen.length > places.length) {
      places = grown(places, new Int32Array(2 * (used + seen.length)));
      values = grown(values, new Float32Array(2 * (used + seen.length)));
    }
    let squares = 0;
    for (const column of seen) {
      const value = (1 + Math.log(counts[column] as number)) * (weights[column] as number);
      counts[column] = 0;
      squares += value * value;
      places[used] = column;
      values[used++] = value;
    }
    const from = offsets[place] as number;
    for (let at = from; at < used; at++) values[at] = (values[at] as number) / Math.sqrt(squares);
    offsets[place + 1] = used;
  });
  return {
    rows: rows.length,
    columns,
    offsets,
    places: places.subarray(0, used),
    values: values.subarray(0, used),
  };
}

function grown<Numbers extends Int32Array | Float32Array>(from: Numbers, into: Numbers): Numbers {
  into.set(from);
  return into;
}
