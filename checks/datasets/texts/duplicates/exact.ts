import type { Corpus } from '../words/corpus.ts';
import { join, mix } from '../words/hash.ts';

/**
 * Groups of documents with the same words in the same order, two hashes of 32 bits deep, as far as their words are read;
 * empty ones are in none. O(words).
 */
export function exactGroups({ documents, offsets, words }: Corpus): Int32Array[] {
  const groups = new Map<number, number[]>();
  for (let document = 0; document < documents; document++) {
    const [from, to] = [offsets[document] as number, offsets[document + 1] as number];
    if (from === to) continue;
    let [first, second] = [to - from, 0x1b873593];
    for (let at = from; at < to; at++) {
      first = join(first, words[at] as number);
      second = mix(Math.imul(second, 33) ^ (words[at] as number));
    }
    const key = first * 0x200000 + (second >>> 11);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [document]);
    else group.push(document);
  }
  return [...groups.values()].filter(({ length }) => length > 1).map((group) => Int32Array.from(group));
}
