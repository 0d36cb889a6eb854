import { BITS, type Dtype, decode, MANTISSA, type Numbers } from '../dtypes.ts';
import { CHUNK_BYTES } from '../measure.ts';
import type { Tensor } from '../types.ts';
import { createSketch, type RowSketch } from './sketch.ts';
import type { Change, RankFigures } from './types.ts';

/** Singular values looked for at first, and where the first ones leave much unexplained. */
const FIRST_SKETCH = 16;
const DEEP_SKETCH = 72;
const LEAST_SIDE = 8;
/** Numbers that a sketch may hold: 64 MiB of doubles. */
const MOST_SKETCHED = 8 << 20;
const SEED = 20_110_217;

export interface ChangeOptions {
  readonly checkpoint: () => void;
  /** Whether a second, larger sketch may be made: four to five times the work. */
  readonly mayGoDeep: boolean;
}

/** The shape of both tensors as rows of columns, over the rows that both have; null where they do not compare. */
export function commonRows(
  base: Tensor,
  model: Tensor,
): { readonly rows: number; readonly columns: number } | null {
  const of = ({ shape }: Tensor) => ({
    rows: shape[0] ?? 1,
    columns: shape.slice(1).reduce((product, dim) => product * dim, 1),
  });
  const [a, b] = [of(base), of(model)];
  if (base.shape.length !== model.shape.length || a.columns !== b.columns || a.columns === 0) return null;
  const rows = Math.min(a.rows, b.rows);
  const fits = (tensor: Tensor) => (tensor.length * 8) / BITS[tensor.dtype] >= rows * a.columns;
  return rows > 0 && fits(base) && fits(model) ? { rows, columns: a.columns } : null;
}

/** Compares two tensors as streams, in constant memory but for one number a row and column and the sketch. Null for equal ones. */
export async function changeOf(base: Tensor, model: Tensor, options: ChangeOptions): Promise<Change | null> {
  const size = commonRows(base, model);
  if (size === null) return null;
  const sums = emptySums(size.rows, size.columns);
  const pass = (visit: (rows: Float64Array, from: number) => void, count: boolean) =>
    eachBlock({ base, model, ...size }, options.checkpoint, (block) => {
      if (count) addBlock(sums, block, model.dtype);
      visit(block.difference, block.from);
    });
  const canSketch = (wanted: number) => (size.rows + 2 * size.columns) * wanted <= MOST_SKETCHED;
  const isMatrix = Math.min(size.rows, size.columns) >= LEAST_SIDE && canSketch(FIRST_SKETCH);
  const first = isMatrix ? sketchOf(size, FIRST_SKETCH) : null;
  await pass((rows, from) => first?.addRows(rows, from), true);
  if (sums.squares === 0 && sums.changed === 0) return null;
  let rank: RankFigures | null = null;
  if (first !== null && sums.squares > 0) {
    rank = await finishSketch(first, pass, { ...size, size: FIRST_SKETCH }, sums);
    const deep = Math.min(DEEP_SKETCH, Math.min(size.rows, size.columns));
    if (
      options.mayGoDeep &&
      !rank.isLow &&
      deep >= (4 * rank.signal) / 3 &&
      deep > FIRST_SKETCH &&
      canSketch(deep)
    ) {
      const again = sketchOf(size, deep);
      await pass((rows, from) => again.addRows(rows, from), false);
      rank = await finishSketch(again, pass, { ...size, size: deep }, sums);
    }
  }
  return figuresOf(sums, size, rank);
}

const sketchOf = ({ rows, columns }: { rows: number; columns: number }, wanted: number): RowSketch =>
  createSketch({ rows, columns, size: Math.min(wanted, rows, columns), seed: SEED });

interface Block {
  readonly from: number;
  readonly difference: Float64Array;
  readonly base: Numbers;
  readonly model: Numbers;
}

interface Both {
  readonly base: Tensor;
  readonly model: Tensor;
  readonly rows: number;
  readonly columns: number;
}

/** Whole rows of both, a few MiB at a time. */
async function eachBlock(
  { base, model, rows, columns }: Both,
  checkpoint: () => void,
  visit: (block: Block) => void,
): Promise<void> {
  const most = Math.max(
    1,
    Math.floor((CHUNK_BYTES * 8) / (Math.max(BITS[base.dtype], BITS[model.dtype]) * columns)),
  );
  // Two numbers share a byte in 4-bit types: an even number of rows begins at a byte.
  const step = most > 1 ? most - (most % 2) : columns % 2 === 0 ? 1 : 2;
  for (let from = 0; from < rows; from += step) {
    checkpoint();
    const count = Math.min(step, rows - from) * columns;
    const read = async (tensor: Tensor): Promise<Numbers> => {
      const bits = BITS[tensor.dtype];
      const start = tensor.offset + (from * columns * bits) / 8;
      return decode(tensor.dtype, await tensor.source.read(start, Math.ceil((count * bits) / 8))).subarray(
        0,
        count,
      );
    };
    const [a, b] = [await read(base), await read(model)];
    const difference = new Float64Array(count);
    for (let index = 0; index < count; index += 1) {
      const step = (b[index] as number) - (a[index] as number);
      // NaN in both is no change; one that came or went is counted, but has no size.
      difference[index] = Number.isFinite(step) ? step : 0;
    }
    visit({ from, difference, base: a, model: b });
  }
}

