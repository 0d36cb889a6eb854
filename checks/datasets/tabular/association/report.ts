import type { FrameworkRef } from '../../../define.ts';
import { wilson } from '../../../statistics/wilson.ts';
import { type CheckOutcome, type DatasetFinding, MAX_ROWS_NAMED, type Suspect } from '../../types.ts';
import { logBinomialUpper } from '../tails.ts';
import type { Group, TableInput } from '../types.ts';
import { shown } from './items.ts';
import type { Association } from './search.ts';

/** What a check calls what it found. */
export interface Wording {
  readonly check: string;
  readonly maps: readonly FrameworkRef[];
  readonly title: (what: string, label: string) => string;
  /** Ends the message of a finding. */
  readonly advice: string;
}

/** Scores of rows that have the class in a named value, but would likely have it anyway: below what is named. */
const LIKELY_ANYWAY = 0.3;
const NAMED = 0.5;

/** Rows named, findings and scores for what a search found. O(rows of the findings + n). */
export function outcomeOf(
  found: readonly Association[],
  input: TableInput,
  wording: Wording,
  blindSpots: readonly string[],
): CheckOutcome {
  const scores = new Float32Array(input.labels.values.length);
  const reasons = new Map<number, string>();
  for (const association of found) {
    const what = nameOf(association);
    const label = shown(input.labels.names[association.candidate.direction.label] ?? '');
    for (const [place, row] of association.hits.entries()) {
      const wrong = association.wrong[place] as number;
      const score = wrong > NAMED ? Math.min(0.999, wrong) : LIKELY_ANYWAY + wrong * (NAMED - LIKELY_ANYWAY);
      if (score <= (scores[row] as number)) continue;
      scores[row] = score;
      if (wrong > NAMED) reasons.set(row, reasonFor(association, { what, label, wrong }));
    }
  }
  return {
    scores,
    suspects: suspectsOf(scores, reasons, wording.check),
    findings: found.map((association) => findingOf(association, input, wording)),
    blindSpots,
  };
}

function suspectsOf(scores: Float32Array, reasons: ReadonlyMap<number, string>, check: string): Suspect[] {
  return [...reasons]
    .map(([row, message]) => ({ row, score: scores[row] as number, reasons: [{ check, message }] }))
    .sort((a, b) => b.score - a.score || a.row - b.row);
}

export const nameOf = ({ candidate }: Association): string =>
  candidate.parts.map(({ items, item }) => items.labels[item] as string).join(' and ');

const percent = (share: number): string => `${(100 * share).toFixed(share < 0.1 ? 1 : 0)}%`;

/** Hits in the direction of the finding, and how many were to be expected. */
function surplus({ candidate, counts }: Association): { hits: number; expected: number } {
  return candidate.direction.marked
    ? { hits: counts.hits, expected: counts.expected }
    : { hits: counts.rows - counts.hits, expected: counts.rows - counts.expected };
}

function reasonFor(
  association: Association,
  { what, label, wrong }: { what: string; label: string; wrong: number },
): string {
  const { hits, expected } = surplus(association);
  const { rows } = association.counts;
  return `${what}: ${hits} of ${rows} are “${label}”, ${percent(expected / rows)} of records like them elsewhere; this one by its other columns with ${(1 - wrong).toFixed(2)}`;
}

/** Shares of a slice from which on its label is as good as decided, where elsewhere it is not. */
const DECIDED = 0.9;
const OPEN = 0.5;
/** As many times as elsewhere, and surprise (natural logarithm), that no chance and little else explains. */
const FOLD = 3;
const LOG_SURPRISE = -8 * Math.LN10;

/** High where it is much of the dataset, where the slice alone decides the label, or where the label is far too frequent. */
function severityOf({
  rows,
  count,
  expected,
  logP,
  of,
}: Readonly<Record<'rows' | 'count' | 'expected' | 'logP' | 'of', number>>): 'high' | 'medium' {
  const isMuch = count - expected >= 0.01 * of;
  const decides = count === rows || (count >= DECIDED * rows && expected <= OPEN * rows);
  const isFar = count >= FOLD * expected && logP <= LOG_SURPRISE;
  return isMuch || decides || isFar ? 'high' : 'medium';
}

function findingOf(association: Association, input: TableInput, wording: Wording): DatasetFinding {
  const { counts, hits, wrong, logP, candidate } = association;
  const { hits: count, expected } = surplus(association);
  const label = shown(input.labels.names[candidate.direction.label] ?? '');
  const named = hits.filter((_, place) => (wrong[place] as number) > NAMED);
  const rows = named.length > 0 ? named : hits;
  const certain = named.length > 0 ? wrong.filter((value) => value > NAMED) : wrong;
  const sum = certain.reduce((total, value) => total + value, 0);
  const [low, high] = wilson(sum, rows.length);
  const what = nameOf(association);
  const origins = (input.groups ?? []).map((group) => originOf(association, group));
  return {
    check: wording.check,
    title: wording.title(what, label),
    severity: severityOf({ rows: counts.rows, count, expected, logP, of: input.labels.values.length }),
    message:
      `${what}: ${count} of ${counts.rows} records are “${label}” (${percent(count / counts.rows)}), where records like ` +
      `them elsewhere are in ${percent(expected / counts.rows)}; about ${Math.round(count - expected)} too many.` +
      `${origins.map(({ message }) => message).join('')} ${wording.advice}`,
    rows: Array.from(rows.subarray(0, MAX_ROWS_NAMED)),
    count: rows.length,
    precision: { value: sum / rows.length, low, high },
    evidence: Object.assign(
      {
        value: what,
        label,
        rows: counts.rows,
        withLabel: count,
        expected: Math.round(10 * expected) / 10,
        log10P: Math.round((10 * logP) / Math.LN10) / 10,
      },
      ...origins.map(({ evidence }) => evidence),
    ),
    maps: wording.maps,
  };
}

interface Origin {
  readonly message: string;
  readonly evidence: Readonly<Record<string, string | number>>;
}

/** Chance below which a batch or source counts as the origin, and the least share of the surplus that it must hold. */
const ORIGIN_LEVEL = 0.001;
const ORIGIN_SHARE = 0.5;

/** The value of a group that holds the most of what is too many, and whether that is more than its share of the rows. */
function originOf({ rows, hits, wrong, candidate }: Association, { name, column }: Group): Origin {
  if (
    column.kind !== 'category' ||
    candidate.parts.some(({ items }) => items.group && items.name === column.name)
  )
    return { message: '', evidence: {} };
  const surplusOf = new Map<number, number>();
  for (const [place, row] of hits.entries()) {
    const code = column.codes[row] as number;
    surplusOf.set(code, (surplusOf.get(code) ?? 0) + (wrong[place] as number));
  }
  const [code, most] = [...surplusOf].reduce((a, b) => (b[1] > a[1] ? b : a), [-1, 0]);
  const sum = wrong.reduce((total, value) => total + value, 0);
  const own = rows.filter((row) => column.codes[row] === code).length;
  const value = shown(column.values[code] ?? 'missing');
  const evidence = {
    [name]: value,
    [`${name}Surplus`]: Math.round(most),
    [`${name}Share`]: Math.round((100 * most) / Math.max(1e-9, sum)) / 100,
  };
  const share = Math.min(0.999, own / Math.max(1, rows.length));
  const telling =
    own === rows.length ||
    logBinomialUpper(Math.round(most), Math.round(sum), share) < Math.log(ORIGIN_LEVEL);
  if (most < ORIGIN_SHARE * sum || !telling) return { message: '', evidence };
  return { message: ` ${percent(most / sum)} of those came with ${name} ${value}.`, evidence };
}
