import { wilson } from '../../../statistics/wilson.ts';
import { MAX_ROWS_NAMED, type Reason, type Suspect } from '../../types.ts';
import { shown } from '../shown.ts';
import type { ColumnContent } from '../types.ts';
import { type Selection, textAt } from './select.ts';
import type { Unit } from './units.ts';

/** Something in a text. */
export interface Hit {
  readonly kind: string;
  /** What the row scores for it, 0..1. */
  readonly score: number;
  /** What and why, in half a sentence that shows no value; the column is put before it. */
  readonly message: string;
}

/** What was found, by row and by column. */
export interface Tally {
  readonly add: (unit: Unit, hits: readonly Hit[]) => void;
  /** To be called once, after the last unit. */
  readonly close: () => Tallied;
}

export interface Tallied {
  readonly scores: Float32Array;
  /** Rows above .5 with their reasons, worst first. */
  readonly suspects: readonly Suspect[];
  readonly notes: readonly Suspect[];
  readonly columns: readonly ColumnContent[];
}

const REASONS_A_ROW = 5;
/** Rows at or below .5 whose reasons are kept while reading. */
const KEPT_NOTES = 5 * MAX_ROWS_NAMED;

interface Row {
  score: number;
  readonly reasons: Reason[];
}

interface Found {
  readonly rows: number[];
  count: number;
  last: number;
}

function createRows(check: string, total: number) {
  const scores = new Float32Array(total);
  const rows = new Map<number, Row>();
  return {
    scores,
    add(row: number, column: string, { score, message }: Hit): void {
      scores[row] = Math.max(scores[row] as number, score);
      let known = rows.get(row);
      if (known === undefined) {
        if (rows.size >= KEPT_NOTES && score <= 0.5) return;
        known = { score: 0, reasons: [] };
        rows.set(row, known);
      }
      const reason = { check, message: `“${shown(column)}”: ${message}` };
      if (known.reasons.some((each) => each.message === reason.message)) return;
      if (score > known.score) {
        known.score = score;
        known.reasons.unshift(reason);
        known.reasons.length = Math.min(known.reasons.length, REASONS_A_ROW);
      } else if (known.reasons.length < REASONS_A_ROW) known.reasons.push(reason);
    },
    ranked: (): Suspect[] =>
      [...rows]
        .map(([row, { reasons }]) => ({ row, score: scores[row] as number, reasons }))
        .sort((a, b) => b.score - a.score || a.row - b.row),
  };
}

/** A tally of `selection` whose reasons carry the id `check`. Memory grows with the rows that have hits. */
export function createTally(check: string, selection: Selection): Tally {
  const rows = createRows(check, selection.total);
  const found = selection.columns.map(() => new Map<string, Found>());
  const byCode = selection.columns.map(() => new Map<number, Hit[]>());

  function enter(column: number, row: number, hits: readonly Hit[]): void {
    const kinds = found[column] as Map<string, Found>;
    for (const hit of hits) {
      rows.add(row, selection.columns[column]?.name ?? '', hit);
      const known = kinds.get(hit.kind) ?? { rows: [], count: 0, last: -1 };
      kinds.set(hit.kind, known);
      if (known.last === row) continue;
      known.last = row;
      known.count += 1;
      if (known.rows.length < MAX_ROWS_NAMED) known.rows.push(row);
    }
  }
  function spreadCodes(): void {
    for (const [at, codes] of byCode.entries()) {
      const column = selection.columns[at];
      if (codes.size === 0 || column?.kind !== 'category') continue;
      for (const row of selection.rows) {
        const hits = codes.get(column.codes[row] as number);
        if (hits !== undefined) enter(at, row, hits);
      }
    }
  }

  return Object.freeze({
    add: (unit: Unit, hits: readonly Hit[]) => {
      if (hits.length === 0) return;
      if (unit.code < 0) return enter(unit.column, unit.row, hits);
      const codes = byCode[unit.column];
      codes?.set(unit.code, [...(codes.get(unit.code) ?? []), ...hits]);
    },
    close: () => {
      spreadCodes();
      const ranked = rows.ranked();
      return {
        scores: rows.scores,
        suspects: ranked.filter(({ score }) => score > 0.5),
        notes: ranked.slice(0, MAX_ROWS_NAMED),
        columns: found.flatMap((kinds, at) => contents(selection, at, kinds)),
      };
    },
  });
}

function contents(selection: Selection, at: number, kinds: ReadonlyMap<string, Found>): ColumnContent[] {
  const column = selection.columns[at];
  if (column === undefined || kinds.size === 0) return [];
  let filled = 0;
  for (const row of selection.rows) if ((textAt(column, row) ?? '') !== '') filled += 1;
  return [...kinds]
    .sort(([, a], [, b]) => b.count - a.count)
    .map(([kind, { rows, count }]) => {
      const [low, high] = wilson(count, filled);
      return { column: column.name, kind, share: { value: count / filled, low, high }, rows, count };
    });
}
