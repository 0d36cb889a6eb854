import { cut } from '../../artifacts/formats/core/text.ts';
import type { WeightFinding } from '../findings.ts';
import type { DeltaKind, DeltaReport, TensorDelta } from './types.ts';

const CHECK = 'weights/delta';
const MOST_NAMED = 12;

export const READINGS: Readonly<Record<DeltaKind, string>> = Object.freeze({
  identical: 'No number differs from the base',
  conversion: 'The numbers differ from the base by rounding to another type only',
  'fine-tune': 'Most matrices differ from the base at high rank: a full fine-tune looks so',
  adapter: 'The layers differ from the base at low rank throughout: a merged low-rank adapter looks so',
  'low-rank-edit':
    'Only few matrices differ from the base, at very low rank: edits of single facts (ROME, MEMIT) look so, ordinary training does not',
  rows: 'Only single rows of a table differ from the base: changed embeddings of single tokens look so, a known way to plant a trigger word',
  neurons:
    'Only single rows or columns of layers differ from the base: neurons changed by hand look so, ordinary training does not',
  'last-layer': 'Only the last layer differs from the base: training a new head looks so',
  partial: 'Some of the tensors differ from the base: training with frozen layers looks so',
  different: 'The tensors are not those of the base: the comparison says nothing',
});

/** Differences that no ordinary training leaves. */
const ODD: ReadonlySet<DeltaKind> = new Set(['low-rank-edit', 'rows', 'neurons']);

/** One finding on the difference as a whole: `medium` for edits of single places, a note for all that training leaves. */
export function deltaFindings(report: DeltaReport): WeightFinding[] {
  const { kind, counts, tensors, top } = report;
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const named = top.slice(0, MOST_NAMED).flatMap((name) => {
    const tensor = byName.get(name);
    return tensor === undefined ? [] : [line(tensor)];
  });
  const finding: WeightFinding = {
    check: CHECK,
    severity: ODD.has(kind) ? 'medium' : 'info',
    kind: 'note',
    message: `${READINGS[kind]} (${counts.changed} of ${all} tensors changed, ${counts.added} added, ${counts.removed} removed, ${counts.reshaped} of another shape).`,
    offset: 0,
    evidence: { excerpt: named, details: { delta: kind, ...counts } },
  };
  const notes = report.notes.map(
    (note): WeightFinding => ({
      check: CHECK,
      severity: 'info',
      kind: 'note',
      message: `Not all weights were compared: ${cut(note)}.`,
      offset: 0,
      evidence: {},
    }),
  );
  return [finding, ...notes.slice(0, MOST_NAMED)];
}

function line({ name, change }: TensorDelta): string {
  if (change === null) return cut(name, 80);
  const { rank, rows, columns, relative } = change;
  const parts = [
    relative === null ? 'from zeros' : `relative ${relative.toPrecision(3)}`,
    rank === null
      ? ''
      : `rank ${rank.signal >= rank.sketch ? `at least ${rank.sketch}` : rank.signal} (${Math.round(rank.signalShare * 100)}% of the energy)`,
    `${rows.changed} of ${rows.of} rows`,
    `${columns.changed} of ${columns.of} columns`,
  ];
  return `${cut(name, 80)}: ${parts.filter((part) => part !== '').join(', ')}`;
}
