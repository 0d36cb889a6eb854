import type { Steps } from '../../neighbours/index.ts';
import { BUCKETS } from './minhash.ts';
import { jaccard } from './shingles.ts';

/** Documents of a bucket that each of them is compared with at most. */
const MOST_COMPARED = 24;
/** Documents whose shingles are kept at hand. */
const KEPT = 4096;

export interface Groups {
  /** Groups of two or more, each ascending; largest first, equal ones by their first document. */
  readonly clusters: readonly Int32Array[];
  /** The same by a looser threshold: copies of a text that is not here itself are less alike than each is to it. */
  readonly loose: readonly Int32Array[];
  readonly compared: number;
}

/** Copies that share a share s of one text share about s² of each other. */
const LOOSER = 0.7;

/**
 * Documents that share a bucket are compared in full, those of a large bucket with 24 others at most, and joined where
 * their Jaccard similarity reaches the threshold. Time O(documents · 14 · (log documents + 24 · shingles)) at worst.
 */
export function* clusterBy(
  keys: Uint32Array,
  shinglesOf: (document: number) => Uint32Array,
  threshold: number,
): Steps<Groups> {
  const documents = keys.length / BUCKETS;
  const [close, loose] = [createForest(documents), createForest(documents)];
  const cached = cache(shinglesOf);
  let compared = 0;
  const link = (a: number, b: number): void => {
    if (close.rootOf(a) === close.rootOf(b)) return;
    compared++;
    const alike = jaccard(cached(a), cached(b));
    if (alike >= LOOSER * threshold) loose.join(a, b);
    if (alike >= threshold) close.join(a, b);
  };
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    const order = sorted(keys, bucket, documents);
    for (let from = 0; from < order.length; ) {
      let to = from + 1;
      const key = keyAt(keys, order[from] as number, bucket);
      while (to < order.length && keyAt(keys, order[to] as number, bucket) === key) to++;
      for (let at = from + 1; at < to; at++)
        for (const other of partners(from, at)) link(order[other] as number, order[at] as number);
      from = to;
    }
    yield { stage: 'comparing', done: bucket, total: BUCKETS };
  }
  return { clusters: gather(close, documents), loose: gather(loose, documents), compared };
}

interface Forest {
  readonly rootOf: (document: number) => number;
  readonly join: (a: number, b: number) => void;
}

/** Union and find, the smallest member as the root. */
function createForest(documents: number): Forest {
  const parents = Int32Array.from({ length: documents }, (_, document) => document);
  const rootOf = (document: number): number => {
    let root = document;
    while (parents[root] !== root) {
      parents[root] = parents[parents[root] as number] as number;
      root = parents[root] as number;
    }
    return root;
  };
  const join = (a: number, b: number): void => {
    const [first, second] = [rootOf(a), rootOf(b)];
    parents[Math.max(first, second)] = Math.min(first, second);
  };
  return { rootOf, join };
}

const keyAt = (keys: Uint32Array, document: number, bucket: number): number =>
  keys[document * BUCKETS + bucket] as number;

/** Documents with a key, by key. */
function sorted(keys: Uint32Array, bucket: number, documents: number): Int32Array {
  const packed = new Float64Array(documents);
  let used = 0;
  for (let document = 0; document < documents; document++) {
    const key = keyAt(keys, document, bucket);
    if (key !== 0) packed[used++] = key * documents + document;
  }
  return Int32Array.from(packed.subarray(0, used).sort(), (value) => value % documents);
}

/** Places before `at` in the bucket that starts at `from`: all of a few, else the nearest half and an even spread. */
function partners(from: number, at: number): number[] {
  const before = at - from;
  if (before <= MOST_COMPARED) return Array.from({ length: before }, (_, step) => at - 1 - step);
  const near = MOST_COMPARED / 2;
  return Array.from({ length: MOST_COMPARED }, (_, step) =>
    step < near ? at - 1 - step : from + Math.floor(((step - near) * (before - near)) / near),
  );
}

function cache(shinglesOf: (document: number) => Uint32Array): (document: number) => Uint32Array {
  const kept = new Map<number, Uint32Array>();
  return (document) => {
    const known = kept.get(document);
    if (known !== undefined) return known;
    if (kept.size >= KEPT) kept.clear();
    const shingles = shinglesOf(document).slice();
    kept.set(document, shingles);
    return shingles;
  };
}

function gather({ rootOf }: Forest, documents: number): Int32Array[] {
  const groups = new Map<number, number[]>();
  for (let document = 0; document < documents; document++) {
    const root = rootOf(document);
    if (root === document) continue;
    const group = groups.get(root);
    if (group === undefined) groups.set(root, [root, document]);
    else group.push(document);
  }
  return [...groups.values()]
    .map((group) => Int32Array.from(group).sort())
    .sort((a, b) => b.length - a.length || (a[0] as number) - (b[0] as number));
}
