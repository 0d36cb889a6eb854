import { sql } from 'kysely';
import type { Clock } from '../kernel/clock.ts';
import type { Database } from '../platform/database/index.ts';
import type { Written } from './log.ts';
import type { Noticed } from './memory.ts';

/** After this an entry that was committed should have its place, or still wait. */
const LOOK_AFTER_MS = 2_000;
const AT_ONCE = 500;
const KEPT = 50_000;

interface Awaited extends Written {
  readonly since: number;
}

/**
 * Remembers, in this process, what it wrote until that has a place in the tree. An entry that was committed and then
 * neither waits nor has a place was taken away in between, which nothing in the database would tell.
 */
export function createWatch(deps: { readonly clock: Clock }) {
  const { clock } = deps;
  let awaited: Awaited[] = [];
  let forgotten = 0;

  async function stillThere(database: Database, ids: readonly string[]): Promise<Set<string>> {
    const { rows } = await sql<{ id: string }>`
      select id from audit_sequence where id = any(${[...ids]}::uuid[])
      union all
      select id from (select unnest(ids) as id from audit_waiting) w
      where id = any(${[...ids]}::uuid[])`.execute(database);
    return new Set(rows.map(({ id }) => id));
  }

  /** committed, aborted, in progress, or null where PostgreSQL does not know any more. */
  async function fate(database: Database, xid: string): Promise<string | null> {
    const { rows } = await sql<{ status: string | null }>`
      select case when ${xid}::xid8 < pg_snapshot_xmax(pg_current_snapshot())
        then pg_xact_status(${xid}::xid8) end as status`.execute(database);
    return rows[0]?.status ?? null;
  }

  return Object.freeze({
    add(written: Written): void {
      awaited.push({ ...written, since: clock.now() });
      if (awaited.length <= KEPT) return;
      forgotten += awaited.length - KEPT;
      awaited = awaited.slice(-KEPT);
    },

    /** Looks after what is old enough; tells of what was taken away. */
    async sweep(database: Database, notice: (noticed: Noticed) => void): Promise<void> {
      const before = clock.now() - LOOK_AFTER_MS;
      const due = awaited.filter(({ since }) => since <= before).slice(0, AT_ONCE);
      if (due.length === 0) return;
      const there = await stillThere(
        database,
        due.map(({ id }) => id),
      );
      const over = new Set<Awaited>();
      for (const one of due) {
        // What became of one that cannot be asked after is unknown; the others are looked at all the same.
        const status = there.has(one.id) ? 'there' : await fate(database, one.xid).catch(() => null);
        if (status === 'in progress') continue;
        over.add(one);
        if (status !== 'committed') continue;
        const others = one.count > 1 ? ` and ${one.count - 1} written with it` : '';
        notice({
          kind: 'waiting-altered',
          message: `Entry ${one.id}${others} was committed and taken away, and has no place in the log (leaf hash ${one.leaf.toString('hex')}).`,
        });
      }
      awaited = awaited.filter((one) => !over.has(one));
    },

    /** Statements that are looked after, and those that there was no room for. */
    counts: () => ({ awaited: awaited.length, forgotten }),
  });
}
export type Watch = ReturnType<typeof createWatch>;
