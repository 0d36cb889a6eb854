import type { DripReference } from '@bartizan/checks/datasets/drift/index.ts';
import { type Known, plainLine } from '../scans/masking.ts';

export interface CountWords {
  /** Null where it is about the label, or about whole records. */
  readonly column: string | null;
  readonly what: string;
}

/** As names of counts are cut. */
const LONGEST = 60;
const cut = (text: string): string => (text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);

const COPIES = 'copies of another record of the day';

/** A value that the profile shows, in quotation marks; of others only that there is one. */
const quoted = (value: string, { values }: Known): string =>
  values.has(value) ? `“${plainLine(value, LONGEST)}”` : '“…”';

/** Splits `cell label L` at a label that is counted, the longest that fits. */
function splitLabel(text: string, labels: readonly string[]): { cell: string; label: string | null } {
  const found = labels
    .filter((label) => text.endsWith(` label ${label}`))
    .toSorted((a, b) => b.length - a.length)[0];
  return found === undefined
    ? { cell: text, label: null }
    : { cell: text.slice(0, -` label ${found}`.length), label: found };
}

/** `below 5`, `from 5 below 9`: bounds of eighths of the history, as its profile shows them too. */
const BIN = /^(?:known|below \S+|from \S+(?: below \S+)?)$/;

function cellWords(cell: string, known: Known): string {
  if (cell === 'is missing') return 'missing';
  if (cell === 'is new') return 'outside of what was there before';
  if (cell.startsWith('= ')) return `= ${quoted(cell.slice(2), known)}`;
  return BIN.test(cell) ? cell : '“…”';
}

/** What a count is about, in words that may be shown to those who may not read records. */
export function countWords(name: string, { columns, labels }: DripReference, known: Known): CountWords {
  if (name === COPIES) return { column: null, what: 'exact copies of another record' };
  if (name.startsWith('label ') && labels.includes(name.slice(6)))
    return { column: null, what: `label ${quoted(name.slice(6), known)}` };
  const column = columns
    .filter((each) => name.startsWith(`${cut(each.name)} `))
    .toSorted((a, b) => b.name.length - a.name.length)[0];
  if (column === undefined) return { column: null, what: '“…”' };
  const rest = name.slice(cut(column.name).length + 1);
  const { cell, label } = splitLabel(rest, labels);
  const what = `${plainLine(column.name, LONGEST)} ${cellWords(cell, known)}`;
  return {
    column: plainLine(column.name, 1_000),
    what: label === null ? what : `${what}, label ${quoted(label, known)}`,
  };
}
