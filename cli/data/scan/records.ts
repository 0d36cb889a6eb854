import type { ScanRun } from '@bartizan/checks/datasets/scan/worker/index.ts';
import type { Suspect } from '@bartizan/checks/datasets/types.ts';
import type { Flags } from './flags.ts';

/** The records of the report: the suspicious ones, or all with `--all`, at most `--limit`. */
export function* recordsOf({ result, scores }: ScanRun, { all, limit }: Flags): Generator<Suspect> {
  const most = limit ?? Number.POSITIVE_INFINITY;
  if (all !== true) {
    yield* result.records.slice(0, most);
    return;
  }
  const known = new Map(result.records.map((record) => [record.row, record]));
  const order = Int32Array.from(scores.keys()).sort(
    (a, b) => (scores[b] as number) - (scores[a] as number) || a - b,
  );
  for (const row of order.subarray(0, Math.min(order.length, most)))
    yield known.get(row) ?? { row, score: scores[row] as number, reasons: [] };
}
