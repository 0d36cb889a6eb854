import type { MembershipSource, TeamRef } from '@bartizan/contracts';
import { sql } from 'kysely';
import type { IdentityDatabase } from '../tables.ts';

export interface TeamRow {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly created_at: Date;
  readonly people: number;
}

export interface MemberRow {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly sources: MembershipSource[];
}

/** Teams and who is in them. */
export function createTeamStore(db: IdentityDatabase) {
  const teams = () =>
    db
      .selectFrom('teams')
      .select(['teams.id', 'teams.name', 'teams.description', 'teams.created_at'])
      .select(
        sql<number>`(select count(distinct m.person_id) from team_members m where m.team_id = teams.id)`.as(
          'people',
        ),
      );

  return Object.freeze({
    /** By name; only those with these ids where given. */
    list: (ids: readonly string[] | null): Promise<TeamRow[]> =>
      teams()
        .$if(ids !== null, (query) => query.where(sql<boolean>`teams.id = any(${ids ?? []}::uuid[])`))
        .orderBy(sql`lower(teams.name)`)
        .limit(10_000)
        .execute(),

    byId: (id: string): Promise<TeamRow | undefined> => teams().where('teams.id', '=', id).executeTakeFirst(),

    members: (teamId: string): Promise<MemberRow[]> =>
      db
        .selectFrom('team_members')
        .innerJoin('people', 'people.id', 'team_members.person_id')
        .where('team_members.team_id', '=', teamId)
        .select(['people.id', 'people.name', 'people.email'])
        .select(
          sql<MembershipSource[]>`array_agg(team_members.source order by team_members.source)`.as('sources'),
        )
        .groupBy('people.id')
        .orderBy('people.name')
        .limit(10_000)
        .execute(),

    /** The teams of each of these people. */
    async ofPeople(personIds: readonly string[]): Promise<Map<string, TeamRef[]>> {
      if (personIds.length === 0) return new Map();
      const rows = await db
        .selectFrom('team_members')
        .innerJoin('teams', 'teams.id', 'team_members.team_id')
        .where(sql<boolean>`team_members.person_id = any(${personIds}::uuid[])`)
        .select(['team_members.person_id', 'teams.id', 'teams.name'])
        .distinct()
        .orderBy('teams.name')
        .execute();
      const found = Map.groupBy(rows, (row) => row.person_id);
      return new Map(
        [...found].map(([person, list]) => [person, list.map(({ id, name }) => ({ id, name }))]),
      );
    },

    async idsOf(personId: string): Promise<Set<string>> {
      const rows = await db
        .selectFrom('team_members')
        .where('person_id', '=', personId)
        .select('team_id')
        .distinct()
        .execute();
      return new Set(rows.map(({ team_id }) => team_id));
    },

    /** Rejects with SQLSTATE 23505 when the name is taken. */
    async add(team: Omit<TeamRow, 'people'>): Promise<void> {
      await db
        .insertInto('teams')
        .values({ ...team })
        .execute();
    },

    /** False when there is no such team. Rejects with SQLSTATE 23505 when the name is taken. */
    async update(id: string, change: { name: string; description: string }): Promise<boolean> {
      const { numUpdatedRows } = await db
        .updateTable('teams')
        .set(change)
        .where('id', '=', id)
        .executeTakeFirstOrThrow();
      return numUpdatedRows > 0n;
    },

    /** False when there is no such team. Rejects with SQLSTATE 23503 (23001) while something belongs to it. */
    async remove(id: string): Promise<boolean> {
      const { numDeletedRows } = await db.deleteFrom('teams').where('id', '=', id).executeTakeFirstOrThrow();
      return numDeletedRows > 0n;
    },

    /** False when that source said so before. */
    async join(teamId: string, personId: string, source: MembershipSource): Promise<boolean> {
      const { numInsertedOrUpdatedRows } = await db
        .insertInto('team_members')
        .values({ team_id: teamId, person_id: personId, source })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirstOrThrow();
      return (numInsertedOrUpdatedRows ?? 0n) > 0n;
    },

    /** False when that source did not say so. */
    async leave(teamId: string, personId: string, source: MembershipSource): Promise<boolean> {
      const { numDeletedRows } = await db
        .deleteFrom('team_members')
        .where('team_id', '=', teamId)
        .where('person_id', '=', personId)
        .where('source', '=', source)
        .executeTakeFirstOrThrow();
      return numDeletedRows > 0n;
    },
  });
}
export type TeamStore = ReturnType<typeof createTeamStore>;

/** What {@link setTeamsOf} changed. */
export interface TeamChange {
  readonly joined: readonly string[];
  readonly left: readonly string[];
}

/**
 * Makes `teamIds` the teams that `source` says a person is in; what other sources say stays. Ids of teams that
 * are not there are left out. Call it within the transaction that records it; afterwards, when anything changed,
 * tell `people.changed` and `keys.changed`.
 */
export async function setTeamsOf(
  db: IdentityDatabase,
  personId: string,
  teamIds: readonly string[],
  source: MembershipSource,
): Promise<TeamChange> {
  const left = await sql<{ team_id: string }>`
    delete from team_members where person_id = ${personId} and source = ${source}
      and team_id <> all(${[...teamIds]}::uuid[]) returning team_id`.execute(db);
  const joined = await sql<{ team_id: string }>`
    insert into team_members (team_id, person_id, source)
    select t.id, ${personId}::uuid, ${source}::text from teams t
    where t.id = any(${[...new Set(teamIds)]}::uuid[])
    on conflict do nothing returning team_id`.execute(db);
  return { joined: joined.rows.map((row) => row.team_id), left: left.rows.map((row) => row.team_id) };
}
