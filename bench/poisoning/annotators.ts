/**
 * Annotators: `node bench/poisoning/annotators.ts [--data DIR] [--seed 1] [--quick] [--python PYTHON] [--json]`. With
 * `--data` (a folder with crowd/SET/label.csv and truth.csv) agreement and aggregation on known sets, beside crowd-kit
 * where `--python` names an interpreter that has it; on generated crowds always: who of the bad annotators is named.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkAnnotators } from '@bartizan/checks/datasets/annotators/index.ts';
import { type Crowd, crowd } from '@bartizan/checks/datasets/annotators/samples.ts';
import { figures, SETS } from './annotators/known.ts';

type Row = Record<string, string | number | null>;

const SIZES = { items: 1000, annotators: 50, classes: 4, labels: 5 };

const CASES: Readonly<Record<string, Omit<Crowd, 'seed'>>> = {
  'all honest': { ...SIZES, bad: {} },
  'all honest, 300 annotators, 2 classes': { ...SIZES, annotators: 300, classes: 2, bad: {} },
  '10% move 90% to one class': { ...SIZES, bad: { target: 5 } },
  '10% move 90% to one of 2 classes': { ...SIZES, classes: 2, bad: { target: 5 } },
  '10% move 60% to one class': { ...SIZES, moved: 0.6, bad: { target: 5 } },
  '10% wrong on purpose': { ...SIZES, bad: { inverted: 5 } },
  '10% at random': { ...SIZES, bad: { random: 5 } },
  '6% copy each other': { ...SIZES, bad: { copy: 3 } },
};

/** Named and bad annotators, doubtful and wrong items, over the seeds of one case. */
function simulated(name: string, options: Omit<Crowd, 'seed'>, seeds: readonly number[]): Row {
  let [bad, hits, named, wrong, doubtful, both, items] = [0, 0, 0, 0, 0, 0, 0];
  for (const seed of seeds) {
    const { annotations, truth, conduct } = crowd({ ...options, seed });
    const { accused, scores, aggregates } = checkAnnotators(annotations, { seed });
    const who = new Set(accused.map(({ annotator }) => annotator));
    bad += conduct.filter((kind) => kind !== 'honest').length;
    hits += [...who].filter((annotator) => conduct[annotator] !== 'honest').length;
    named += who.size;
    items += truth.length;
    truth.forEach((label, item) => {
      const [isWrong, isDoubtful] = [
        aggregates.majority.labels[item] !== label,
        (scores[item] as number) > 0.5,
      ];
      wrong += Number(isWrong);
      doubtful += Number(isDoubtful);
      both += Number(isWrong && isDoubtful);
    });
  }
  return {
    crowd: name,
    badAnnotators: bad,
    recall: bad === 0 ? null : hits / bad,
    precision: named === 0 ? null : hits / named,
    named,
    items,
    majorityWrong: wrong,
    doubtful,
    doubtfulPrecision: doubtful === 0 ? null : both / doubtful,
  };
}

export interface AnnotatorBench {
  readonly name: string;
  readonly rows: readonly Row[];
  readonly notes: readonly string[];
}

export async function benchAnnotators(options: {
  data: string | null;
  seed: number;
  quick: boolean;
  python?: string | null;
}): Promise<AnnotatorBench> {
  const { data, seed, quick, python = null } = options;
  const sets = quick ? SETS.slice(0, 3) : SETS;
  const known = data === null ? [] : sets.map((set) => figures(join(data, 'crowd'), set, python));
  const seeds = quick ? [seed] : [seed, seed + 1, seed + 2];
  const generated = Object.entries(CASES).map(([name, sizes]) => simulated(name, sizes, seeds));
  return {
    name: 'annotators',
    rows: [...known, ...generated],
    notes: [
      'Accuracy on items whose class is known; of n classes that tie, each counts 1/n.',
      'The margin by which Dawid–Skene must beat GLAD to be recommended was chosen with these sets in view.',
      'Time of ours is for all three methods and their comparison on held-out labels, 16 fits.',
    ],
  };
}

const shown = (value: string | number | null): string =>
  typeof value !== 'number' ? (value ?? '–') : Number.isInteger(value) ? String(value) : value.toFixed(4);

function print(rows: readonly Row[]): void {
  let columns = '';
  for (const row of rows) {
    const names = Object.keys(row).join(' | ');
    if (names !== columns) console.log(`\n| ${names} |\n|${'---|'.repeat(Object.keys(row).length)}`);
    columns = names;
    console.log(`| ${Object.values(row).map(shown).join(' | ')} |`);
  }
}

if (import.meta.main) {
  const { values: flags } = parseArgs({
    options: {
      data: { type: 'string' },
      seed: { type: 'string', default: '1' },
      quick: { type: 'boolean', default: false },
      python: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  });
  const bench = await benchAnnotators({
    data: flags.data ?? null,
    seed: Number(flags.seed),
    quick: flags.quick,
    python: flags.python ?? null,
  });
  if (flags.json) console.log(JSON.stringify(bench));
  else {
    print(bench.rows);
    for (const note of bench.notes) console.log(`\n${note}`);
  }
}
