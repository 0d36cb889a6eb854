/**
 * Triggers in pictures over many kinds, places, sizes and rates: `node bench/poisoning/images/matrix.ts [--cases 60]
 * [--seed 1] [--data DIR] [--json]`. One line for each case (its last number: seconds of processor time), then recall, false alarms, and how well precision is estimated.
 */
import { parseArgs } from 'node:util';
import { checkImageTriggers } from '@bartizan/checks/datasets/images/index.ts';
import type { Pictures } from '@bartizan/checks/datasets/images/testing/generated.ts';
import { finish } from '@bartizan/checks/datasets/neighbours/index.ts';
import type { CheckOutcome } from '@bartizan/checks/datasets/types.ts';
import { createRandom } from '@bartizan/checks/statistics/random.ts';
import { type Case, drawCases, GENERATED } from './cases.ts';
import { digitsOf } from './digits.ts';
import { figures } from './figures.ts';

const { values: flags } = parseArgs({
  options: {
    cases: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    data: { type: 'string' },
    only: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});

const digits = flags.data === undefined ? null : await digitsOf(flags.data);
const sets: Record<string, readonly number[]> = {
  strokes: [1000, 3000],
  colour: [1000, 3000],
  plain: [1000, 3000],
  ...(digits === null ? {} : { digits: [1500, 4000, 10_000] }),
};

/** So many pictures, drawn by lot. */
function some({ images, labels }: Pictures, rows: number, seed: number): Pictures {
  const size = images.values.length / images.rows;
  const drawn = createRandom(seed).shuffle(Int32Array.from(labels.values.keys())).slice(0, rows);
  const values = new Uint8Array(rows * size);
  drawn.forEach((row, at) => {
    values.set(images.values.subarray(row * size, (row + 1) * size), at * size);
  });
  const given = Int32Array.from(drawn, (row) => labels.values[row] as number);
  return { images: { ...images, rows, values }, labels: { ...labels, values: given } };
}

interface Claim {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly true: number;
  readonly named: number;
}

function claimsOf({ findings }: CheckOutcome, bad: Uint8Array): Claim[] {
  return findings.flatMap(({ precision, rows }) => {
    if (precision === null || rows.length === 0) return [];
    const hits = rows.reduce((sum, row) => sum + (bad[row] as number), 0);
    return [{ ...precision, true: hits / rows.length, named: rows.length }];
  });
}

function run(each: Case) {
  const { set, rows, seed, rate, attack } = each;
  const base = set === 'digits' && digits !== null ? some(digits, rows, seed) : GENERATED[set]?.(rows, seed);
  if (base === undefined) throw new Error(`There are no pictures “${set}”.`);
  const made = each.make(base);
  const start = process.cpuUsage();
  const outcome = finish(checkImageTriggers(made.images, made.labels));
  const used = process.cpuUsage(start);
  const seconds = (used.user + used.system) / 1e6;
  return {
    set,
    rows,
    rate,
    attack,
    ...figures(outcome.scores, made.bad),
    claims: claimsOf(outcome, made.bad),
    seconds,
  };
}

type Result = ReturnType<typeof run>;

const mean = (numbers: readonly number[]): number | null =>
  numbers.length === 0 ? null : numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

function summaryOf(name: string, results: readonly Result[]) {
  const attacked = results.filter(({ rate }) => rate > 0);
  const clean = results.filter(({ rate }) => rate === 0);
  const claims = results.flatMap((result) => result.claims);
  const inside = claims.filter((claim) => claim.low <= claim.true && claim.true <= claim.high);
  return {
    name,
    cases: attacked.length,
    recallAt2: mean(attacked.map((result) => result.recallAt2 ?? 0)),
    above95: mean(attacked.map((result) => Number((result.recallAt2 ?? 0) >= 0.95))),
    recall: mean(attacked.map((result) => result.recall ?? 0)),
    precision: mean(attacked.flatMap(({ precision }) => (precision === null ? [] : [precision]))),
    claims: claims.length,
    coverage: claims.length === 0 ? null : inside.length / claims.length,
    bias: mean(claims.map((claim) => claim.value - claim.true)),
    clean: clean.length,
    cleanNamed: clean.reduce((sum, { named }) => sum + named, 0),
    seconds: results.reduce((sum, { seconds }) => sum + seconds, 0),
  };
}

const shown = (value: unknown): string =>
  value === null || value === undefined
    ? '–'
    : typeof value === 'number' && !Number.isInteger(value)
      ? value.toFixed(3)
      : String(value);

const results: Result[] = [];
for (const each of drawCases({ cases: Number(flags.cases), seed: Number(flags.seed), sets })) {
  if (flags.only !== undefined && !each.attack.includes(flags.only)) continue;
  const result = run(each);
  results.push(result);
  if (flags.json) continue;
  const { set, rows, rate, attack, recallAt2, recall, precision, named, claims, seconds } = result;
  const said = claims.map(
    (claim) => `${shown(claim.value)} [${shown(claim.low)}, ${shown(claim.high)}] of ${shown(claim.true)}`,
  );
  console.log(
    [set, rows, rate, attack, recallAt2, recall, precision, named, said.join('; '), seconds]
      .map(shown)
      .join(' | '),
  );
}
const kinds: readonly (readonly [string, (result: Result) => boolean])[] = [
  ['all', () => true],
  ['at a fixed place', ({ attack }) => / × /.test(attack) && !/moved|anywhere(?! fixed)/.test(attack)],
  ['moved', ({ attack }) => /moved|anywhere(?! fixed)/.test(attack)],
  ['overlays', ({ attack }) => /^(noise|picture|stripes)/.test(attack)],
  ...Object.keys(sets).map((name) => [name, ({ set }: Result) => set === name] as const),
];
const summaries = kinds.map(([name, of]) => summaryOf(name, results.filter(of)));
if (flags.json) console.log(JSON.stringify({ results, summaries }));
else
  for (const summary of summaries)
    console.log(
      Object.entries(summary)
        .map(([key, value]) => `${key} ${shown(value)}`)
        .join(', '),
    );
