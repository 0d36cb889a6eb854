import { sql } from 'kysely';
import type { Database } from '../database/types.ts';
import { type RecordedOptions, removeUnreferred } from './recorded.ts';

/** Content that nothing refers to stays for this long: somebody may be about to refer to it. */
export const GRACE_MS = 24 * 3_600_000;
/** Half-sent content and half-written files are left alone for longer than any upload may take. */
export const LEFTOVER_MS = 9 * 24 * 3_600_000;
const PAGE = 500;

interface Referrer {
  /** Quoted by PostgreSQL. */
  readonly relation: string;
  readonly field: string;
}

/** Every column that refers to `objects` by foreign key, whichever domain's it is. */
export async function referrersOf(database: Database): Promise<readonly Referrer[]> {
  const { rows } = await sql<Referrer>`
    select c.conrelid::regclass::text as relation, quote_ident(a.attname) as field
    from pg_constraint c
    join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
    where c.contype = 'f' and c.confrelid = 'objects'::regclass and c.conparentid = 0`.execute(database);
  return rows;
}

/**
 * Removes content that no row refers to any more and nobody has touched for `graceMs`, and what writers that died
 * left behind. The foreign keys decide in the end: what is referred to cannot go.
 */
export async function collectGarbage(
  { objects, database, now }: RecordedOptions,
  graceMs = GRACE_MS,
): Promise<{ readonly objects: number; readonly leftovers: number }> {
  const before = now() - graceMs;
  const referrers = await referrersOf(database);
  const unreferred = referrers.map(
    ({ relation, field }) =>
      sql`not exists (select from ${sql.raw(relation)} r where r.${sql.raw(field)} = o.sha256)`,
  );
  let removed = 0;
  let last = '';
  for (;;) {
    const { rows } = await sql<{ sha256: string }>`select o.sha256 from objects o
      where ${sql.join([sql`o.touched_at < ${before}`, sql`o.sha256 > ${last}`, ...unreferred], sql` and `)}
      order by o.sha256 limit ${PAGE}`.execute(database);
    for (const { sha256 } of rows) {
      if (await removeUnreferred({ objects, database }, sha256, before)) removed++;
      last = sha256;
    }
    if (rows.length < PAGE) break;
  }
  const swept = await objects.sweep(now() - LEFTOVER_MS);
  return { objects: removed, leftovers: swept.removed };
}
