import type { DatasetFinding, Reason } from '@bartizan/checks/datasets/types.ts';
import { type DataProfile, MIN_PROFILE_RECORDS } from '@bartizan/contracts';

const MOST_CHARS = 400;
const MOST_TITLE = 300;
const NUMBERS = /(?<![\p{L}\p{N}_])[-+]?\d[\d.,]*(?:e[-+]?\d+)?/giu;
/** Checks whose reasons name a value of the record as it is. */
const NAMES_VALUES = /outlier|impossible|rules|degenerate/;

/** What may be told of a version to those who may not read its records. */
export interface Known {
  readonly columns: ReadonlySet<string>;
  /** Values that the profile shows: each is of ten records at least. */
  readonly values: ReadonlySet<string>;
}

export function knownOf(columns: readonly string[], profile: DataProfile | null): Known {
  const values = new Set<string>();
  for (const column of profile?.columns ?? [])
    for (const { value, count, over } of column.top)
      if (count - over >= MIN_PROFILE_RECORDS) values.add(value);
  return { columns: new Set(columns), values };
}

/** One line that a database and a terminal take: without control and direction characters, cut. */
export function plainLine(text: string, most: number): string {
  const line = text
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim();
  return line.length > most ? `${line.slice(0, most - 1).toWellFormed()}…` : line;
}

/**
 * What is quoted (“…”) stays where it is the name of a column, or a value that the profile shows. From the first other
 * quotation to the last closing mark all is left out, so that marks within a record open nothing.
 */
export function maskQuoted(text: string, known: Known): string {
  for (const match of text.matchAll(/“[^“”]*”/gu)) {
    const quoted = match[0].slice(1, -1);
    if (known.columns.has(quoted) || known.values.has(quoted)) continue;
    const end = text.lastIndexOf('”');
    return `${text.slice(0, match.index)}“…”${text.slice(end + 1)}`;
  }
  const [opened, closed] = [text.split('“').length, text.split('”').length];
  return opened === closed ? text : `${text.slice(0, text.search(/[“”]/u))}“…”`;
}

/** Why a record is suspected, without what it says: content is read by another route, with a reason. */
export function maskReason({ check, message }: Reason, known: Known): Reason {
  const unquoted = maskQuoted(message, known);
  const masked = NAMES_VALUES.test(check) ? unquoted.replaceAll(NUMBERS, '…') : unquoted;
  return { check: plainLine(check, 100), message: plainLine(masked, MOST_CHARS) };
}

type Words = Pick<DatasetFinding, 'check' | 'title' | 'message' | 'evidence'>;

/** A finding of few records is about single ones, and is masked as their reasons are; others name what they share. */
export function maskFinding(finding: Words & { readonly count: number }, known: Known): Words {
  const few = finding.count < MIN_PROFILE_RECORDS;
  const text = (value: string, most: number): string =>
    plainLine(few ? maskReason({ check: finding.check, message: value }, known).message : value, most);
  const evidence: Record<string, string | number | boolean> = {};
  for (const [name, value] of Object.entries(finding.evidence).slice(0, 100)) {
    const shown = typeof value !== 'string' || !few || known.columns.has(value) || known.values.has(value);
    const kept = typeof value === 'string' ? plainLine(value, 200) : value;
    if (typeof kept === 'number' && !Number.isFinite(kept)) continue;
    evidence[plainLine(name, 100)] = shown ? kept : '…';
  }
  // An example of a number that cannot be is one record's, however many there are.
  const message = NAMES_VALUES.test(finding.check)
    ? finding.message.replace(/, e\.g\. .*$/u, '.')
    : finding.message;
  return {
    check: plainLine(finding.check, 100),
    title: text(finding.title, MOST_TITLE),
    message: text(message, 2_000),
    evidence,
  };
}
