/** What is wrong with a cell, and what to do about it. */
export class CellProblem extends Error {
  readonly todo: string;
  constructor(message: string, todo: string) {
    super(message);
    this.name = 'CellProblem';
    this.todo = todo;
  }
}

/** What spreadsheets take for the beginning of a formula, full-width forms included. */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;
const GUARDED = /^'(?=[=+\-@\t\r\n＝＋－＠'])/;

/** A cell as it is written: what a spreadsheet would run as a formula gets an apostrophe in front. */
export const guarded = (text: string): string =>
  FORMULA.test(text) || text.startsWith("'") ? `'${text}` : text;

/** The cell as it was meant: the apostrophe of {@link guarded} taken away. */
export const unguarded = (text: string): string => text.replace(GUARDED, '');

/** A row, every cell in quotes, so that no separator in a cell counts for any program. */
export const line = (cells: readonly string[]): string =>
  `${cells.map((cell) => `"${guarded(cell).replaceAll('"', '""')}"`).join(',')}\r\n`;

/** Several things in a cell: ` | ` between them, `\|` and `\\` where they hold such characters. */
export const joined = (items: readonly string[]): string =>
  items.map((item) => item.replace(/[\\|]/g, '\\$&')).join(' | ');

/** The things in a cell that {@link joined} wrote. Empty ones are left out. */
export function split(cell: string): string[] {
  const items: string[] = [];
  let item = '';
  for (let index = 0; index < cell.length; index += 1) {
    const one = cell.charAt(index);
    if (one === '\\' && index + 1 < cell.length) {
      index += 1;
      item += cell.charAt(index);
    } else if (one === '|') {
      items.push(item);
      item = '';
    } else item += one;
  }
  return [...items, item].map((each) => each.trim()).filter((each) => each !== '');
}

/** One of some words, whatever its case and whether blanks or hyphens join it; null for an empty cell. */
export function word<T extends string>(cell: string, words: readonly T[]): T | null {
  const given = cell
    .trim()
    .toLowerCase()
    .replaceAll(/[\s_]+/g, '-');
  if (given === '') return null;
  const found = words.find((one) => one === given);
  if (found !== undefined) return found;
  throw new CellProblem(
    `"${cell.trim().slice(0, 60)}" is not one of the words for this`,
    `Use one of: ${words.join(', ')}.`,
  );
}

export function wholeNumber(cell: string, fallback: number): number {
  const given = cell.trim();
  if (given === '') return fallback;
  if (/^\d{1,6}$/.test(given)) return Number(given);
  throw new CellProblem(`"${given.slice(0, 60)}" is not a whole number`, 'Use digits only, e.g. 180.');
}

/** `2027-03-31`, or null for an empty cell. */
export function day(cell: string): string | null {
  const given = cell.trim();
  if (given === '') return null;
  if (/^\d{4}-\d{2}-\d{2}$/.test(given)) return given;
  throw new CellProblem(
    `"${given.slice(0, 60)}" is not a day`,
    'Write it as year-month-day, e.g. 2027-03-31.',
  );
}
