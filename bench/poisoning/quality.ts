/**
 * Quality of datasets: `node bench/poisoning/quality.ts [--data DIR] [--seed 1] [--quick] [--json]`. With `--data` (a
 * folder with poisoning/sst2-backdoor and fairness/) what each check says of clean texts and tables, where every row
 * above .5 is a false alarm; on generated documents always: how many planted ones are named, how many others, and rows a
 * second.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Labels } from '@bartizan/checks/datasets/labels/index.ts';
import { finish } from '@bartizan/checks/datasets/neighbours/index.ts';
import {
  checkConfidential,
  checkDocuments,
  checkLeakage,
  checkMissing,
  checkPersonal,
  checkRules,
  checkSecrets,
  inferRules,
} from '@bartizan/checks/datasets/quality/index.ts';
import { asLabels } from '@bartizan/checks/datasets/scan/shape.ts';
import { loadTable } from '@bartizan/checks/datasets/scan/worker/load.ts';
import type { CheckOutcome, Column } from '@bartizan/checks/datasets/types.ts';
import { KINDS, plantedDocuments } from './quality/planted.ts';

type Row = Record<string, string | number | null>;

export interface QualityBench {
  readonly name: string;
  readonly rows: readonly Row[];
  readonly notes: readonly string[];
}

const SETS: readonly (readonly [file: string, label: string])[] = [
  ['poisoning/sst2-backdoor/clean_train.tsv', 'label'],
  ['poisoning/sst2-backdoor/clean_test.tsv', 'label'],
  ['fairness/german.csv', 'credit'],
  ['fairness/adult.csv', 'income-per-year'],
  ['fairness/compas_for_aequitas.csv', 'label_value'],
  ['fairness/hmda_train.csv', 'high_priced'],
];

interface Table {
  readonly columns: readonly Column[];
  readonly labels: Labels;
  readonly label: string;
}

const CHECKS: Readonly<Record<string, (table: Table) => CheckOutcome>> = {
  'own rules': ({ columns }) => checkRules(columns, inferRules(columns)),
  missing: ({ columns, labels, label }) => checkMissing(columns, { labels, labelColumn: label }),
  leakage: ({ columns, labels, label }) =>
    finish(checkLeakage({ columns: columns.filter(({ name }) => name !== label), labels })),
  'personal data': ({ columns }) => finish(checkPersonal(columns)),
  secrets: ({ columns }) => finish(checkSecrets(columns)),
  'injected instructions': ({ columns }) => finish(checkDocuments(columns)),
  confidential: ({ columns }) => finish(checkConfidential(columns)),
};

function figures(
  set: string,
  check: string,
  rows: number,
  run: () => CheckOutcome,
): { row: Row; outcome: CheckOutcome } {
  const start = performance.now();
  const outcome = run();
  const seconds = (performance.now() - start) / 1000;
  const row = {
    set,
    check,
    rows,
    rowsPerSecond: Math.round(rows / Math.max(seconds, 1e-6)),
    findings: outcome.findings.length,
    aboveHalf: outcome.suspects.length,
    titles: outcome.findings
      .slice(0, 4)
      .map(({ title }) => title)
      .join('; '),
  };
  return { row, outcome };
}

async function cleanSets(data: string, quick: boolean): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [file, label] of quick ? SETS.slice(0, 3) : SETS) {
    const table = await loadTable({ path: join(data, file) }, {}, () => {});
    const labelColumn = table.columns.find(({ name }) => name === label);
    if (labelColumn === undefined) throw new Error(`${file} has no column ${label}.`);
    const input = { columns: table.columns, labels: asLabels(labelColumn), label };
    for (const [check, run] of Object.entries(CHECKS))
      rows.push(figures(file, check, table.rows, () => run(input)).row);
  }
  return rows;
}

/** Which kinds of plants each check is to name. */
const LOOKS_FOR: Readonly<Record<string, readonly string[]>> = {
  'injected instructions': KINDS.filter((kind) => kind.startsWith('order')),
  secrets: ['secret'],
  'personal data': ['email'],
  confidential: ['mark'],
};

/** Of each check: planted rows that it names (of personal data: notes), and other rows that it names. */
function planted(rows: number, seed: number): Row[] {
  const made = plantedDocuments(rows, { words: 80, each: Math.min(200, Math.floor(rows / 100)), seed });
  const columns: Column[] = [{ kind: 'text', name: 'body', values: made.texts }];
  const table = { columns, labels: { values: new Int32Array(rows), names: ['one'] }, label: '' };
  return Object.entries(LOOKS_FOR).map(([check, kinds]) => {
    const { row, outcome } = figures(
      `${rows} generated documents`,
      check,
      rows,
      () => CHECKS[check]?.(table) as CheckOutcome,
    );
    const named = new Set(
      check === 'personal data'
        ? outcome.findings.flatMap((each) => each.rows)
        : outcome.suspects.map((each) => each.row),
    );
    const wanted = [...made.planted].filter(([, kind]) => kinds.includes(kind)).map(([at]) => at);
    const found = wanted.filter((at) => named.has(at)).length;
    return {
      ...row,
      recall: found / wanted.length,
      others: [...named].filter((at) => !made.planted.has(at)).length,
    };
  });
}

/** Every check on clean sets and on generated documents with planted ones among them. */
export async function benchQuality(options: {
  data: string | null;
  seed: number;
  quick: boolean;
}): Promise<QualityBench> {
  const clean = options.data === null ? [] : await cleanSets(options.data, options.quick);
  return {
    name: 'quality',
    rows: [...clean, ...planted(options.quick ? 10_000 : 200_000, options.seed)],
    notes: [
      'Rules are those inferred from the very set. Personal data stays below .5 by design; its recall is that of the rows named.',
    ],
  };
}

if (import.meta.main) {
  const { values: flags } = parseArgs({
    options: {
      data: { type: 'string' },
      seed: { type: 'string', default: '1' },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const bench = await benchQuality({
    data: flags.data ?? null,
    seed: Number(flags.seed),
    quick: flags.quick,
  });
  if (flags.json) console.log(JSON.stringify(bench));
  else {
    console.log('| set | check | rows/s | findings | above .5 | recall | others | titles |');
    console.log('|---|---|---|---|---|---|---|---|');
    for (const row of bench.rows)
      console.log(
        `| ${row['set']} | ${row['check']} | ${row['rowsPerSecond']} | ${row['findings']} | ${row['aboveHalf']} | ${row['recall'] ?? ''} | ${row['others'] ?? ''} | ${row['titles']} |`,
      );
    for (const note of bench.notes) console.log(note);
  }
}
