/**
 * Tables: `node bench/poisoning/tabular.ts [--data DIR] [--seed 1] [--quick] [--json]`. With `--data` (a folder with
 * fairness/) the drill on real loan data: one zip code or group always refused; always the delays of the detectors beside
 * the reference figures, the slow drip, and clean loans.
 */
import { parseArgs } from 'node:util';
import { createShareDetector, createShareProcess } from '@bartizan/checks/datasets/drift/index.ts';
import { finish } from '@bartizan/checks/datasets/neighbours/index.ts';
import { checkSlices } from '@bartizan/checks/datasets/slices/index.ts';
import { checkTableTriggers } from '@bartizan/checks/datasets/tabular/index.ts';
import { loans } from '@bartizan/checks/datasets/tabular/testing/loans.ts';
import { createRandom } from '@bartizan/checks/statistics/random.ts';
import { drills } from './tabular/drills.ts';
import { ATTACKS, drip } from './tabular/drip.ts';

type Row = Readonly<Record<string, string | number | null>>;

export interface TabularBench {
  readonly name: string;
  readonly rows: readonly Row[];
  readonly notes: readonly string[];
}

const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor(share * values.length)] as number;

/** Changes of a share of .1, with the median and 95% quantile of the reference notes. */
const DELAYS = [
  [0.12, '1214/2767'],
  [0.15, '308/821'],
  [0.2, '125/273'],
  [0.3, '46/101'],
  [0.5, '18/32'],
  [0.1, 'median 10275'],
] as const;

function detectorRows(seed: number, runs: number): Row[] {
  const random = createRandom(seed);
  const delays = (make: typeof createShareDetector, usual: number, share: number, limit: number): number[] =>
    Array.from({ length: runs }, () => {
      const detector = make(usual);
      let decisions = 1;
      while (decisions < 200_000 && detector.observe(random.next() < share) < limit) decisions++;
      return decisions;
    });
  const row = (part: string, of: string, found: number[], reference: string): Row => ({
    part,
    case: of,
    median: quantile(found, 0.5),
    p95: quantile(found, 0.95),
    mean: Math.round(found.reduce((sum, value) => sum + value, 0) / found.length),
    reference,
  });
  return [
    ...DELAYS.map(([share, reference]) =>
      row(
        'e-detector',
        `10% to ${100 * share}%`,
        delays(createShareDetector, 0.1, share, Math.log(10_000)),
        reference,
      ),
    ),
    row(
      'slice e-process',
      '.30 to .95, 500 slices, FWER .01',
      delays(createShareProcess, 0.3, 0.95, Math.log(50_000)),
      '11/17',
    ),
  ];
}

function dripRows(seed: number, quick: boolean): Row[] {
  const seeds = Array.from({ length: quick ? 2 : 10 }, (_, at) => seed + at);
  return (quick ? [1000] : [1000, 10_000]).flatMap((perDay) =>
    ATTACKS.map((attack): Row => {
      const days = attack === 'none' ? (quick ? 30 : 120) : 20;
      const found = seeds.map((of) =>
        drip({
          perDay,
          attack,
          poisoned: 20,
          historyDays: quick ? 30 : 60,
          days,
          falseAlarmsPerYear: 1,
          seed: of,
        }),
      );
      const delays = found.map(({ delay }) => delay ?? Number.POSITIVE_INFINITY);
      const shown = (value: number): number | null => (Number.isFinite(value) ? value : null);
      return {
        part: 'slow drip',
        case: `20 among ${perDay} a day: ${attack}`,
        alarms: `${delays.filter(Number.isFinite).length} of ${seeds.length}`,
        median: shown(quantile(delays, 0.5)),
        p95: shown(quantile(delays, 0.95)),
        named: found[0]?.named ?? null,
        reference: attack === 'none' ? `none in ${days} days` : 'within 10 days',
      };
    }),
  );
}

function cleanRows(seed: number, quick: boolean): Row[] {
  const runs = quick ? 5 : 100;
  return (
    [
      ['slices', checkSlices],
      ['triggers', checkTableTriggers],
    ] as const
  ).map(([name, check]): Row => {
    let [findings, named, rows] = [0, 0, 0];
    for (let run = 0; run < runs; run++) {
      const outcome = finish(check(loans({ rows: 1000 + 50 * (run % 40), seed: seed + run })));
      findings += Number(outcome.findings.length > 0);
      named += outcome.suspects.length;
      rows += outcome.scores.length;
    }
    return {
      part: 'clean loans',
      case: name,
      runs,
      withFindings: findings,
      namedShare: named / rows,
      reference: 'level .01',
    };
  });
}

/** The figures of the checks of tables. With all parts some minutes; `quick` a fraction of a minute without data. */
export async function benchTabular(options: {
  data: string | null;
  seed: number;
  quick: boolean;
}): Promise<TabularBench> {
  const { data, seed, quick } = options;
  const rows = [
    ...(data === null ? [] : drills(data, seed, quick)),
    ...detectorRows(seed, quick ? 100 : 1000),
    ...dripRows(seed, quick),
    ...cleanRows(seed, quick),
  ];
  return {
    name: 'tables',
    rows,
    notes: [
      'Drills: records count as bad where the drill changed their label; those that had it already are not, though they lie in the slice.',
      'The reference delays come from another mixture of bets; medians agree within a fifth.',
      'A finding of the clean columns would be a natural one; the zip codes of the drills are drawn by lot and added.',
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
  const result = await benchTabular({
    data: flags.data ?? null,
    seed: Number(flags.seed),
    quick: flags.quick,
  });
  if (flags.json) console.log(JSON.stringify(result));
  else
    for (const [part, rows] of Map.groupBy(result.rows, (row) => row.part)) {
      console.log(`\n${part}`);
      console.table(rows);
    }
}
