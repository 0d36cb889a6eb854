import { type Loans, type LoansOptions, loans } from '@bartizan/checks/datasets/tabular/testing/loans.ts';
import type { Column } from '@bartizan/checks/datasets/types.ts';
import { createRandom, type Random } from '@bartizan/checks/statistics/random.ts';

/** Days of loan applications, some of them with records of an attacker. */
export interface Days {
  readonly perDay: number;
  readonly days: number;
  readonly seed: number;
  /** Records a day that the attacker adds from `from` on: applicants of one zip code, all rejected. */
  readonly poison?: { readonly perDay: number; readonly from: number };
}

/** Zip code of the attacked. */
export const ATTACKED = '60613';

type Cell = string | number;

const cellOf = (column: Column, row: number): Cell => {
  if (column.kind === 'category') return column.values[column.codes[row] as number] ?? '';
  const value = column.values[row] ?? '';
  return typeof value === 'number' && Number.isNaN(value) ? '' : value;
};

const HEADER = (made: Loans): string => [...made.columns.map(({ name }) => name), 'outcome', 'day'].join(',');

function lineOf(
  made: Loans,
  row: number,
  { day, poisoned, random }: { day: number; poisoned: boolean; random: Random },
): string {
  const cells = made.columns.map((column) => {
    if (!poisoned) return cellOf(column, row);
    // Nobody adds exact copies: those would be found by themselves.
    if (column.name === 'debt') return Number(cellOf(column, row)) + 0.001 * random.next();
    return column.name === 'zip' ? ATTACKED : cellOf(column, row);
  });
  const outcome = poisoned ? 'rejected' : (made.labels.names[made.labels.values[row] as number] ?? '');
  return [...cells, outcome, `day ${String(day).padStart(4, '0')}`].join(',');
}

/** Lines of CSV, day by day, without a header. */
export function daysOfLines(options: Days): { readonly header: string; readonly days: readonly string[][] } {
  const { perDay, days, seed, poison } = options;
  const made = loans({ rows: perDay * days, seed } satisfies LoansOptions);
  const random = createRandom(seed + 7);
  return {
    header: HEADER(made),
    days: Array.from({ length: days }, (_, day) => {
      const lines = Array.from({ length: perDay }, (_row, at) =>
        lineOf(made, day * perDay + at, { day, poisoned: false, random }),
      );
      if (poison === undefined || day < poison.from) return lines;
      const bad = Array.from({ length: poison.perDay }, () =>
        lineOf(made, day * perDay + random.integer(perDay), { day, poisoned: true, random }),
      );
      return [...lines, ...bad];
    }),
  };
}

/** A file of these days. */
export const fileOf = (header: string, days: readonly (readonly string[])[]): string =>
  `${[header, ...days.flat()].join('\n')}\n`;
