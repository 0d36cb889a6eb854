import type { Labels } from '../../labels/index.ts';
import type { CheckOutcome, Column, DatasetFinding } from '../../types.ts';
import { commonRows } from '../content/select.ts';
import { assertFits } from '../labelled.ts';
import { createRowScores } from '../outcome.ts';
import { percent, shown } from '../shown.ts';
import type { CheckMissing, MissingOptions } from '../types.ts';
import { type Trait, traitOf } from './columns.ts';
import { labelTraits } from './labels.ts';
import { MISSING, saying } from './saying.ts';

/** Shares of missing values from which a column is named, and from which it is of little use. */
const NAMED = 0.02;
const MUCH = 0.5;
const MOST_FINDINGS = 100;
/** A row with so little in it is hardly a record; this is about quality, so that it stays far below .5. */
const EMPTY_SHARE = 0.5;
const EMPTY_SCORE = 0.3;

function ofColumn({ column, missing, marked, constant, identifier }: Trait, total: number): DatasetFinding[] {
  const name = shown(column.name);
  const found: DatasetFinding[] = [];
  const share = missing.length / total;
  if (share >= NAMED)
    found.push(
      saying({
        title: `Missing values in “${name}”`,
        severity: share >= MUCH ? 'medium' : 'low',
        message: `${percent(share)} of the rows (${missing.length}) have no value in “${name}”.`,
        rows: missing,
        evidence: { column: name, share },
      }),
    );
  if (marked.length > 0)
    found.push(
      saying({
        title: `Missing values written as values in “${name}”`,
        severity: 'low',
        message: `${marked.length} rows (${percent(marked.length / total)}) of “${name}” hold a mark such as “?” or “N/A”, which a model takes for a value. Store them as missing.`,
        rows: marked,
        evidence: { column: name, share: marked.length / total },
      }),
    );
  if (constant)
    found.push(
      saying({
        title: `Only one value in “${name}”`,
        severity: 'info',
        message: `“${name}” tells no two rows apart.`,
        evidence: { column: name },
      }),
    );
  if (identifier)
    found.push(
      saying({
        title: `“${name}” names the rows`,
        severity: 'info',
        message: `Every row has its own value in “${name}”: it is an identifier, from which a model learns the rows by heart. Leave it out of training.`,
        evidence: { column: name },
      }),
    );
  return found;
}

function emptyRows(traits: readonly Trait[], total: number): Float32Array {
  const share = new Float32Array(total);
  for (const { missing } of traits)
    for (const row of missing) share[row] = (share[row] as number) + 1 / traits.length;
  return share;
}

function said(labels: Labels | undefined): string[] {
  return labels === undefined
    ? ['Without labels, imbalance of classes and gaps that go with the label are not looked for.']
    : [];
}

export const checkMissing: CheckMissing = (
  columns: readonly Column[],
  { labels, labelColumn }: MissingOptions = {},
): CheckOutcome => {
  const total = commonRows(columns);
  if (labels !== undefined) assertFits(labels, total);
  const traits = columns.filter(({ name }) => name !== labelColumn).map(traitOf);
  const rows = createRowScores(total);
  const gaps = emptyRows(traits, total);
  gaps.forEach((share, row) => {
    if (share >= EMPTY_SHARE)
      rows.raise([row], EMPTY_SCORE * share, { check: MISSING, message: 'most of its values are missing' });
  });
  const withLabels = labels === undefined ? [] : labelTraits(traits, labels);
  return {
    scores: rows.scores,
    suspects: rows.suspects(),
    findings: [...withLabels, ...traits.flatMap((trait) => ofColumn(trait, total))].slice(0, MOST_FINDINGS),
    blindSpots: [
      ...said(labels),
      'A wrong value in place of a missing one, such as 0 or 99, is taken for a value.',
    ],
  };
};
