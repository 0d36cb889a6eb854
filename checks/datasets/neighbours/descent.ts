import { createRandom, type Random } from '../../statistics/random.ts';
import type { Matrix } from '../types.ts';
import { projectionTree } from './forest.ts';
import { createGroup, gather, join } from './join.ts';
import { createLists, type Lists } from './lists.ts';
import type { Progress } from './types.ts';

export interface DescentPlan {
  readonly trees: number;
  readonly leafRows: number;
  /** Most rounds, and the share of all places that must still change for another one. */
  readonly rounds: number;
  readonly enough: number;
  /** Neighbours, and rows that have it as a neighbour, that are compared with each other for each row and round. */
  readonly candidates: number;
}

export const PLAN: DescentPlan = { trees: 10, leafRows: 128, rounds: 1, enough: 0.01, candidates: 20 };

const SLICE = 40_000_000;

/**
 * Neighbours by a forest of random projection trees and nearest-neighbour descent: neighbours of neighbours are likely
 * neighbours (Dong, Charikar and Li, WWW 2011). About n^1.1 · d · candidates² time, O(n · (k + candidates)) memory.
 */
export function* descentLists(
  matrix: Matrix,
  k: number,
  seed: number,
  plan: DescentPlan = PLAN,
): Generator<Progress, Lists, void> {
  const random = createRandom(seed);
  const lists = createLists(matrix.rows, k);
  const total = plan.trees + plan.rounds;
  for (let tree = 0; tree < plan.trees; tree++)
    for (const _ of joinLeaves(matrix, lists, plan, random)) yield { stage: 'neighbours', done: tree, total };
  const group = createGroup(4 * plan.candidates, matrix.columns);
  const places = matrix.rows * k;
  for (let round = 0; round < plan.rounds; round++) {
    let changed = 0;
    for (const taken of descend(matrix, lists, group, { plan, random })) {
      changed += taken;
      yield { stage: 'neighbours', done: plan.trees + round, total };
    }
    if (changed < plan.enough * places) break;
  }
  return lists;
}

function* joinLeaves(
  matrix: Matrix,
  lists: Lists,
  plan: DescentPlan,
  random: Random,
): Generator<void, void, void> {
  const { order, ends } = yield* projectionTree(matrix, plan.leafRows, random);
  const group = createGroup(plan.leafRows, matrix.columns);
  let [from, work] = [0, 0];
  for (const end of ends) {
    for (let at = from; at < end; at++) gather(group, at - from, matrix, order[at] as number);
    join(lists, group, 0, end - from);
    work += (end - from) ** 2 * matrix.columns;
    from = end;
    if (work < SLICE) continue;
    work = 0;
    yield;
  }
}

/** Rows to compare around each row: `counts[row]` of them from `row * size` on. */
interface Candidates {
  readonly size: number;
  readonly rows: Int32Array;
  readonly counts: Int32Array;
}

function createCandidates(rows: number, size: number): Candidates {
  return { size, rows: new Int32Array(rows * size), counts: new Int32Array(rows) };
}

/** A fair sample of all that is ever put to a row (reservoir sampling). */
function keep(candidates: Candidates, row: number, other: number, random: Random): void {
  const { size, rows, counts } = candidates;
  const count = counts[row] as number;
  counts[row] = count + 1;
  if (count < size) rows[row * size + count] = other;
  else {
    const place = random.integer(count + 1);
    if (place < size) rows[row * size + place] = other;
  }
}

/** One round; gives the number of places that changed since it last gave way. */
function* descend(
  matrix: Matrix,
  lists: Lists,
  group: ReturnType<typeof createGroup>,
  { plan, random }: { plan: DescentPlan; random: Random },
): Generator<number, void, void> {
  const fresh = createCandidates(matrix.rows, plan.candidates);
  const known = createCandidates(matrix.rows, plan.candidates);
  collect(lists, matrix.rows, { fresh, known }, random);
  yield 0;
  let [changed, work] = [0, 0];
  for (let row = 0; row < matrix.rows; row++) {
    const size = plan.candidates;
    const news = Math.min(size, fresh.counts[row] as number);
    if (news === 0) continue;
    const olds = Math.min(size, known.counts[row] as number);
    for (let at = 0; at < olds; at++) gather(group, at, matrix, known.rows[row * size + at] as number);
    for (let at = 0; at < news; at++) gather(group, olds + at, matrix, fresh.rows[row * size + at] as number);
    changed += join(lists, group, olds, olds + news);
    work += news * (olds + news) * matrix.columns;
    if (work < SLICE) continue;
    yield changed;
    [changed, work] = [0, 0];
  }
  yield changed;
}

/** Shares out the neighbours of every row, and the row to its neighbours, by whether they are new; all are known then. */
function collect(
  lists: Lists,
  rows: number,
  into: { fresh: Candidates; known: Candidates },
  random: Random,
): void {
  const { k, indices, fresh } = lists;
  for (let row = 0; row < rows; row++)
    for (let at = row * k; at < (row + 1) * k; at++) {
      const other = indices[at] as number;
      if (other < 0) break;
      const candidates = fresh[at] === 1 ? into.fresh : into.known;
      keep(candidates, row, other, random);
      keep(candidates, other, row, random);
      fresh[at] = 0;
    }
}
