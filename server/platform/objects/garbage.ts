import { sql } from 'kysely';
import type { Database } from '../database/types.ts';
import type { Objects } from './types.ts';

/** Content that nothing refers to stays for this long: somebody may be about to refer to it. */
export const GRACE_MS = 24 * 3_600_000;
/** Half-sent content and half-written files are left alone for longer than any upload may take. */
export const LEFTOVER_MS = 9 * 24 * 3_600_000;
const PAGE = 500;

export interface GarbageOptions {
  readonly objects: Objects;
  readonly database: Database;
  readonly now: () => number;
}

export interface Collected {
  readonly objects: number;
  /** Half-sent content and half-written files. */
  readonly leftovers: number;
}

const isForeignKeyViolation = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === '23503';

/**
 * Removes an object and its row in one transaction, unless a table refers to it or `touchedBeforeMs` is not past
 * its last touch; false then. The row is locked while the bytes go, so who is about to refer to them waits, and then
 * sees that they are gone.
 */
export async function removeUnreferred(
  { objects, database }: Pick<GarbageOptions, 'objects' | 'database'>,
  sha256: string,
  touchedBeforeMs: number,
): Promise<boolean> {
  try {
    return await database.transaction().execute(async (tx) => {
      const gone =
        await sql`delete from objects where sha256 = ${sha256} and touched_at < ${touchedBeforeMs}`.execute(
          tx,
        );
      if (Number(gone.numAffectedRows ?? 0) === 0) return false;
      await objects.remove(sha256);
      return true;
    });
  } catch (error) {
    if (isForeignKeyViolation(error)) return false;
    throw error;
  }
}

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
  { objects, database, now }: GarbageOptions,
  graceMs = GRACE_MS,
): Promise<Collected> {
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
