import { checkBatchShift } from '../../drift/index.ts';
import type { Steps } from '../../neighbours/index.ts';
import type { CheckOutcome, Column } from '../../types.ts';
import { asCategory, columnNamed, rowsOf } from '../shape.ts';
import { leftOut, type Plans, type TableContext } from './context.ts';

const NAME = 'batch-shift';

/** Batches against those before them: by a column of batches, by files of accepted records, or both. */
export function driftPlans(context: TableContext): Plans {
  const { input, roles } = context;
  const watched = watchedNames(context);
  if (roles.batch === null && input.history === undefined)
    return {
      plans: [],
      leftOut: [
        leftOut(
          NAME,
          'there is nothing to compare with; give --history FILE or a column of batches with --batch.',
        ),
      ],
    };
  if (watched.length === 0)
    return { plans: [], leftOut: [leftOut(NAME, 'there are no columns to compare.')] };
  return { plans: [{ name: NAME, purpose: 'poisoning', run: () => shift(context, watched) }], leftOut: [] };
}

/** Numbers and categories that both the table and all of its history have. */
function watchedNames({ features, roles, input }: TableContext): string[] {
  const names = features.filter(({ kind }) => kind !== 'text').map(({ name }) => name);
  return [...names, ...(roles.label === null ? [] : [roles.label])].filter((name) =>
    (input.history ?? []).every((part) =>
      part.some((column) => column.name === name && column.kind !== 'text'),
    ),
  );
}

function* shift({ input, roles, seed, rows }: TableContext, watched: readonly string[]): Steps<CheckOutcome> {
  const parts = [...(input.history ?? []), input.columns];
  const columns = watched.map((name) => joined(parts.map((part) => columnNamed(part, name))));
  const batch = batchColumn(parts, roles.batch);
  const { source } = roles;
  const sources =
    source !== null && parts.every((part) => part.some(({ name }) => name === source))
      ? { source: joined(parts.map((part) => asCategory(columnNamed(part, source)))) }
      : {};
  const accepted = input.history === undefined ? {} : { accepted: batch.accepted };
  const outcome = yield* checkBatchShift({ columns, batch: batch.column, ...sources, ...accepted }, { seed });
  return lastRows(outcome, outcome.scores.length - rows);
}

/** What the outcome says of the rows from `from` on, counted from there. */
function lastRows(outcome: CheckOutcome, from: number): CheckOutcome {
  if (from === 0) return outcome;
  const own = (row: number): boolean => row >= from;
  return {
    scores: outcome.scores.slice(from),
    suspects: outcome.suspects
      .filter(({ row }) => own(row))
      .map((suspect) => ({ ...suspect, row: suspect.row - from })),
    findings: outcome.findings.map((finding) => {
      const rows = finding.rows.filter(own).map((row) => row - from);
      return { ...finding, rows, count: finding.count - (finding.rows.length - rows.length) };
    }),
    blindSpots: outcome.blindSpots,
  };
}

function batchColumn(
  parts: readonly (readonly Column[])[],
  batch: string | null,
): { readonly column: Column; readonly accepted: readonly string[] } {
  const values: string[] = [];
  const codes: number[] = [];
  const accepted: string[] = [];
  parts.forEach((part, at) => {
    const isHistory = at < parts.length - 1;
    const rows = rowsOf(part[0] as Column);
    const own = isHistory || batch === null ? null : asCategory(columnNamed(part, batch));
    if (own === null) {
      const name = isHistory ? `history ${at + 1}` : 'these records';
      if (isHistory) accepted.push(name);
      const code = values.push(name) - 1;
      for (let row = 0; row < rows; row++) codes.push(code);
      return;
    }
    const offset = values.push(...own.values) - own.values.length;
    for (const code of own.codes) codes.push(code < 0 ? -1 : offset + code);
  });
  return { column: { kind: 'category', name: 'batch', codes: Int32Array.from(codes), values }, accepted };
}

/** The same column of several tables, one under the other: numbers where all are, else categories. */
function joined(parts: readonly Column[]): Column {
  const [first] = parts as [Column];
  if (parts.length === 1) return first;
  const rows = parts.reduce((sum, part) => sum + rowsOf(part), 0);
  if (parts.every((part) => part.kind === 'number')) {
    const values = new Float64Array(rows);
    let at = 0;
    for (const part of parts) {
      values.set(part.values as Float64Array, at);
      at += part.values.length;
    }
    return { kind: 'number', name: first.name, values };
  }
  const codes = new Int32Array(rows);
  const known = new Map<string, number>();
  let at = 0;
  for (const part of parts.map(asCategory)) {
    const own = part.values.map((value) => {
      const code = known.get(value) ?? known.size;
      known.set(value, code);
      return code;
    });
    for (const code of part.codes) codes[at++] = code < 0 ? -1 : (own[code] as number);
  }
  return { kind: 'category', name: first.name, codes, values: [...known.keys()] };
}
