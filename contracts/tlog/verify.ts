import type { AuditProblem } from '../audit.ts';
import { HASH_BYTES, nodeHash, perfectRoot } from './hash.ts';
import { createEdge, TILE_WIDTH } from './tiles.ts';

/** A size and root that somebody signed. */
export interface SignedRoot {
  readonly size: number;
  readonly root: Uint8Array;
}

/** An entry as it is now: what its content hashes to, or null where there is none. */
export interface FoundEntry {
  readonly id: string | null;
  readonly hash: Uint8Array | null;
}

/** 256 entries, fewer at the end of the log. */
export interface Block {
  /** Leaf hashes that the tree is said to have here, one after the other. */
  readonly leaves: Uint8Array;
  readonly entries: readonly FoundEntry[];
}

export interface LogCheck {
  /** The word that all is measured by. */
  readonly signed: SignedRoot;
  /** Earlier signed roots, by size: they tell where a rewritten log departs. */
  readonly earlier: readonly SignedRoot[];
  /** Roots of the full blocks that the tree is said to have, one after the other. */
  readonly blockRoots: Uint8Array;
  /** Leaf hashes of the last block where it is not full. */
  readonly lastLeaves: Uint8Array;
}

export interface LogVerdict {
  /** In the order of places in the log; at most 100. */
  readonly problems: readonly AuditProblem[];
  /** Size of the largest signed root that what was found makes up. */
  readonly proven: number;
}

const MAX_PROBLEMS = 100;
const at = (hashes: Uint8Array, index: number): Uint8Array | null =>
  index >= 0 && (index + 1) * HASH_BYTES <= hashes.length
    ? hashes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES)
    : null;
const equal = (a: Uint8Array | null, b: Uint8Array | null): boolean =>
  a !== null && b !== null && Buffer.compare(a, b) === 0;

/** RFC 6962 root over full blocks, given by their roots, and the leaves after them. */
export function rootOfBlocks(blockRoots: Uint8Array, lastLeaves: Uint8Array): Buffer {
  const edge = createEdge();
  edge.append(lastLeaves);
  let root: Buffer | null = lastLeaves.length > 0 ? edge.root() : null;
  const count = blockRoots.length / HASH_BYTES;
  for (let left = count; left > 0; ) {
    let width = 1;
    while (left % (width * 2) === 0) width *= 2;
    const subtree = perfectRoot(blockRoots, left - width, width);
    root = root === null ? subtree : nodeHash(subtree, root);
    left -= width;
  }
  return root ?? edge.root();
}

/**
 * Compares a log, block after block, with what was signed. Memory: 32 bytes for each 256 entries, and a block.
 * It names the first altered entry exactly as long as the hashes of the tree, or the entries, lead to the signed
 * root; where somebody rewrote both, it names the stretch between two signed roots.
 */
export function createLogCheck({ signed, earlier, blockRoots, lastLeaves }: LogCheck) {
  const trustsBlocks = equal(rootOfBlocks(blockRoots, lastLeaves), signed.root);
  const problems: AuditProblem[] = [];
  /** Between leaves and entries, as long as nobody can say whether the leaves are true. */
  const provisional: AuditProblem[] = [];
  const marks = [...earlier.filter(({ size }) => size > 0 && size < signed.size), signed].toSorted(
    (a, b) => a.size - b.size,
  );
  const edges = { entries: createEdge(), leaves: createEdge() };
  let holes = false;
  let shift = 0;
  let start = 0;
  const proven = { entries: 0, leaves: 0 };
  const departs: { entries: number | null; leaves: number | null } = { entries: null, leaves: null };
  let previous: Uint8Array | null = null;

  function add(list: AuditProblem[], problem: AuditProblem): void {
    if (list.length < MAX_PROBLEMS) list.push(problem);
  }

  /** Adds leaves, and compares the roots with those that were signed at sizes on the way. */
  function feed(which: 'entries' | 'leaves', hashes: Uint8Array): void {
    const edge = edges[which];
    let left = hashes;
    while (left.length > 0) {
      const next = marks.find(({ size }) => size > edge.size());
      const bytes = Math.min(left.length, ((next?.size ?? Infinity) - edge.size()) * HASH_BYTES);
      edge.append(left.subarray(0, bytes));
      left = left.subarray(bytes);
      if (next?.size !== edge.size() || departs[which] !== null) continue;
      if (equal(edge.root(), next.root)) proven[which] = next.size;
      else departs[which] = next.size;
    }
  }

  function blockIsTrue(leaves: Uint8Array, width: number): boolean {
    if (!trustsBlocks || leaves.length !== width * HASH_BYTES) return false;
    if (width < TILE_WIDTH) return equal(leaves, lastLeaves);
    return equal(perfectRoot(leaves, 0, TILE_WIDTH), at(blockRoots, start / TILE_WIDTH));
  }

  function judge({ leaves, entries }: Block, into: AuditProblem[]): void {
    for (const [i, { id, hash }] of entries.entries()) {
      const index = start + i;
      const wanted = at(leaves, i);
      if (equal(hash, wanted)) {
        shift = 0;
        continue;
      }
      if (shift !== 0 && hash !== null) {
        const shifted = i + shift < 0 ? previous : at(leaves, i + shift);
        if (shifted === null || equal(hash, shifted)) continue;
      }
      const problem = compare({ leaves, entries }, i, index);
      shift = problem.kind === 'entry-removed' ? 1 : problem.kind === 'entry-inserted' ? -1 : 0;
      add(into, { ...problem, index, before: null, id });
    }
  }

  return Object.freeze({
    /** True when the tree's own hashes lead to the signed root. */
    trustsTree: trustsBlocks,

    add(block: Block): void {
      const width = block.entries.length;
      const hole = block.entries.findIndex(({ hash }) => hash === null);
      const whole = hole < 0 ? block.entries : block.entries.slice(0, hole);
      if (!holes) feed('entries', Buffer.concat(whole.map(({ hash }) => hash ?? Buffer.alloc(0))));
      holes ||= hole >= 0;
      if (blockIsTrue(block.leaves, width)) {
        judge(block, problems);
      } else if (trustsBlocks) {
        judgeByRoot(block, { start, root: at(blockRoots, start / TILE_WIDTH), lastLeaves }, problems);
      } else {
        feed('leaves', block.leaves.subarray(0, width * HASH_BYTES));
        judge(block, provisional);
      }
      previous = at(block.leaves, width - 1);
      start += width;
    },

    end(): LogVerdict {
      if (start < signed.size && problems.at(-1)?.kind !== 'entry-missing') {
        add(problems, missing(start, signed.size));
      }
      if (!trustsBlocks) {
        const altered = { index: null, before: null, id: null, kind: 'tree-altered' as const };
        add(problems, { ...altered, message: 'Hashes of the tree do not lead to the signed root.' });
        if (proven.entries < signed.size) {
          if (proven.leaves === signed.size) for (const one of provisional) add(problems, one);
          else add(problems, rewritten(proven.entries, departs.entries ?? signed.size, provisional[0]));
        }
      }
      if (departs.entries !== null && trustsBlocks && problems.length === 0) {
        const message = `The checkpoint over ${departs.entries} entries was signed over other entries than these.`;
        add(problems, { kind: 'forked', index: null, before: departs.entries, id: null, message });
      }
      const sorted = problems.toSorted((a, b) => (a.index ?? Infinity) - (b.index ?? Infinity));
      return { problems: sorted, proven: proven.entries };
    },
  });
}
export type LogChecker = ReturnType<typeof createLogCheck>;

