import { createRandom } from '../../statistics/random.ts';
import { LABEL_MAPS } from '../labels/index.ts';
import { assertColumns, holm, rowsOf, usableColumns } from '../tabular/index.ts';
import {
  type CheckOutcome,
  type DatasetFinding,
  DatasetInputError,
  MAX_ROWS_NAMED,
  type Suspect,
} from '../types.ts';
import { type Told, tellApart } from './classifier.ts';
import { type Compared, compareColumn } from './columns.ts';
import type { BatchShift, CheckBatchShift, ShiftInput } from './types.ts';

export const BATCH_SHIFT = 'datasets/batch-shift';

const LEAST_ROWS = 30;
/** AUC from which batch and history count as told apart, when its interval is above .5 by as much as this leaves. */
const LEAST_AUC = 0.6;
const LEAST_LOW = 0.55;
const MOST_BATCHES = 1000;
/** Rows of the history that a batch is compared with, and rows × columns × batches of all comparisons. */
const MOST_HISTORY = 50_000;
const MOST_WORK = 4e7;

const BLIND = [
  'A batch may shift for good reasons (a new branch, a season): a shift says that someone should look, not that it is poisoned.',
  'Batches of fewer than 30 records, and sources without accepted history, are not judged.',
  'A drip too slow to shift any one batch is for the monitor of days, not for this check.',
];

interface Batch {
  readonly name: string;
  readonly source: string | null;
  readonly rows: Int32Array;
  readonly history: Int32Array;
}

/**
 * Incoming batches against the accepted history of their source: every column (Kolmogorov–Smirnov or G-test, Holm's rule
 * over all columns and batches, and a least distance, so that neither large samples make small shifts a verdict nor small
 * ones chance), and all columns together by a classifier. Rows of a shifted batch score by how much likelier they are in
 * it than in the history. Of a long history up to 50,000 rows drawn by lot are compared. 100,000 × 20 in 20 batches in some seconds; memory O(n). DatasetInputError for columns of
 * different lengths or more than 1,000 batches.
 */
export const checkBatchShift: CheckBatchShift = function* (input, options = {}) {
  const { seed = 0, level = 0.01, distance = 0.1 } = options;
  const batches = batchesOf(input);
  const usable = usableColumns(input.columns);
  const compared: { batch: Batch; columns: readonly Compared[]; told: Told | null }[] = [];
  const most = Math.max(1000, Math.min(MOST_HISTORY, MOST_WORK / (batches.length * input.columns.length)));
  const random = createRandom(seed);
  for (const [done, whole] of batches.entries()) {
    const batch = { ...whole, history: random.shuffle(whole.history).subarray(0, most) };
    const columns = input.columns.flatMap((column) => compareColumn(column, batch.history, batch.rows));
    compared.push({ batch, columns, told: tellApart(usable, batch.history, batch.rows, seed) });
    yield { stage: 'batches', done, total: batches.length };
  }
  const held = holm(
    compared.flatMap(({ columns }) => columns.map(({ logP }) => logP)),
    level,
  );
  let place = 0;
  const verdicts = compared.map(({ batch, columns, told }) => {
    const shifts = columns.map(({ column, test, distance: far, wasserstein, p, e }) => {
      const shifted = held[place++] === true && far >= distance;
      return { column, test, distance: far, wasserstein, p, e, shifted };
    });
    const apart = told !== null && told.auc.value >= LEAST_AUC && told.auc.low >= LEAST_LOW;
    const verdict: BatchShift = {
      batch: batch.name,
      source: batch.source,
      rows: batch.rows.length,
      history: batch.history.length,
      columns: shifts,
      auc: told?.auc ?? null,
      shifted: apart || shifts.some(({ shifted }) => shifted),
    };
    return { verdict, batch, told };
  });
  const shifted = verdicts.filter(({ verdict }) => verdict.shifted);
  return { ...outcomeOf(shifted, rowsOf(input.batch)), batches: verdicts.map(({ verdict }) => verdict) };
};

