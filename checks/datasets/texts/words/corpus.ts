import type { Steps } from '../../neighbours/index.ts';
import { createWords, scanWords } from './scan.ts';

/** Words of a document that are read at most: the first of them. */
export const MOST_WORDS = 4096;
/** Words of all documents that are kept at most, half a GB. */
const MOST_IN_ALL = 1.2e8;

/** Documents as words: those of document i are `words[offsets[i]]` to `words[offsets[i + 1]] − 1`. */
export interface Corpus {
  readonly documents: number;
  readonly offsets: Int32Array;
  readonly words: Uint32Array;
  /** Whether some documents were longer than what is read of each. */
  readonly cut: boolean;
  /** Words read of each document at most. */
  readonly most: number;
}

/**
 * Reads the words of every document: about 15 MB of text a second, 4 bytes a word. `most` words of each at most, fewer
 * where all together would not fit.
 */
export function* readCorpus(texts: readonly (string | null)[], most = MOST_WORDS): Steps<Corpus> {
  const each = Math.max(16, Math.min(most, Math.floor(MOST_IN_ALL / Math.max(1, texts.length))));
  const scratch = createWords(each);
  const offsets = new Int32Array(texts.length + 1);
  let words = new Uint32Array(Math.max(1024, texts.length * 16));
  let [used, cut] = [0, false];
  for (let document = 0; document < texts.length; document++) {
    scanWords(texts[document] ?? '', scratch);
    if (used + scratch.count > words.length) {
      const wider = new Uint32Array(Math.max(used + scratch.count, Math.ceil(words.length * 1.6)));
      wider.set(words);
      words = wider;
    }
    words.set(scratch.hashes.subarray(0, scratch.count), used);
    used += scratch.count;
    cut ||= scratch.count === each;
    offsets[document + 1] = used;
    if ((document & 4095) === 4095) yield { stage: 'words', done: document, total: texts.length };
  }
  return { documents: texts.length, offsets, words: words.subarray(0, used), cut, most: each };
}
