import { cut } from '../../artifacts/formats/core/text.ts';
import { READINGS } from './findings.ts';
import type { DeltaKind, DeltaReport, TensorDelta } from './types.ts';

/** One tensor that differs from the base's, as a line of a table. */
export interface DeltaRow {
  /** Foreign text, cut to a bounded length. */
  readonly name: string;
  readonly type: string;
  readonly shape: readonly number[];
  readonly state: Exclude<TensorDelta['state'], 'unchanged'>;
  /** By the name of the column; absent where it was not measured, null where it is not finite. */
  readonly numbers: Readonly<Record<string, number | null>>;
}

export interface DeltaSummary {
  readonly kind: DeltaKind;
  /** What the kind means, in words. */
  readonly reading: string;
  readonly counts: DeltaReport['counts'];
  /** The largest differences first. */
  readonly tensors: readonly DeltaRow[];
  /** Tensors that differ, in all. */
  readonly total: number;
  readonly notes: readonly string[];
}

const MOST_NOTES = 20;
const MOST_DIMENSIONS = 32;

/** A comparison as a table of at most `most` lines. */
export function deltaSummary(report: DeltaReport, most: number): DeltaSummary {
  const differing = report.tensors
    .flatMap((tensor) => (tensor.state === 'unchanged' ? [] : [{ tensor, state: tensor.state }]))
    .toSorted((a, b) => (b.tensor.change?.l2 ?? -1) - (a.tensor.change?.l2 ?? -1));
  return {
    kind: report.kind,
    reading: READINGS[report.kind],
    counts: report.counts,
    tensors: differing.slice(0, most).map(({ tensor, state }) => ({
      name: cut(tensor.name),
      type: tensor.dtype,
      shape: tensor.shape.slice(0, MOST_DIMENSIONS),
      state,
      numbers: numbersOf(tensor),
    })),
    total: differing.length,
    notes: report.notes.slice(0, MOST_NOTES).map((note) => cut(note)),
  };
}

function numbersOf({ change }: TensorDelta): Record<string, number | null> {
  if (change === null) return {};
  const { relative, l2, maxAbs, numbers, changed, rows, columns, rank } = change;
  return {
    ...(relative === null ? {} : { relative }),
    norm: l2,
    largest: maxAbs,
    'share of numbers': numbers === 0 ? 0 : changed / numbers,
    rows: rows.changed,
    columns: columns.changed,
    ...(rank === null ? {} : { rank: rank.signal, 'energy in it': rank.signalShare }),
  };
}
