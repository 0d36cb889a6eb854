import { EMPTY_ROOT, HASH_BYTES, nodeHash } from './hash.ts';

/** A half-open range of leaves, `start` included and `end` not. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

export interface InclusionClaim {
  readonly index: number;
  readonly size: number;
  readonly leafHash: Uint8Array;
  readonly root: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

export interface ConsistencyClaim {
  readonly from: number;
  readonly to: number;
  readonly fromRoot: Uint8Array;
  readonly toRoot: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/** A claim about the leaves from `start` to `end` of a tree. */
export interface SubtreeInclusionClaim extends Omit<InclusionClaim, 'size'>, Range {}
export interface SubtreeConsistencyClaim extends Range {
  readonly size: number;
  readonly subtreeRoot: Uint8Array;
  readonly root: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
const isHash = (value: Uint8Array): boolean => value.length === HASH_BYTES;
const isOdd = (value: number): boolean => value % 2 === 1;
const half = (value: number): number => Math.floor(value / 2);
const equal = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

/**
 * Whether `leafHash` is the leaf at `index` of the tree of `size` leaves with this root (RFC 9162 §2.1.3.2).
 * Sizes are safe integers; anything out of range is false.
 */
export function verifyInclusion({ index, size, leafHash, root, proof }: InclusionClaim): boolean {
  if (!isCount(index) || !isCount(size) || index >= size) return false;
  if (![leafHash, root, ...proof].every(isHash)) return false;
  let fn = index;
  let sn = size - 1;
  let computed: Uint8Array = leafHash;
  for (const p of proof) {
    if (sn === 0) return false;
    if (isOdd(fn) || fn === sn) {
      computed = nodeHash(p, computed);
      while (!isOdd(fn) && fn !== 0) {
        fn = half(fn);
        sn = half(sn);
      }
    } else {
      computed = nodeHash(computed, p);
    }
    fn = half(fn);
    sn = half(sn);
  }
  return sn === 0 && equal(computed, root);
}

/** A range that is a subtree: it starts at a multiple of the power of two that it fits into. */
export function isSubtree({ start, end }: Range): boolean {
  if (!isCount(start) || !isCount(end) || start >= end) return false;
  let width = 1;
  while (width < end - start) width *= 2;
  return start % width === 0;
}

/** As {@link verifyInclusion}, in the subtree over a range (draft-ietf-plants-merkle-tree-certs §4.3). */
export function verifySubtreeInclusion(claim: SubtreeInclusionClaim): boolean {
  const { start, end, index, leafHash, root, proof } = claim;
  if (!isSubtree({ start, end }) || !isCount(index) || index < start) return false;
  return verifyInclusion({ index: index - start, size: end - start, leafHash, root, proof });
}

/**
 * Whether the tree of `to` leaves begins with the tree of `from` leaves (RFC 9162 §2.1.4.2). Of trees of one size
 * the roots are compared. Nothing can be proven of an empty tree, so `from` 0 is false with any other `to`.
 */
export function verifyConsistency({ from, to, fromRoot, toRoot, proof }: ConsistencyClaim): boolean {
  if (!isCount(from) || !isCount(to) || from > to) return false;
  if (from === 0)
    return to === 0 && proof.length === 0 && [fromRoot, toRoot].every((root) => equal(root, EMPTY_ROOT));
  if (from === to) return proof.length === 0 && equal(fromRoot, toRoot);
  return verifySubtreeConsistency({
    start: 0,
    end: from,
    size: to,
    subtreeRoot: fromRoot,
    root: toRoot,
    proof,
  });
}

/**
 * Whether the subtree over `start` to `end` is part of the tree of `size` leaves
 * (draft-ietf-plants-merkle-tree-certs §4.4; with `start` 0 that is RFC 9162 §2.1.4.2). The empty subtree is part
 * of every tree; the whole tree is part of itself, and then the roots are compared and nothing else.
 */
export function verifySubtreeConsistency(claim: SubtreeConsistencyClaim): boolean {
  const { start, end, size, subtreeRoot, root, proof } = claim;
  if (!isCount(start) || !isCount(end) || !isCount(size) || end > size) return false;
  if (start === end) return proof.length === 0 && equal(subtreeRoot, EMPTY_ROOT);
  if (start === 0 && end === size) return proof.length === 0 && equal(subtreeRoot, root);
  if (!isSubtree({ start, end })) return false;
  if (![subtreeRoot, root, ...proof].every(isHash)) return false;
  let fn = start;
  let sn = end - 1;
  let tn = size - 1;
  const shift = (): void => {
    fn = half(fn);
    sn = half(sn);
    tn = half(tn);
  };
  if (sn === tn) while (fn !== sn) shift();
  else while (fn !== sn && isOdd(sn)) shift();
  const whole = fn === sn;
  const seed = whole ? subtreeRoot : proof[0];
  if (seed === undefined) return false;
  let subtree: Uint8Array = seed;
  let tree: Uint8Array = seed;
  for (const p of whole ? proof : proof.slice(1)) {
    if (tn === 0) return false;
    if (isOdd(sn) || sn === tn) {
      if (fn < sn) subtree = nodeHash(p, subtree);
      tree = nodeHash(p, tree);
      while (!isOdd(sn) && sn !== 0) shift();
    } else {
      tree = nodeHash(tree, p);
    }
    shift();
  }
  return tn === 0 && equal(subtree, subtreeRoot) && equal(tree, root);
}

/** The largest power of two below `count`, which is at least 2. */
function split(count: number): number {
  let width = 1;
  while (width * 2 < count) width *= 2;
  return width;
}

/** The subtrees whose roots prove that `index` is in the tree of `size` leaves, leaf upward (RFC 6962 §2.1.1). */
export function inclusionRanges(index: number, size: number): Range[] {
  if (!isCount(index) || !isCount(size) || index >= size) throw new RangeError('no such leaf');
  const ranges: Range[] = [];
  let [start, end] = [0, size];
  while (end - start > 1) {
    const middle = start + split(end - start);
    if (index < middle) {
      ranges.push({ start: middle, end });
      end = middle;
    } else {
      ranges.push({ start, end: middle });
      start = middle;
    }
  }
  return ranges.toReversed();
}

/** As {@link inclusionRanges}, for the subtree [start, end) in the tree of `size` leaves; start 0 is RFC 6962 §2.1.2. */
export function consistencyRanges(subtree: Range, size: number): Range[] {
  if (!isSubtree(subtree) || !isCount(size) || subtree.end > size) throw new RangeError('no such subtree');
  const ranges: Range[] = [];
  let [start, end] = [0, size];
  let whole = true;
  let wanted = subtree.start;
  while (wanted !== start || subtree.end !== end) {
    const middle = start + split(end - start);
    if (subtree.end <= middle) {
      ranges.push({ start: middle, end });
      end = middle;
    } else {
      ranges.push({ start, end: middle });
      if (wanted < middle) {
        whole = false;
        wanted = middle;
      }
      start = middle;
    }
  }
  if (!whole) ranges.push({ start, end });
  return ranges.toReversed();
}
