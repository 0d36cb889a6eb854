/** Area under the ROC curve of scores (high is suspicious) for the marked rows; equal scores count half. */
export function auroc(scores: ArrayLike<number>, bad: Uint8Array): number {
  const order = Int32Array.from(bad.keys()).sort((a, b) => (scores[a] as number) - (scores[b] as number));
  let [below, sum, positives] = [0, 0, 0];
  for (let from = 0; from < order.length; ) {
    let [to, hits] = [from, 0];
    const score = scores[order[from] as number];
    while (to < order.length && scores[order[to] as number] === score)
      hits += bad[order[to++] as number] as number;
    const misses = to - from - hits;
    sum += hits * (below + misses / 2);
    below += misses;
    positives += hits;
    from = to;
  }
  return sum / (positives * below);
}

export interface Found {
  readonly flagged: number;
  readonly precision: number;
  readonly recall: number;
}

export function found(rows: Int32Array, bad: Uint8Array): Found {
  const hits = rows.reduce((sum, row) => sum + (bad[row] as number), 0);
  const all = bad.reduce((sum, mark) => sum + mark, 0);
  return {
    flagged: rows.length,
    precision: hits / Math.max(1, rows.length),
    recall: hits / Math.max(1, all),
  };
}

export const mean = (numbers: readonly number[]): number =>
  numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
