import type { Labels } from '../../labels/index.ts';
import type { Column, DatasetFinding } from '../../types.ts';
import { associate, binned } from '../association.ts';
import { written } from '../cells.ts';
import { rowsOf } from '../content/select.ts';
import { percent, shown } from '../shown.ts';
import type { Trait } from './columns.ts';
import { saying } from './saying.ts';

/** A class is rare below this share of what it would have if all were equal (cleanlab Datalab's default). */
const RARE = 0.1;
/** Least Cramér's V that is worth a person's look, and least deviate, so that many columns give no false alarm. */
const LEAST_V = 0.1;
const LEAST_V_ORDER = 0.3;
const LEAST_Z = 5;
const BINS = 20;
/** More labels are no classes: a number or an identifier. */
const MOST_CLASSES = 1_000;

function countsOf({ values, names }: Labels): Float64Array {
  const counts = new Float64Array(names.length);
  for (const label of values) if (label >= 0) counts[label] = (counts[label] as number) + 1;
  return counts;
}

function rowsWith({ values }: Labels, label: number): number[] {
  const rows: number[] = [];
  values.forEach((each, row) => {
    if (each === label) rows.push(row);
  });
  return rows;
}

function imbalance(labels: Labels): DatasetFinding[] {
  const counts = countsOf(labels);
  const all = counts.reduce((sum, count) => sum + count, 0);
  const used = counts.reduce((sum, count) => sum + Number(count > 0), 0);
  const unlabelled = rowsWith(labels, -1);
  const found: DatasetFinding[] = [];
  if (unlabelled.length > 0)
    found.push(
      saying({
        title: 'Rows without a label',
        severity: 'low',
        message: `${unlabelled.length} rows have no label.`,
        rows: unlabelled,
        evidence: { share: unlabelled.length / labels.values.length },
      }),
    );
  if (used < 2) return found;
  counts.forEach((count, label) => {
    if (count === 0 || count >= (RARE * all) / used || found.length >= 20) return;
    const name = shown(labels.names[label] ?? String(label));
    found.push(
      saying({
        title: `Class “${name}” is rare`,
        severity: 'low',
        message: `Only ${count} of ${all} rows (${percent(count / all)}) are labelled “${name}”, with ${used} classes in all: a model may never learn it.`,
        rows: rowsWith(labels, label),
        evidence: { label: name, share: count / all, classes: used },
      }),
    );
  });
  return found;
}

/** Gaps that go with the label: either the label decided what was recorded, or values were taken out on purpose. */
function gaps({ column, missing, marked }: Trait, labels: Labels): DatasetFinding[] {
  const rows = missing.length > 0 ? missing : marked;
  if (rows.length === 0) return [];
  const absent = new Int32Array(labels.values.length);
  for (const row of rows) absent[row] = 1;
  const { v, z } = associate(absent, labels.values, [2, labels.names.length]);
  if (v < LEAST_V || z < LEAST_Z) return [];
  const name = shown(column.name);
  return [
    saying({
      title: `Gaps in “${name}” go with the label`,
      severity: v >= 0.5 ? 'high' : 'medium',
      message: `Whether “${name}” has a value tells something of the label (Cramér’s V ${v.toFixed(2)}): a model learns the gap instead of the matter.`,
      rows,
      evidence: { column: name, cramersV: v, missing: rows.length },
    }),
  ];
}

/** Groups of an identifier: running numbers in bins; texts by how they begin. -1 where there is none. */
function groupsOf(column: Column): readonly [Int32Array, number] {
  if (column.kind === 'number') return [binned(column.values, BINS), BINS];
  const codes = new Map<string, number>();
  const groups = Int32Array.from({ length: rowsOf(column) }, (_, row) => {
    const begin = /^\P{N}{0,12}/u.exec(written(column, row) ?? '')?.[0] ?? '';
    const code = codes.get(begin) ?? codes.size;
    if (code < 50) codes.set(begin, code);
    return Math.min(code, 50);
  });
  return [groups, 51];
}

function identifiers({ column, identifier }: Trait, labels: Labels): DatasetFinding[] {
  if (!identifier) return [];
  const [groups, size] = groupsOf(column);
  const { v, z } = associate(groups, labels.values, [size, labels.names.length]);
  if (v < LEAST_V_ORDER || z < LEAST_Z) return [];
  const name = shown(column.name);
  return [
    saying({
      title: `The identifier “${name}” tells the label`,
      severity: 'medium',
      message: `“${name}” should say nothing of the label, but does (Cramér’s V ${v.toFixed(2)}): a model that sees it looks better than it is.`,
      evidence: { column: name, cramersV: v },
    }),
  ];
}

function order(labels: Labels): DatasetFinding[] {
  const places = Float64Array.from(labels.values.keys());
  const { v, z } = associate(binned(places, BINS), labels.values, [BINS, labels.names.length]);
  if (v < LEAST_V_ORDER || z < LEAST_Z) return [];
  return [
    saying({
      title: 'Rows are in the order of their labels',
      severity: 'info',
      message: `The place of a row tells something of its label (Cramér’s V ${v.toFixed(2)}): shuffle the rows before they are split.`,
      evidence: { cramersV: v },
    }),
  ];
}

/** What only labels show: rare classes, gaps and identifiers that go with them, and the order of the rows. */
export function labelTraits(traits: readonly Trait[], labels: Labels): DatasetFinding[] {
  if (labels.names.length < 2 || labels.names.length > MOST_CLASSES || labels.values.length === 0) return [];
  return [
    ...traits.flatMap((trait) => [...gaps(trait, labels), ...identifiers(trait, labels)]),
    ...order(labels),
    ...imbalance(labels),
  ];
}
