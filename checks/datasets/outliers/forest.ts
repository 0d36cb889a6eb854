import { createRandom, type Random } from '../../statistics/random.ts';
import type { Progress } from '../neighbours/index.ts';
import type { Matrix } from '../types.ts';

const TREES = 100;
const SAMPLE = 256;
const EULER = 0.577_215_664_901_532_9;

/** Mean depth of an unsuccessful search in a tree of n (Liu, Ting and Zhou 2008, equation 1). */
const meanDepth = (n: number): number =>
  n <= 1 ? 0 : n === 2 ? 1 : 2 * (Math.log(n - 1) + EULER) - (2 * (n - 1)) / n;

interface Tree {
  readonly columns: Int32Array;
  readonly bounds: Float64Array;
  /** Below and above of node i are 2i+1 and 2i+2 of `children`; −1 at a leaf. */
  readonly children: Int32Array;
  readonly depths: Float64Array;
}

/**
 * Isolation forest (Liu, Ting and Zhou, ICDM 2008, algorithms 1–3; 100 trees of 256 rows): per row 0..1, about .5 for a
 * usual one and near 1 for one that few random cuts set apart. O(n · 100 · 8 + columns · 25,600).
 */
export function* isolationScores(matrix: Matrix, seed: number): Generator<Progress, Float32Array, void> {
  const random = createRandom(seed);
  const size = Math.min(SAMPLE, matrix.rows);
  const sums = new Float64Array(matrix.rows);
  for (let tree = 0; tree < TREES; tree++) {
    const sample = Int32Array.from({ length: size }, () => random.integer(matrix.rows));
    const grown = grow(matrix, sample, random);
    for (let row = 0; row < matrix.rows; row++)
      sums[row] = (sums[row] as number) + depthOf(grown, matrix, row);
    yield { stage: 'isolation forest', done: tree, total: TREES };
  }
  return Float32Array.from(sums, (sum) => 2 ** (-sum / TREES / Math.max(1e-9, meanDepth(size))));
}

function grow(matrix: Matrix, sample: Int32Array, random: Random): Tree {
  const most = 2 * sample.length;
  const tree: Tree = {
    columns: new Int32Array(most).fill(-1),
    bounds: new Float64Array(most),
    children: new Int32Array(2 * most).fill(-1),
    depths: new Float64Array(most),
  };
  const deepest = Math.ceil(Math.log2(Math.max(2, sample.length)));
  const waiting = [{ node: 0, rows: sample, depth: 0 }];
  let nodes = 1;
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { node, rows, depth } = next;
    const cut = depth < deepest && rows.length > 1 ? cutOf(matrix, rows, random) : null;
    if (cut === null) {
      tree.depths[node] = depth + meanDepth(rows.length);
      continue;
    }
    tree.columns[node] = cut.column;
    tree.bounds[node] = cut.bound;
    const below = (row: number): boolean =>
      (matrix.values[row * matrix.columns + cut.column] as number) < cut.bound;
    for (const [side, part] of [rows.filter(below), rows.filter((row) => !below(row))].entries()) {
      tree.children[2 * node + side] = nodes;
      waiting.push({ node: nodes++, rows: part, depth: depth + 1 });
    }
  }
  return tree;
}

/** A column that differs among the rows, and a bound drawn between its ends; null after some tries without one. */
function cutOf(
  { columns, values }: Matrix,
  rows: Int32Array,
  random: Random,
): { column: number; bound: number } | null {
  for (let tries = 0; tries < 20; tries++) {
    const column = random.integer(columns);
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const row of rows) {
      const value = values[row * columns + column] as number;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    const bound = low + (high - low) * random.next();
    if (bound > low) return { column, bound };
  }
  return null;
}

function depthOf(tree: Tree, { columns, values }: Matrix, row: number): number {
  let node = 0;
  for (;;) {
    const column = tree.columns[node] as number;
    if (column < 0) return tree.depths[node] as number;
    const above = (values[row * columns + column] as number) >= (tree.bounds[node] as number);
    node = tree.children[2 * node + Number(above)] as number;
  }
}
