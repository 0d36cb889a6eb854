import type { AuditEntryView } from '@bartizan/contracts';
import { type LeafEntry, leafText } from '@bartizan/contracts/tlog/canonical.ts';
import { leafHash } from '@bartizan/contracts/tlog/hash.ts';
import { sql } from 'kysely';
import type { Executor } from './log.ts';

/** A row of `audit_entries`. `at` has a fraction where somebody wrote microseconds: then it is not what was hashed. */
export interface EntryRow {
  readonly id: string;
  readonly at: number;
  readonly kind: string;
  readonly who: string;
  readonly name: string;
  readonly action: string;
  readonly subject: string;
  readonly detail: unknown;
}

/** Of `audit_entries e`. */
export const ENTRY_COLUMNS = sql`e.id, (extract(epoch from e.at) * 1000)::double precision as at,
  e.actor_kind as kind, e.actor_id as who, e.actor_name as name, e.action, e.subject, e.detail`;

export function leafEntryOf(row: EntryRow): LeafEntry {
  const { id, at, action, subject } = row;
  const actor = { kind: row.kind, id: row.who, name: row.name };
  return { id, at, actor, action, subject, detail: row.detail as LeafEntry['detail'] };
}

export const textOf = (row: EntryRow): string => leafText(leafEntryOf(row));
export const hashOf = (row: EntryRow): Buffer => leafHash(Buffer.from(textOf(row)));

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export function viewOf(row: EntryRow & { readonly index: number | null }): AuditEntryView {
  const detail = isObject(row.detail) ? row.detail : { value: row.detail };
  const { id, action, subject, index } = row;
  return {
    id,
    index,
    at: Math.max(0, Math.round(row.at)),
    actor: { kind: row.kind, id: row.who, name: row.name },
    action,
    subject,
    detail,
    purpose: typeof detail.purpose === 'string' ? detail.purpose : null,
  };
}

export interface PlacedRow {
  readonly index: number;
  readonly id: string;
  /** Null where the entry is gone. */
  readonly entry: EntryRow | null;
}

/** What is said to be at the places from `start` to `end`, in order. Places may be missing. */
export async function readPlaces(within: Executor, start: number, end: number): Promise<PlacedRow[]> {
  const { rows } = await sql<EntryRow & { index: number; placed: string }>`
    select s.index, s.id as placed, ${ENTRY_COLUMNS}
    from audit_sequence s left join audit_entries e on e.id = s.id
    where s.index >= ${start} and s.index < ${end} order by s.index`.execute(within);
  return rows.map(({ index, placed, ...entry }) => ({
    index,
    id: placed,
    entry: entry.id === null ? null : entry,
  }));
}

const PAGE = 10_000;

/** Entries that neither have a place nor wait for one, in the order of their ids, a page at a time. */
export async function* readUnplaced(within: Executor): AsyncGenerator<EntryRow[], void> {
  for (let after = '00000000-0000-0000-0000-000000000000'; ; ) {
    const { rows: ends } = await sql<{ last: string | null }>`
      select max(id::text) as last from
        (select id from audit_entries where id > ${after}::uuid order by id limit ${PAGE}) page`.execute(
      within,
    );
    const last = ends[0]?.last;
    if (!last) return;
    const { rows } = await sql<EntryRow>`
      select ${ENTRY_COLUMNS} from audit_entries e
      where e.id > ${after}::uuid and e.id <= ${last}::uuid
        and not exists (select from audit_sequence s where s.id = e.id)
        and e.id not in (select unnest(ids) from audit_waiting)
      order by e.id`.execute(within);
    if (rows.length > 0) yield rows;
    after = last;
  }
}
