import type { AuditEntryView, AuditFilter, AuditSummary } from '@bartizan/contracts';
import { type RawBuilder, sql } from 'kysely';
import { AppError } from '../kernel/error.ts';
import type { Database } from '../platform/database/index.ts';
import { ENTRY_COLUMNS, type EntryRow, viewOf } from './rows.ts';

type Placed = EntryRow & { readonly index: number | null };

/** The ids of one instant lie between this and the same of the next (UUIDv7). */
const firstIdOf = (ms: number): string => {
  const hex = Math.min(ms, 2 ** 48 - 1)
    .toString(16)
    .padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
};

/** In a pattern of LIKE, for what stands for itself. */
const literal = (text: string): string => text.replace(/[\\%_]/g, '\\$&');
const instant = (ms: number): RawBuilder<unknown> => sql`to_timestamp(${ms}::double precision / 1000)`;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function actionCondition(list: string): RawBuilder<unknown> {
  const wanted = list.split(',').filter((one) => one !== '');
  const exact = wanted.filter((one) => !one.endsWith('*'));
  const starts = wanted.filter((one) => one.endsWith('*')).map((one) => `${literal(one.slice(0, -1))}%`);
  return sql`(e.action = any(${exact}::text[]) or e.action like any(${starts}::text[]))`;
}

function conditionsOf(filter: AuditFilter): RawBuilder<unknown>[] {
  const { actor, action, subject, purpose, from, to } = filter;
  const conditions: RawBuilder<unknown>[] = [];
  if (actor) {
    conditions.push(
      UUID.test(actor)
        ? sql`e.actor_id = ${actor}`
        : sql`(e.actor_id = ${actor} or e.actor_name ilike ${`%${literal(actor)}%`})`,
    );
  }
  if (action) conditions.push(actionCondition(action));
  if (subject) {
    conditions.push(
      subject.endsWith(':') ? sql`e.subject like ${`${literal(subject)}%`}` : sql`e.subject = ${subject}`,
    );
  }
  if (purpose === '*') conditions.push(sql`e.detail ? 'purpose'`);
  else if (purpose) conditions.push(sql`e.detail->>'purpose' ilike ${`%${literal(purpose)}%`}`);
  if (from !== undefined) conditions.push(sql`e.at >= ${instant(from)} and e.id >= ${firstIdOf(from)}::uuid`);
  if (to !== undefined) conditions.push(sql`e.at < ${instant(to)} and e.id < ${firstIdOf(to)}::uuid`);
  return conditions;
}

/** Lists and sums of entries, as the database has them; what is proven of them is in proofs.ts. */
export function createReading(database: Database) {
  return Object.freeze({
    async list(
      filter: AuditFilter,
      page: { readonly cursor?: string | undefined; readonly limit: number },
    ): Promise<{ items: AuditEntryView[]; next: string | null }> {
      const conditions = conditionsOf(filter);
      if (page.cursor !== undefined) {
        if (!UUID.test(page.cursor)) throw new AppError('invalid_input', 'this is no cursor of the list');
        conditions.push(sql`e.id < ${page.cursor}::uuid`);
      }
      const where = conditions.length === 0 ? sql`` : sql`where ${sql.join(conditions, sql` and `)}`;
      const { rows } = await sql<Placed>`
        select ${ENTRY_COLUMNS}, s.index from (
          select * from audit_entries e ${where} order by e.id desc limit ${page.limit + 1}) e
        left join audit_sequence s on s.id = e.id
        order by e.id desc`.execute(database);
      const items = rows.slice(0, page.limit).map(viewOf);
      const last = rows[page.limit - 1];
      const more = rows.length > page.limit && last;
      return { items, next: more ? last.id : null };
    },

    /** Throws `not_found`. */
    async get(id: string): Promise<Placed> {
      const { rows } = await sql<Placed>`select ${ENTRY_COLUMNS}, s.index
        from audit_entries e left join audit_sequence s on s.id = e.id where e.id = ${id}`.execute(database);
      const [row] = rows;
      if (row) return row;
      throw new AppError('not_found', 'there is no such entry');
    },

    async summary(sinceMs: number): Promise<AuditSummary> {
      const since = instant(sinceMs);
      const counted = async <T>(columns: RawBuilder<unknown>, group: RawBuilder<unknown>, limit: number) =>
        (
          await sql<T & { count: number }>`select ${columns}, count(*)::integer as count from audit_entries e
            where e.at >= ${since} group by ${group} order by count(*) desc, ${group} limit ${limit}`.execute(
            database,
          )
        ).rows;
      const actions = await counted<{ name: string }>(sql`e.action as name`, sql`e.action`, 50);
      const actors = await counted<{ name: string; id: string; kind: string }>(
        sql`max(e.actor_name) as name, e.actor_id as id, e.actor_kind as kind`,
        sql`e.actor_id, e.actor_kind`,
        20,
      );
      const purposes = (
        await sql<{ name: string; count: number }>`
          select e.detail->>'purpose' as name, count(*)::integer as count from audit_entries e
          where e.at >= ${since} and e.detail ? 'purpose' and e.detail->>'purpose' is not null
          group by 1 order by 2 desc, 1 limit 20`.execute(database)
      ).rows;
      const { rows } = await sql<{ n: number }>`select count(*)::integer as n from audit_entries e
        where e.at >= ${since}`.execute(database);
      return { entries: rows[0]?.n ?? 0, actions, actors, purposes };
    },
  });
}
export type Reading = ReturnType<typeof createReading>;
