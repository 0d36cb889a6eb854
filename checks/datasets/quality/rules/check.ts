import type { z } from 'zod';
import {
  type CheckOutcome,
  type Column,
  type DatasetFinding,
  DatasetInputError,
  MAX_ROWS_NAMED,
} from '../../types.ts';
import { commonRows } from '../content/select.ts';
import { DATA_QUALITY } from '../frameworks.ts';
import { createRowScores } from '../outcome.ts';
import { percent, shown } from '../shown.ts';
import type { CheckRules, RuleOptions } from '../types.ts';
import { type Broken, brokenRules } from './judge.ts';
import { DataRules } from './schema.ts';

export const RULES = 'datasets/rules';

function read(rules: z.input<typeof DataRules>): DataRules {
  const parsed = DataRules.safeParse(rules);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new DatasetInputError(
    `The rules cannot be read at “${shown(issue?.path.join('.') ?? '')}”: ${shown(issue?.message ?? '')}`,
    { cause: parsed.error },
  );
}

const severityOf = ({ rows, score }: Broken, total: number): DatasetFinding['severity'] =>
  rows.length === 0 || rows.length > 0.1 * total ? 'high' : score > 0.5 ? 'medium' : 'low';

function finding(broken: Broken, total: number): DatasetFinding {
  const { rule, column, says, rows } = broken;
  const name = shown(column);
  return {
    check: RULES,
    title: column === '' ? `Rule “${rule}” is broken` : `Rule “${rule}” of “${name}” is broken`,
    severity: severityOf(broken, total),
    message:
      rows.length === 0
        ? says
        : `${rows.length} of ${total} rows (${percent(rows.length / total)}) ${says}${column === '' ? '' : ` in “${name}”`}.`,
    rows: rows.slice(0, MAX_ROWS_NAMED),
    count: rows.length,
    // They break the rule for certain; whether the rule is right is for whoever stated it.
    precision: null,
    evidence: { rule, column: name, rows: rows.length },
    maps: DATA_QUALITY,
  };
}

export const checkRules: CheckRules = (
  columns: readonly Column[],
  rules: z.input<typeof DataRules>,
  options: RuleOptions = {},
): CheckOutcome => {
  const total = commonRows(columns);
  const broken = brokenRules(columns, read(rules), options);
  const rows = createRowScores(total);
  for (const each of broken)
    rows.raise(each.rows, each.score, {
      check: RULES,
      message: `“${shown(each.column)}”: one of the rows that ${each.says}`,
    });
  return {
    scores: rows.scores,
    suspects: rows.suspects(),
    findings: broken.map((each) => finding(each, total)),
    blindSpots: ['Rules see only what they name: a wrong value that is allowed passes.'],
  };
};
