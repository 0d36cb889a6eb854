/** How strongly two classifications of the same rows go together. */
export interface Association {
  /** Cramér's V without the bias of small tables, 0 (independent) to 1 (one tells the other). */
  readonly v: number;
  /** Standard normal deviate of the chi-squared statistic; above 5 it is no chance. */
  readonly z: number;
  /** Rows that both classify. */
  readonly rows: number;
}

/**
 * Cramér's V with Bergsma's correction (J. Korean Stat. Soc. 42, 2013), and the chi-squared statistic as a normal
 * deviate by Wilson and Hilferty (PNAS 17, 1931). Negative codes are left out. O(rows + codes).
 */
export function associate(
  left: ArrayLike<number>,
  right: ArrayLike<number>,
  [leftCodes, rightCodes]: readonly [number, number],
): Association {
  const cells = new Float64Array(leftCodes * rightCodes);
  const [ofLeft, ofRight] = [new Float64Array(leftCodes), new Float64Array(rightCodes)];
  let rows = 0;
  for (let row = 0; row < left.length; row++) {
    const [a, b] = [left[row] as number, right[row] as number];
    if (a < 0 || b < 0) continue;
    rows += 1;
    ofLeft[a] = (ofLeft[a] as number) + 1;
    ofRight[b] = (ofRight[b] as number) + 1;
    cells[a * rightCodes + b] = (cells[a * rightCodes + b] as number) + 1;
  }
  let sum = 0;
  for (let a = 0; a < leftCodes; a++)
    for (let b = 0; b < rightCodes; b++) {
      const expected = (ofLeft[a] as number) * (ofRight[b] as number);
      if (expected > 0) sum += (cells[a * rightCodes + b] as number) ** 2 / expected;
    }
  const used = (counts: Float64Array): number => counts.reduce((all, count) => all + Number(count > 0), 0);
  const [r, c] = [used(ofLeft), used(ofRight)];
  const degrees = (r - 1) * (c - 1);
  if (rows < 2 || degrees < 1) return { v: 0, z: 0, rows };
  const chiSquared = Math.max(0, rows * (sum - 1));
  const spread = 2 / (9 * degrees);
  const z = (Math.cbrt(chiSquared / degrees) - 1 + spread) / Math.sqrt(spread);
  const phi = Math.max(0, chiSquared / rows - degrees / (rows - 1));
  const [tallness, width] = [r - (r - 1) ** 2 / (rows - 1), c - (c - 1) ** 2 / (rows - 1)];
  const v = Math.sqrt(phi / Math.max(1e-9, Math.min(tallness, width) - 1));
  return { v: Math.min(1, v), z, rows };
}

/** Numbers in bins of about equal size, equal numbers in one; -1 for NaN. O(n log n). */
export function binned(values: Float64Array, bins: number): Int32Array {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  const edges = Array.from(
    { length: bins - 1 },
    (_, at) => sorted[Math.floor(((at + 1) * sorted.length) / bins)] as number,
  );
  return Int32Array.from(values, (value) => {
    if (Number.isNaN(value)) return -1;
    let [low, high] = [0, edges.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((edges[middle] as number) <= value) low = middle + 1;
      else high = middle;
    }
    return low;
  });
}
