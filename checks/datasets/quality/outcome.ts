import type { Reason, Suspect } from '../types.ts';

/** Scores of rows with the reasons for them. */
export interface RowScores {
  readonly scores: Float32Array;
  /** Raises the rows to `score` where they are below it; the reason is kept where `score` is above .5. */
  readonly raise: (rows: Iterable<number>, score: number, reason: Reason) => void;
  readonly suspects: () => Suspect[];
}

const REASONS_A_ROW = 5;

export function createRowScores(total: number): RowScores {
  const scores = new Float32Array(total);
  const reasons = new Map<number, Reason[]>();
  return Object.freeze({
    scores,
    raise: (rows: Iterable<number>, score: number, reason: Reason) => {
      for (const row of rows) {
        scores[row] = Math.max(scores[row] as number, score);
        if (score <= 0.5) continue;
        const known = reasons.get(row);
        if (known === undefined) reasons.set(row, [reason]);
        else if (known.length < REASONS_A_ROW) known.push(reason);
      }
    },
    suspects: () =>
      [...reasons]
        .map(([row, why]) => ({ row, score: scores[row] as number, reasons: why }))
        .sort((a, b) => b.score - a.score || a.row - b.row),
  });
}