function batchesOf({ columns, batch, source, accepted }: ShiftInput): Batch[] {
  const rows = rowsOf(batch);
  assertColumns([...columns, batch, ...(source === undefined ? [] : [source])], rows);
  if (batch.kind !== 'category')
    throw new DatasetInputError(`Column “${batch.name}” is to name batches: give it as a category.`);
  if (source !== undefined && source.kind !== 'category')
    throw new DatasetInputError(`Column “${source.name}” is to name sources: give it as a category.`);
  const known = new Set(accepted);
  const all = Int32Array.from({ length: rows }, (_, row) => row);
  const bySource = Map.groupBy(all, (row) => source?.codes[row] ?? -1);
  const result: Batch[] = [];
  for (const [of, own] of bySource) {
    for (const [code, members] of Map.groupBy(own, (row) => batch.codes[row] as number)) {
      const name = batch.values[code];
      if (name === undefined || known.has(name) || members.length < LEAST_ROWS) continue;
      const history = own.filter((row) => {
        const other = batch.codes[row] as number;
        return other !== code && (accepted === undefined || known.has(batch.values[other] ?? ''));
      });
      if (history.length < LEAST_ROWS) continue;
      if (result.length >= MOST_BATCHES)
        throw new DatasetInputError(
          `More than ${MOST_BATCHES} batches; is “${batch.name}” an identifier of records?`,
        );
      result.push({
        name,
        source: source?.values[of] ?? null,
        rows: Int32Array.from(members),
        history: Int32Array.from(history),
      });
    }
  }
  return result;
}

interface Shifted {
  readonly verdict: BatchShift;
  readonly batch: Batch;
  readonly told: Told | null;
}

/** Share of a row that the history does not explain: 1 − 1 / ratio. */
const unexplained = (told: Told | null, place: number): number =>
  told === null ? 0 : Math.max(0, 1 - 1 / Math.max(1e-9, told.ratios[place] as number));

function outcomeOf(shifted: readonly Shifted[], rows: number): CheckOutcome {
  const scores = new Float32Array(rows);
  const suspects: Suspect[] = [];
  const findings: DatasetFinding[] = [];
  for (const each of shifted) {
    const where = placeOf(each);
    const named: number[] = [];
    const { told } = each;
    for (const [place, row] of each.batch.rows.entries()) {
      const score = Math.min(0.95, unexplained(told, place));
      scores[row] = score;
      if (score <= 0.5 || told === null) continue;
      named.push(row);
      const message = `${where} differs from its history, and this record is ${(told.ratios[place] as number).toFixed(1)} times likelier in it`;
      suspects.push({ row, score: scores[row] as number, reasons: [{ check: BATCH_SHIFT, message }] });
    }
    findings.push(findingOf(each, where, named));
  }
  suspects.sort((a, b) => b.score - a.score || a.row - b.row);
  return { scores, suspects, findings, blindSpots: BLIND };
}

const placeOf = ({ verdict }: Shifted): string =>
  `batch ${verdict.batch.slice(0, 60)}${verdict.source === null ? '' : ` of ${verdict.source.slice(0, 60)}`}`;

function findingOf({ verdict, batch }: Shifted, where: string, named: readonly number[]): DatasetFinding {
  const worst = verdict.columns.filter(({ shifted }) => shifted).sort((a, b) => b.distance - a.distance);
  const said = worst
    .slice(0, 5)
    .map(({ column, distance }) => `${column.slice(0, 60)} (${distance.toFixed(2)})`);
  const auc =
    verdict.auc === null
      ? ''
      : ` A model tells its records from the history with an AUC of ${verdict.auc.value.toFixed(2)}.`;
  return {
    check: BATCH_SHIFT,
    title: `${where[0]?.toUpperCase()}${where.slice(1)} is unlike its history`,
    severity:
      (verdict.auc?.value ?? 0) >= 0.8 || worst.some(({ distance }) => distance >= 0.3) ? 'high' : 'medium',
    message: `${verdict.rows} records against ${verdict.history} of history. ${said.length > 0 ? `Shifted most: ${said.join(', ')}.` : 'No single column shifted.'}${auc}`,
    rows: (named.length > 0 ? named : Array.from(batch.rows)).slice(0, MAX_ROWS_NAMED),
    count: named.length > 0 ? named.length : batch.rows.length,
    precision: null,
    evidence: {
      batch: verdict.batch.slice(0, 60),
      ...(verdict.source === null ? {} : { source: verdict.source.slice(0, 60) }),
      rows: verdict.rows,
      history: verdict.history,
      shiftedColumns: worst.length,
      ...(verdict.auc === null ? {} : { auc: verdict.auc.value, aucLow: verdict.auc.low }),
    },
    maps: LABEL_MAPS,
  };
}
