import { expectedPrecision, LABEL_ERRORS, type LabelReport } from '../labels/index.ts';
import { type DatasetFinding, MAX_ROWS_NAMED } from '../types.ts';

/** Least share of a direction's records that must be named themselves for it to be more than classes that overlap. */
const DIRECTED_SHARE = 0.25;

/**
 * The report's findings with the records that are named here: where classes overlap, confident learning counts records
 * as errors that are merely hard. A direction of which hardly any record is named is left out.
 */
export function labelFindings(report: LabelReport, scores: Float32Array): DatasetFinding[] {
  const { findings, errors, noise, readings } = report;
  return findings.flatMap((finding): DatasetFinding[] => {
    const named = finding.rows.filter((row) => (scores[row] as number) >= 0.5);
    if (finding.check !== LABEL_ERRORS)
      return named.length >= DIRECTED_SHARE * finding.rows.length ? [finding] : [];
    const rows = [...scores.keys()].filter((row) => (scores[row] as number) >= 0.5);
    const evidence = { ...finding.evidence, countedByConfidentLearning: errors.length };
    const counted = `Confident learning counts ${errors.length} (${(100 * noise.value).toFixed(1)}% of all labels)`;
    if (rows.length === 0)
      return [
        {
          ...finding,
          title: 'Labels that are hard to tell',
          severity: 'info',
          message: `No label is more likely wrong than right. ${counted}, which is no more than hard records and overlapping classes explain.`,
          rows,
          count: 0,
          precision: null,
          evidence,
        },
      ];
    const share = rows.length / scores.length;
    return [
      {
        ...finding,
        severity: share >= 0.1 ? 'high' : share >= 0.005 ? 'medium' : 'low',
        message: `${rows.length} of ${scores.length} labels are more likely wrong than right. ${counted}, hard records included.`,
        rows: rows.slice(0, MAX_ROWS_NAMED),
        count: rows.length,
        precision: expectedPrecision(Int32Array.from(rows), readings),
        evidence,
      },
    ];
  });
}