interface Sums {
  changed: number;
  squares: number;
  baseSquares: number;
  maxAbs: number;
  rounding: number;
  readonly rows: Float64Array;
  readonly columns: Float64Array;
}

const emptySums = (rows: number, columns: number): Sums => ({
  changed: 0,
  squares: 0,
  baseSquares: 0,
  maxAbs: 0,
  rounding: 0,
  rows: new Float64Array(rows),
  columns: new Float64Array(columns),
});

function addBlock(sums: Sums, { from, difference, base, model }: Block, dtype: Dtype): void {
  const columns = sums.columns.length;
  const step = 2 ** -(MANTISSA[dtype] ?? 52);
  for (let index = 0; index < difference.length; index += 1) {
    const before = base[index] as number;
    if (Number.isFinite(before)) sums.baseSquares += before * before;
    const delta = difference[index] as number;
    if (delta === 0) {
      const after = model[index] as number;
      if (!Object.is(before, after) && before !== after && !(Number.isNaN(before) && Number.isNaN(after))) {
        sums.changed += 1;
      }
      continue;
    }
    const square = delta * delta;
    sums.changed += 1;
    sums.squares += square;
    sums.maxAbs = Math.max(sums.maxAbs, Math.abs(delta));
    const row = from + Math.floor(index / columns);
    const column = index % columns;
    sums.rows[row] = (sums.rows[row] as number) + square;
    sums.columns[column] = (sums.columns[column] as number) + square;
    // The distance to the next number of the type, up to a factor of two: a step of one or two of them is rounding.
    const ulp = Math.max(Math.abs(before), Math.abs(model[index] as number)) * step;
    sums.rounding += Math.abs(delta) <= 2 * ulp ? square : (ulp * ulp) / 12;
  }
}

async function finishSketch(
  sketch: RowSketch,
  pass: (visit: (rows: Float64Array, from: number) => void, count: boolean) => Promise<void>,
  { rows, columns, size }: { rows: number; columns: number; size: number },
  sums: Sums,
): Promise<RankFigures> {
  sketch.orthonormalise();
  await pass((block, from) => sketch.project(block, from), false);
  const values = [...sketch.values()];
  const total = sums.squares;
  // Fixed point: what is not signal is noise of its energy, whose largest singular value is (√m + √n)·σ (Gavish and Donoho, 2014).
  let signal = values.length;
  let explained = values.reduce((sum, value) => sum + value * value, 0);
  while (signal > 0) {
    const noise = Math.max(0, total - explained) / (rows * columns);
    const edge = 1.5 * noise * (Math.sqrt(rows) + Math.sqrt(columns)) ** 2 + total * 1e-12;
    const last = (values[signal - 1] as number) ** 2;
    if (last > edge) break;
    explained -= last;
    signal -= 1;
  }
  const share = total > 0 ? Math.min(1, explained / total) : 0;
  const isRounding = (1 - share) * total <= 1.5 * sums.rounding;
  return {
    sketch: size,
    signal,
    signalShare: share,
    stable: total / Math.max(Number.MIN_VALUE, (values[0] ?? 0) ** 2),
    values: values.slice(0, 8),
    isLow:
      signal > 0 && signal < Math.min(size, Math.min(rows, columns) / 4) && (share >= 0.95 || isRounding),
  };
}

function figuresOf(
  sums: Sums,
  { rows, columns }: { rows: number; columns: number },
  rank: RankFigures | null,
): Change {
  const top = (values: Float64Array) => {
    let at = 0;
    let changed = 0;
    for (let index = 0; index < values.length; index += 1) {
      if ((values[index] as number) > 0) changed += 1;
      if ((values[index] as number) > (values[at] as number)) at = index;
    }
    return {
      of: values.length,
      changed,
      topShare: sums.squares > 0 ? (values[at] as number) / sums.squares : 0,
      top: at,
    };
  };
  return {
    numbers: rows * columns,
    changed: sums.changed,
    relative: sums.baseSquares > 0 ? Math.sqrt(sums.squares / sums.baseSquares) : null,
    l2: Math.sqrt(sums.squares),
    maxAbs: sums.maxAbs,
    rows: top(sums.rows),
    columns: top(sums.columns),
    roundingShare: sums.squares > 0 ? Math.min(1, sums.rounding / sums.squares) : 0,
    rank,
  };
}
