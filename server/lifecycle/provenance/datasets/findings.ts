import { type DataTampering, MAX_TAMPERINGS_LISTED } from '@bartizan/contracts';

/** What a verification finds in the database: all of it counted, the first {@link MAX_TAMPERINGS_LISTED} listed. */
export function createFindings(limit = MAX_TAMPERINGS_LISTED) {
  const counts: Record<string, number> = {};
  const tamperings: DataTampering[] = [];
  const notes: string[] = [];
  return Object.freeze({
    counts,
    tamperings,
    notes,
    /** `entry`: the entry of the audit log that says otherwise. */
    add(kind: DataTampering['kind'], where: string, message: string, entry?: { readonly id: string }): void {
      counts[kind] = (counts[kind] ?? 0) + 1;
      if (tamperings.length >= limit) return;
      const told = entry === undefined ? {} : { entry: entry.id };
      tamperings.push({ kind, was: null, now: null, where, message, ...told });
    },
    /** What could not be checked. */
    note(text: string): void {
      if (!notes.includes(text)) notes.push(text);
    },
  });
}
export type Findings = ReturnType<typeof createFindings>;

/** A fact as messages show it. */
export const shown = (value: unknown): string => {
  const text = JSON.stringify(value ?? null);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
};

/** Holds facts of a row against those that an entry of the audit log holds; gives the names that the entry lacks. */
export function compareFacts(
  findings: Findings,
  columns: Readonly<Record<string, string>>,
  {
    now,
    told,
    entry,
  }: {
    readonly now: Readonly<Record<string, unknown>>;
    readonly told: Readonly<Record<string, unknown>>;
    readonly entry: { readonly id: string };
  },
): readonly string[] {
  const lacking: string[] = [];
  for (const [key, where] of Object.entries(columns)) {
    if (!(key in now)) continue;
    if (!(key in told)) {
      lacking.push(key);
      continue;
    }
    if (JSON.stringify(told[key] ?? null) === JSON.stringify(now[key] ?? null)) continue;
    const message = `${where} is ${shown(now[key])}; the audit log holds ${shown(told[key])} (entry ${entry.id}).`;
    findings.add('row-changed', where, message, entry);
  }
  return lacking;
}
