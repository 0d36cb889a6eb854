import { createRandom, type Random } from '../../../statistics/random.ts';
import type { Labels } from '../../labels/index.ts';
import type { Column } from '../../types.ts';
import type { Group } from '../types.ts';

/** Loan applications made up for tests and benches. */
export interface Loans {
  readonly columns: readonly Column[];
  /** 0 `rejected`, 1 `approved`. */
  readonly labels: Labels;
  /** `batch` and `source`. */
  readonly groups: readonly Group[];
  /** 1 where the record was poisoned; nowhere before `poison`. */
  readonly bad: Uint8Array;
}

export interface LoansOptions {
  readonly rows: number;
  readonly seed: number;
  /** Distinct zip codes, of sizes that fall like 1/√rank; 50 when absent. */
  readonly zips?: number;
  /** Batches of equal size; 20 when absent. */
  readonly batches?: number;
}

const PURPOSES = ['car', 'furniture', 'education', 'business', 'renovation', 'debt'] as const;
const STATUS = ['employed', 'self-employed', 'retired', 'student', 'unemployed'] as const;
const SOURCES = ['branch', 'web', 'partner-a', 'partner-b'] as const;

interface Applicant {
  readonly gender: number;
  readonly age: number;
  readonly income: number;
  readonly amount: number;
  readonly term: number;
  readonly debt: number;
  readonly purpose: number;
  readonly status: number;
  readonly score: number;
}

function applicant(random: Random, wealth: number): Applicant {
  const age = Math.round(Math.max(18, Math.min(85, 42 + 14 * random.normal())));
  const status = age > 66 ? 2 : age < 25 && random.next() < 0.5 ? 3 : [0, 0, 0, 0, 1, 4][random.integer(6)];
  const gender = random.next() < 0.45 ? 1 : 0;
  const career = -0.0012 * (age - 48) ** 2 - ([0, 0, 0.3, 1, 0.9][status ?? 0] as number) - 0.12 * gender;
  const income = Math.round(42_000 * Math.exp(0.5 * random.normal() + wealth + career) + 6000);
  const amount = 500 * Math.round((income * Math.exp(0.7 * random.normal() - 1.1)) / 500 + 1);
  const term = [12, 24, 36, 48, 60][random.integer(5)] as number;
  const debt = Math.max(0, 0.3 + 0.15 * random.normal() - 0.1 * wealth);
  const purpose = random.integer(PURPOSES.length);
  const burden = Math.log(amount / income);
  const score =
    2 -
    1.1 * burden -
    5 * debt +
    0.5 * Math.log(income / 40_000) -
    ([0, 0.2, 0, 0.5, 1.2][status ?? 0] as number);
  return {
    gender,
    age,
    income,
    amount,
    term,
    debt,
    purpose,
    status: status ?? 0,
    score: score - 0.01 * term,
  };
}

/**
 * Applications whose columns hang together as real ones do: zip codes differ in wealth, income follows age, work and zip
 * code, the amount follows the income, and approval follows burden, debts and work with some luck, never zip code or
 * gender by themselves. About two thirds are approved. 2% of the incomes are missing. O(rows).
 */
export function loans({ rows, seed, zips = 50, batches = 20 }: LoansOptions): Loans {
  const random = createRandom(seed);
  const shares = Array.from({ length: zips }, (_, rank) => 1 / Math.sqrt(rank + 1));
  const ends = shares.map((_, at) => shares.slice(0, at + 1).reduce((sum, share) => sum + share, 0));
  const wealth = shares.map(() => 0.25 * random.normal());
  const numbers = { age: 0, income: 0, amount: 0, term: 0, debt: 0 };
  const number = Object.fromEntries(Object.keys(numbers).map((name) => [name, new Float64Array(rows)]));
  const code = Object.fromEntries(
    ['zip', 'gender', 'purpose', 'status', 'batch', 'source'].map((name) => [name, new Int32Array(rows)]),
  );
  const approved = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    const at = random.next() * (ends.at(-1) as number);
    const zip = ends.findIndex((end) => at < end);
    const one = applicant(random, wealth[zip] as number);
    for (const name of ['age', 'amount', 'term', 'debt'] as const)
      (number[name] as Float64Array)[row] = one[name];
    (number.income as Float64Array)[row] = random.next() < 0.02 ? Number.NaN : one.income;
    for (const name of ['gender', 'purpose', 'status'] as const) (code[name] as Int32Array)[row] = one[name];
    (code.zip as Int32Array)[row] = zip;
    (code.batch as Int32Array)[row] = Math.floor((row * batches) / rows);
    (code.source as Int32Array)[row] = random.integer(SOURCES.length);
    approved[row] = Number(random.next() < 1 / (1 + Math.exp(-one.score)));
  }
  const category = (name: string, values: readonly string[]): Column => ({
    kind: 'category',
    name,
    codes: code[name] as Int32Array,
    values,
  });
  return {
    columns: [
      category(
        'zip',
        shares.map((_, zip) => String(60_601 + zip)),
      ),
      category('gender', ['male', 'female']),
      category('purpose', PURPOSES),
      category('status', STATUS),
      ...Object.entries(number).map(([name, values]): Column => ({ kind: 'number', name, values })),
    ],
    labels: { values: approved, names: ['rejected', 'approved'] },
    groups: [
      {
        name: 'batch',
        column: category(
          'batch',
          Array.from({ length: batches }, (_, at) => `2026-${at + 1}`),
        ),
      },
      { name: 'source', column: category('source', SOURCES) },
    ],
    bad: new Uint8Array(rows),
  };
}

/**
 * A copy in which the rows that `chosen` picks have this label, each with probability `share`; `bad` marks those whose
 * label it changed.
 */
export function poisonLabels(
  made: Loans,
  chosen: (row: number) => boolean,
  { label, share = 1, seed = 1 }: { readonly label: number; readonly share?: number; readonly seed?: number },
): Loans {
  const random = createRandom(seed);
  const values = made.labels.values.slice();
  const bad = made.bad.slice();
  for (let row = 0; row < values.length; row++) {
    if (!chosen(row) || values[row] === label || random.next() >= share) continue;
    values[row] = label;
    bad[row] = 1;
  }
  return { ...made, labels: { ...made.labels, values }, bad };
}

/** Whether a row has this value in a category of the loans. */
export function rowsWith(made: Loans, name: string, value: string): (row: number) => boolean {
  const column = [...made.columns, ...made.groups.map((group) => group.column)].find(
    (each) => each.name === name,
  );
  if (column?.kind !== 'category') throw new Error(`There is no category ${name}`);
  const code = column.values.indexOf(value);
  return (row) => column.codes[row] === code;
}
