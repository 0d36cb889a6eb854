import { cut } from '../artifacts/formats/core/text.ts';
import { isFloat } from './dtypes.ts';
import { FIGURE_TEXT, LEAST_ZEROS, PART_TEXT } from './findings.ts';
import type { TensorFigures, WeightReport } from './types.ts';

/** One tensor as a line of a table. */
export interface TensorRow {
  /** Foreign text, cut to a bounded length. */
  readonly name: string;
  readonly type: string;
  readonly shape: readonly number[];
  /** By the name of the column; null where it is not finite. */
  readonly numbers: Readonly<Record<string, number | null>>;
  /** What is odd about it, in words. Most of it is so in sound models too. */
  readonly notes: readonly string[];
}

export interface TensorRows {
  readonly tensors: readonly TensorRow[];
  /** Tensors in all, those that were not measured too. */
  readonly total: number;
}

const MOST_NOTES = 8;
const MOST_DIMENSIONS = 32;

/** The tensors of a report as a table of at most `most` lines: those that something is odd about, then the others. */
export function tensorRows(report: WeightReport, most: number): TensorRows {
  const notes = notesOf(report);
  const rows = report.tensors.map((figures) => toRow(figures, notes.get(figures) ?? []));
  const odd = rows.filter((row) => row.notes.length > 0).slice(0, most);
  const plain = rows.filter((row) => row.notes.length === 0).slice(0, most - odd.length);
  const chosen = new Set([...odd, ...plain]);
  return {
    tensors: rows.filter((row) => chosen.has(row)),
    total: report.totals.tensors + report.totals.unmeasured,
  };
}

function toRow(figures: TensorFigures, notes: readonly string[]): TensorRow {
  const { count, zeros, nan, infinite } = figures;
  return {
    name: cut(figures.name),
    type: figures.dtype,
    shape: figures.shape.slice(0, MOST_DIMENSIONS),
    numbers: {
      count,
      mean: figures.mean,
      std: figures.std,
      norm: figures.l2,
      min: figures.min,
      max: figures.max,
      kurtosis: figures.kurtosis,
      'share of zeros': count === 0 ? 0 : zeros / count,
      ...(nan > 0 ? { NaN: nan } : {}),
      ...(infinite > 0 ? { infinite } : {}),
    },
    notes: notes.slice(0, MOST_NOTES),
  };
}

function ownNotes(figures: TensorFigures): string[] {
  const { payloads, bits, nan, infinite, zeros, count, dtype } = figures;
  const [part] = bits?.parts ?? [];
  const replaced = bits?.replaced ?? null;
  return [
    ...payloads.map(({ what, where, at }) => `${where} hold ${what} from number ${at} on`),
    ...(nan > 0 ? [nan === count ? 'nothing but NaN' : 'holds NaN'] : []),
    ...(infinite > 0 ? ['holds infinity'] : []),
    ...(isFloat(dtype) && count >= LEAST_ZEROS && zeros === count ? ['nothing but zeros'] : []),
    ...(part === undefined
      ? []
      : [`numbers ${part.from} to ${Math.min(part.to, count)}: ${part.where} ${PART_TEXT[part.kind]}`]),
    ...(replaced === null || replaced.share === 0
      ? []
      : [
          `the lowest ${replaced.bits} bits look replaced in about ${Math.round(replaced.share * 100)}% of its numbers`,
        ]),
  ];
}

/** What is odd about each tensor by itself, and beside the others. */
function notesOf(report: WeightReport): Map<TensorFigures, string[]> {
  const notes = new Map(report.tensors.map((figures) => [figures, ownNotes(figures)]));
  const byName = Map.groupBy(report.tensors, ({ name }) => name);
  const note = (tensor: string, file: string | null, text: string): void => {
    for (const figures of byName.get(tensor) ?? []) {
      if (file === null || figures.file === file) notes.get(figures)?.push(text);
    }
  };
  for (const { tensor, file, family, members, figure, value, median } of report.outliers) {
    note(
      tensor,
      file,
      `${FIGURE_TEXT[figure]} of ${value.toPrecision(3)}; the median of the ${members} tensors ${cut(family, 80)} is ${median.toPrecision(3)}`,
    );
  }
  for (const { tensor, value } of report.constants) note(tensor, null, `nothing but ${value}`);
  for (const { tensors } of report.duplicates) {
    const [first = '', ...others] = tensors;
    for (const other of others) note(other, null, `the same numbers as ${cut(first, 80)}`);
  }
  return notes;
}