type Finding = Pick<AuditProblem, 'kind' | 'message'>;

/** What became of the entry at `i`, of which the true leaves of the block are known. */
function compare({ leaves, entries }: Block, i: number, index: number): Finding {
  const hash = entries[i]?.hash ?? null;
  if (hash === null) return { kind: 'entry-missing', message: `Entry ${index} is gone.` };
  if (equal(hash, at(leaves, i + 1)) && !equal(entries[i + 1]?.hash ?? null, at(leaves, i))) {
    return { kind: 'entry-removed', message: `Entry ${index} was taken out, and those after it moved up.` };
  }
  if (equal(entries[i + 1]?.hash ?? null, at(leaves, i)) && !equal(hash, at(leaves, i + 1))) {
    return {
      kind: 'entry-inserted',
      message: `What stands at ${index} was put in, and those after it moved down.`,
    };
  }
  for (let other = 0; other * HASH_BYTES < leaves.length; other += 1) {
    if (!equal(hash, at(leaves, other))) continue;
    const place = index - i + other;
    return { kind: 'entry-moved', message: `What stands at ${index} was recorded at ${place}.` };
  }
  const [was, now] = [at(leaves, i) ?? Buffer.alloc(0), hash].map((one) =>
    Buffer.from(one).toString('hex').slice(0, 16),
  );
  return {
    kind: 'entry-altered',
    message: `The content of entry ${index} is not what was recorded (leaf hash ${now}… instead of ${was}…).`,
  };
}

interface Place {
  readonly start: number;
  readonly root: Uint8Array | null;
  readonly lastLeaves: Uint8Array;
}

/** The block's leaves are not true; its root still tells whether its entries are. */
function judgeByRoot({ entries }: Block, { start, root, lastLeaves }: Place, into: AuditProblem[]): void {
  const hashes = Buffer.concat(entries.map(({ hash }) => hash ?? Buffer.alloc(0)));
  const before = start + entries.length;
  const wanted = entries.length < TILE_WIDTH ? lastLeaves : root;
  const found =
    entries.length === TILE_WIDTH && hashes.length === TILE_WIDTH * HASH_BYTES
      ? perfectRoot(hashes, 0, TILE_WIDTH)
      : hashes;
  const range = { index: start, before, id: null };
  if (into.length >= MAX_PROBLEMS) return;
  into.push({
    ...range,
    kind: 'tree-altered',
    message: `The leaf hashes of entries ${start} to ${before - 1} in the tree were altered.`,
  });
  if (equal(found, wanted)) return;
  into.push({
    ...range,
    kind: 'entry-altered',
    message: `One or more of the entries ${start} to ${before - 1} were altered, and their hashes with them.`,
  });
}

function missing(from: number, size: number): AuditProblem {
  const message = `The log ends before entry ${from}; ${size - from} entries that were signed are gone.`;
  return { kind: 'truncated', index: from, before: size, id: null, message };
}

function rewritten(from: number, to: number, hint: AuditProblem | undefined): AuditProblem {
  const more = hint?.index == null ? '' : ` The first that does not fit its own leaf hash is ${hint.index}.`;
  return {
    kind: 'entry-altered',
    index: from,
    before: to,
    id: null,
    message: `Entries and hashes were rewritten: what differs first lies from entry ${from} to ${to - 1}.${more}`,
  };
}
