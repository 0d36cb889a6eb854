import { wilson } from '../../../statistics/wilson.ts';
import type { Steps } from '../../neighbours/index.ts';
import { type DatasetFinding, MAX_ROWS_NAMED } from '../../types.ts';
import { commonRows, rowsOf } from '../content/select.ts';
import { DATA_QUALITY } from '../frameworks.ts';
import { assertFits } from '../labelled.ts';
import { createRowScores, type RowScores } from '../outcome.ts';
import { percent, shown } from '../shown.ts';
import type { CheckLeakage, LeakageInput, LeakageOutcome, Part } from '../types.ts';
import { type Conflicts, findConflicts } from './conflicts.ts';
import { type GiveAway, giveAways } from './giveaway.ts';
import { findOverlap, type OverlapFound } from './overlap.ts';

export const LEAKAGE = 'datasets/leakage';

/** An overlap spoils the measure, not the record. */
const OVERLAP_SCORE = { exact: 0.2, near: 0.1 } as const;

const finding = (
  part: Omit<DatasetFinding, 'check' | 'maps' | 'count' | 'rows'>,
  rows: readonly number[],
): DatasetFinding => ({
  check: LEAKAGE,
  ...part,
  rows: rows.slice(0, MAX_ROWS_NAMED),
  count: rows.length,
  maps: DATA_QUALITY,
});

/** More than chance: above the share of rows that have a twin in their own part anyway. */
function isMore(found: number, testRows: number, twins: number, rows: number): boolean {
  const [low] = wilson(found, testRows);
  const [, usual] = wilson(Math.round(twins * rows), rows);
  return low > 1.5 * usual;
}

function overlapFindings(found: OverlapFound, [rows, testRows]: readonly [number, number]): DatasetFinding[] {
  return (['exact', 'near'] as const).flatMap((kind) => {
    const count = found[kind];
    if (count === 0) return [];
    const share = count / testRows;
    const more = isMore(count, testRows, found.twins, rows);
    const said = kind === 'exact' ? 'are also rows of this dataset' : 'are nearly rows of this dataset';
    return [
      finding(
        {
          title:
            kind === 'exact' ? 'Test rows in the training data' : 'Test rows nearly in the training data',
          severity: more && share >= 0.01 ? 'high' : more ? 'medium' : 'info',
          message:
            `${count} of ${testRows} test rows (${percent(share)}) ${said}. ` +
            (more
              ? 'What the model is judged by it has seen before: it looks better than it is. Take them out of one part.'
              : `Of the dataset's own rows ${percent(found.twins)} have a twin, so that this is no more than chance.`),
          precision: null,
          evidence: { testRows, overlapping: count, share, ownTwins: found.twins },
        },
        found.rows[kind],
      ),
    ];
  });
}

function giveAwayFinding({ column, accuracy, how }: GiveAway): DatasetFinding {
  const name = shown(column);
  return finding(
    {
      title: `“${name}” gives the label away`,
      severity: 'high',
      message:
        (how === 'value'
          ? `“${name}” alone tells the label of ${percent(accuracy)} of the rows`
          : `The texts of “${name}” name their own label in ${percent(accuracy)} of the rows`) +
        ', classes weighed alike. Either the task is that easy, or the column was filled in after the label was known: then leave it out.',
      precision: null,
      evidence: { column: name, balancedAccuracy: accuracy, how },
    },
    [],
  );
}

function conflictFinding({ rows, groups, rate, scores }: Conflicts): DatasetFinding[] {
  if (rows.length === 0) return [];
  const wrong = scores.reduce((sum, score) => sum + score, 0);
  const natural = scores.every((score) => score < 0.4);
  const [low, high] = wilson(wrong, rows.length);
  return [
    finding(
      {
        title: 'Equal rows with different labels',
        severity: natural ? 'low' : 'medium',
        message: natural
          ? `${groups} groups of equal rows have different labels, ${percent(rate)} of the rows with twins: the columns do not decide the label, which limits any model.`
          : `${groups} groups of equal rows have different labels, although equal rows agree in ${percent(1 - rate)} of all cases: some of these labels are wrong.`,
        precision: natural ? null : { value: wrong / rows.length, low, high },
        evidence: { groups, dissenters: rate },
      },
      rows,
    ),
  ];
}

function judgeConflicts({ columns, labels }: Part, rows: RowScores): DatasetFinding[] {
  if (labels === undefined || columns.length === 0) return [];
  const conflicts = findConflicts(columns, labels);
  for (const [at, row] of conflicts.rows.entries())
    rows.raise([row], conflicts.scores[at] as number, {
      check: LEAKAGE,
      message: 'equals other rows in every column but has another label than most of them',
    });
  return conflictFinding(conflicts);
}

export const checkLeakage: CheckLeakage = function* (input: LeakageInput): Steps<LeakageOutcome> {
  const { columns, labels, test } = input;
  const total = commonRows(columns);
  if (labels !== undefined) assertFits(labels, total);
  const rows = createRowScores(total);
  const findings: DatasetFinding[] = [];
  const blindSpots: string[] = [];
  let found: OverlapFound | null = null;
  if (test === undefined)
    blindSpots.push('Without a test part, overlap between training and test is not looked for.');
  else {
    commonRows(test.columns);
    found = yield* findOverlap(input, test);
    const testRows = test.columns[0] === undefined ? 0 : rowsOf(test.columns[0]);
    findings.push(...overlapFindings(found, [total, testRows]));
    for (const kind of ['near', 'exact'] as const)
      rows.raise(found.rows[kind], OVERLAP_SCORE[kind], {
        check: LEAKAGE,
        message: `${kind} overlap with the test part`,
      });
    blindSpots.push(...found.skipped);
  }
  if (labels === undefined)
    blindSpots.push(
      'Without labels, columns that give them away and equal rows with different ones are not looked for.',
    );
  else {
    findings.push(...giveAways(columns, labels).map(giveAwayFinding));
    yield { stage: 'leakage', done: 2, total: 3 };
    findings.push(...judgeConflicts(input, rows));
    blindSpots.push(
      'A label that is given away by several columns together, or by a word of a text, is not seen.',
    );
  }
  return {
    scores: rows.scores,
    suspects: rows.suspects(),
    findings,
    blindSpots,
    overlaps: found?.overlaps ?? [],
  };
};
