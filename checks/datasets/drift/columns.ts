import { logChiSquareUpper, logKolmogorovUpper } from '../tabular/index.ts';
import type { Column } from '../types.ts';
import type { ColumnShift } from './types.ts';

/** One column of history and of a batch, compared; `logP` is before correction. */
export interface Compared extends Omit<ColumnShift, 'shifted'> {
  readonly logP: number;
}

/** e-value of a p-value: ½ p^−½ (Vovk and Wang, Ann. Stat. 49, 2021, with κ = ½). */
const betting = (logP: number): number => 0.5 * Math.exp(Math.min(700, -0.5 * logP));

/**
 * A column of these rows beside the same column of the history's: numbers by their Kolmogorov–Smirnov distance and its
 * asymptotic tail, categories by a G-test over values with an expected count of five or more (the rest together) and their
 * Jensen–Shannon distance. A number that is missing more often shows in `missing`, compared as a category. Text is null.
 */
export function compareColumn(column: Column, history: Int32Array, batch: Int32Array): Compared[] {
  if (column.kind === 'text') return [];
  if (column.kind === 'category') {
    const tables = [history, batch].map((rows) => tally(rows, (row) => column.codes[row] as number));
    return gTest(column.name, tables as [Map<number, number>, Map<number, number>]);
  }
  const missing = [history, batch].map((rows) =>
    tally(rows, (row) => Number(Number.isNaN(column.values[row]))),
  );
  const result = gTest(`${column.name} missing`, missing as [Map<number, number>, Map<number, number>]);
  const [past, now] = [history, batch].map((rows) =>
    Float64Array.from(rows, (row) => column.values[row] as number)
      .filter((value) => !Number.isNaN(value))
      .sort(),
  ) as [Float64Array, Float64Array];
  if (past.length > 0 && now.length > 0) result.unshift(kolmogorov(column.name, past, now));
  return result;
}

function tally(rows: Int32Array, cell: (row: number) => number): Map<number, number> {
  const counts = new Map<number, number>();
  for (const row of rows) counts.set(cell(row), (counts.get(cell(row)) ?? 0) + 1);
  return counts;
}

/** Both ascending, without NaN. */
function kolmogorov(column: string, past: Float64Array, now: Float64Array): Compared {
  let [i, j, distance, area] = [0, 0, 0, 0];
  let before = Math.min(past[0] as number, now[0] as number);
  while (i < past.length || j < now.length) {
    const at = Math.min(past[i] ?? Number.POSITIVE_INFINITY, now[j] ?? Number.POSITIVE_INFINITY);
    const apart = Math.abs(i / past.length - j / now.length);
    if (Number.isFinite(at) && Number.isFinite(before)) area += apart * (at - before);
    while (i < past.length && (past[i] as number) <= at) i++;
    while (j < now.length && (now[j] as number) <= at) j++;
    distance = Math.max(distance, Math.abs(i / past.length - j / now.length));
    before = at;
  }
  const logP = logKolmogorovUpper(distance, past.length, now.length);
  const spread = deviation(past);
  const wasserstein = spread > 0 ? area / spread : null;
  return {
    column,
    test: 'kolmogorov-smirnov',
    distance,
    wasserstein,
    logP,
    p: Math.exp(logP),
    e: betting(logP),
  };
}

function deviation(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value / values.length, 0);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2 / values.length, 0));
}

const LEAST_EXPECTED = 5;

function gTest(column: string, [past, now]: readonly [Map<number, number>, Map<number, number>]): Compared[] {
  const sizes = [past, now].map((counts) => [...counts.values()].reduce((sum, count) => sum + count, 0)) as [
    number,
    number,
  ];
  const all = sizes[0] + sizes[1];
  const cells: [number, number][] = [];
  const rest: [number, number] = [0, 0];
  for (const value of new Set([...past.keys(), ...now.keys()])) {
    const cell: [number, number] = [past.get(value) ?? 0, now.get(value) ?? 0];
    if (((cell[0] + cell[1]) * Math.min(...sizes)) / all >= LEAST_EXPECTED) cells.push(cell);
    else {
      rest[0] += cell[0];
      rest[1] += cell[1];
    }
  }
  if (rest[0] + rest[1] > 0) cells.push(rest);
  if (cells.length < 2 || Math.min(...sizes) === 0) return [];
  let [g, divergence] = [0, 0];
  for (const cell of cells)
    for (const side of [0, 1] as const) {
      const count = cell[side];
      if (count === 0) continue;
      g += 2 * count * Math.log((count * all) / (sizes[side] * (cell[0] + cell[1])));
      const share = count / sizes[side];
      divergence += (share / 2) * Math.log2(share / ((cell[0] / sizes[0] + cell[1] / sizes[1]) / 2));
    }
  const logP = logChiSquareUpper(Math.max(0, g), cells.length - 1);
  const distance = Math.sqrt(Math.max(0, divergence));
  return [{ column, test: 'g-test', distance, wasserstein: null, logP, p: Math.exp(logP), e: betting(logP) }];
}
