import {
  calibrate,
  LABEL_ERRORS,
  type LabelReport,
  type Labels,
  type Probabilities,
} from '../labels/index.ts';
import type { CheckOutcome, Suspect } from '../types.ts';
import { labelFindings } from './label-findings.ts';
import { short } from './shape.ts';
import { skilledRows } from './skill.ts';

/** The outcome of the check of labels, with the finer order of its own scores. */
export interface LabelOutcome extends CheckOutcome {
  readonly order: Float32Array;
}

/** Highest probability of a row whose label the judge has no skill to deny. */
const NOT_NAMED = 0.49;

/** Highest score where the judge has no skill. */
const WITHOUT_SKILL = 0.1;

/**
 * The report on labels as an outcome: its scores are the estimated probabilities that the label is wrong, made to rise
 * with the report's own ranking by isotonic regression (pool adjacent violators), so that no two records change places.
 * Where the judge foretells the labels no better than their frequencies do, none is named. O(n log n).
 */
export function labelOutcome(report: LabelReport, labels: Labels): LabelOutcome {
  const rows = report.scores.length;
  const skilled = skilledRows(report.probabilities, labels);
  if (!skilled.includes(1)) return withoutSkill(report);
  const unlikely = isUnlikely(report.probabilities, labels);
  const all = Int32Array.from({ length: rows }, (_, row) => row);
  const { wrong } = report.readings;
  const order = all.sort((a, b) => (report.scores[a] as number) - (report.scores[b] as number));
  const scores = rising(order, report.scores, (row) =>
    skilled[row] === 1 && unlikely(row) ? (wrong[row] as number) : Math.min(NOT_NAMED, wrong[row] as number),
  );
  return {
    scores,
    order: report.scores,
    suspects: suspectsOf(report, labels, scores),
    findings: labelFindings(report, scores),
    blindSpots: [...report.blindSpots, ...withoutSkillIn(skilled)],
  };
}

/** What a judge is worth that tells no class from another: the order of its scores, and no record named. */
function withoutSkill(report: LabelReport): LabelOutcome {
  return {
    scores: report.scores.map((score) => WITHOUT_SKILL * Math.min(1, Math.max(0, score))),
    order: report.scores,
    suspects: [],
    findings: [],
    blindSpots: [
      ...report.blindSpots,
      'The features do not tell the classes apart better than the frequencies of the labels do: no label is judged.',
    ],
  };
}

/** Share of records without skill from which that is said. */
const SAID = 0.25;

function withoutSkillIn(skilled: Uint8Array): string[] {
  const without = skilled.reduce((sum, mark) => sum + 1 - mark, 0);
  if (without < SAID * skilled.length) return [];
  return [
    `For ${without} of ${skilled.length} records the features do not tell the classes apart: their labels are not judged.`,
  ];
}

/** A label is unlikely when the judge gives it less than this times its frequency, after what the judge is worth. */
const UNLIKELY = 1;

function isUnlikely(judged: Probabilities, labels: Labels): (row: number) => boolean {
  const frequencies = new Float64Array(judged.classes);
  for (const label of labels.values) frequencies[label] = (frequencies[label] as number) + 1 / judged.rows;
  const worth = calibrate(judged, labels);
  return (row) => {
    const given = labels.values[row] as number;
    const own = worth(judged.values[row * judged.classes + given] as number);
    return own < UNLIKELY * (frequencies[given] as number);
  };
}

function suspectsOf(report: LabelReport, labels: Labels, scores: Float32Array): Suspect[] {
  const known = new Map(report.suspects.map(({ row, reasons }) => [row, reasons]));
  const { classes, values } = report.probabilities;
  const reason = (row: number): string => {
    const given = labels.values[row] as number;
    const own = values[row * classes + given] as number;
    return `given “${short(labels.names[given])}”, for which the others speak with ${own.toFixed(2)}`;
  };
  return [...scores.keys()]
    .filter((row) => (scores[row] as number) >= 0.5)
    .sort((a, b) => (report.scores[b] as number) - (report.scores[a] as number) || a - b)
    .map((row) => ({
      row,
      score: scores[row] as number,
      reasons: known.get(row) ?? [{ check: LABEL_ERRORS, message: reason(row) }],
    }));
}

interface Block {
  sum: number;
  count: number;
}

/** Means of `value` that never fall along `order`; rows with the same key are in one block from the start. */
function rising(order: Int32Array, keys: Float32Array, value: (row: number) => number): Float32Array {
  const blocks: Block[] = [];
  for (let at = 0; at < order.length; ) {
    const key = keys[order[at] as number];
    let block: Block = { sum: 0, count: 0 };
    for (; at < order.length && keys[order[at] as number] === key; at++) {
      block.sum += value(order[at] as number);
      block.count++;
    }
    for (let before = blocks.at(-1); before !== undefined; before = blocks.at(-1)) {
      if (before.sum * block.count <= block.sum * before.count) break;
      blocks.pop();
      block = { sum: before.sum + block.sum, count: before.count + block.count };
    }
    blocks.push(block);
  }
  const scores = new Float32Array(order.length);
  let at = 0;
  for (const { sum, count } of blocks)
    for (const end = at + count; at < end; at++) scores[order[at] as number] = Math.min(1, sum / count);
  return scores;
}
