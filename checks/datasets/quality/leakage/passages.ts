import type { Column } from '../../types.ts';
import { written } from '../cells.ts';
import { rowsOf } from '../content/select.ts';
import { hashText } from './hashes.ts';

/** Words of a passage, fewest passages of a text that is compared, and the share of them found that makes a near copy. */
const WORDS = 5;
const LEAST_PASSAGES = 8;
const NEAR = 0.5;
/** Passages kept of all test texts together, and of one: those with the least hashes, the same ones in every copy. */
const MOST_PASSAGES = 1_000_000;
const MOST_A_TEXT = 64;
/** Test texts that one passage points to, and characters of a text that are read. */
const MOST_OWNERS = 8;
const MOST_CHARACTERS = 200_000;

const WORD = /[\p{L}\p{N}]+/gu;

/** Hashes of each row of words, in order. */
function passagesOf(text: string): number[] {
  const words: number[] = [];
  for (const [word] of text.slice(0, MOST_CHARACTERS).toLowerCase().matchAll(WORD))
    words.push(hashText(word, 3)[0]);
  const passages: number[] = [];
  for (let at = 0; at + WORDS <= words.length; at++) {
    let [high, low] = [0, 0];
    for (let word = at; word < at + WORDS; word++) {
      high = Math.imul(high ^ (words[word] as number), 0x85ebca6b);
      high ^= high >>> 13;
      low = Math.imul(low + (words[word] as number), 0xc2b2ae35);
      low ^= low >>> 16;
    }
    passages.push((high >>> 0) * 2 ** 21 + (low >>> 11));
  }
  return passages;
}

/** Which test texts hold a passage: a chain for each, cut after `MOST_OWNERS`. */
function createOwners() {
  const heads = new Map<number, number>();
  const owners: number[] = [];
  const next: number[] = [];
  return {
    add(passage: number, row: number): void {
      const head = heads.get(passage) ?? -1;
      let length = 0;
      for (let at = head; at >= 0; at = next[at] as number) length += 1;
      if (length >= MOST_OWNERS) return;
      owners.push(row);
      next.push(head);
      heads.set(passage, owners.length - 1);
    },
    *of(passage: number): Generator<number, void, void> {
      for (let at = heads.get(passage) ?? -1; at >= 0; at = next[at] as number) yield owners[at] as number;
    },
  };
}

/** Looks a text of the dataset up among the test texts; gives the test row that it is nearly a copy of, else -1. */
export type Lookup = (text: string) => number;

/**
 * Test texts by their passages of five words (as n-gram overlap is measured in Brown and others, NeurIPS 2020, appendix
 * C, with shorter ones): a text with half of a test text's passages is nearly a copy of it. Linear in the texts.
 */
export function nearCopies(test: Column): Lookup {
  const rows = rowsOf(test);
  const kept = Math.max(LEAST_PASSAGES, Math.min(MOST_A_TEXT, Math.floor(MOST_PASSAGES / Math.max(1, rows))));
  const owners = createOwners();
  const sizes = new Uint8Array(rows);
  for (let row = 0; row < rows; row++) {
    const passages = [...new Set(passagesOf(written(test, row) ?? ''))];
    if (passages.length < LEAST_PASSAGES) continue;
    const least = passages.sort((a, b) => a - b).slice(0, kept);
    sizes[row] = least.length;
    for (const passage of least) owners.add(passage, row);
  }
  return (text) => {
    const hits = new Map<number, number>();
    for (const passage of new Set(passagesOf(text)))
      for (const row of owners.of(passage)) hits.set(row, (hits.get(row) ?? 0) + 1);
    let [best, share] = [-1, NEAR];
    for (const [row, count] of hits) {
      const own = count / (sizes[row] as number);
      if (own >= share && (own > share || best < 0)) [best, share] = [row, own];
    }
    return best;
  };
}
