import type { Role, TeamRef } from '@bartizan/contracts';
import { sql } from 'kysely';
import type { PersonRow } from './model.ts';
import type { IdentityDatabase } from './tables.ts';

/** Any fixed number: changes to who administers take turns on this lock. */
const ADMINISTRATORS_LOCK = 4_203_318_002;
/** Uses closer together than this are not written down one by one. */
const SEEN_STEP_MS = 60_000;

const COLUMNS = [
  'id',
  'name',
  'email',
  'roles',
  'disabled',
  'last_seen_at',
  'created_at',
] as const satisfies readonly (keyof PersonRow)[];

/** The teams of the row of `people` that a query is at. */
export const TEAMS = sql<TeamRef[]>`(
  select coalesce(jsonb_agg(jsonb_build_object('id', t.id, 'name', t.name) order by lower(t.name)), '[]')
  from teams t where exists (select from team_members m where m.team_id = t.id and m.person_id = people.id))`;

export interface NewPerson {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly roles: readonly Role[];
  readonly at: Date;
}

/** People, their passwords, sessions and one-time links. */
export function createPeopleStore(db: IdentityDatabase) {
  const rows = () => db.selectFrom('people').select(COLUMNS).select(TEAMS.as('teams'));

  return Object.freeze({
    /** Until the transaction ends, nobody else changes who administers. */
    async lockAdministrators(): Promise<void> {
      await sql`select pg_advisory_xact_lock(${ADMINISTRATORS_LOCK})`.execute(db);
    },

    /** Administrators who can sign in, but for `exceptId`. */
    async countAdministrators(exceptId: string | null): Promise<number> {
      const { count } = await db
        .selectFrom('people')
        .where('disabled', '=', false)
        .where(sql<boolean>`'administrator' = any(roles)`)
        .where(({ exists, selectFrom }) =>
          exists(
            selectFrom('people_credentials')
              .whereRef('person_id', '=', 'people.id')
              .where('password', 'is not', null)
              .select('id'),
          ),
        )
        .$if(exceptId !== null, (query) => query.where('id', '!=', exceptId ?? ''))
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow();
      return count;
    },

    list: (): Promise<PersonRow[]> => rows().orderBy('created_at').limit(10_000).execute(),

    byId: (id: string): Promise<PersonRow | undefined> => rows().where('id', '=', id).executeTakeFirst(),

    byEmail: (email: string): Promise<PersonRow | undefined> =>
      rows().where('email', '=', email).executeTakeFirst(),

    async hasPassword(personId: string): Promise<boolean> {
      const row = await db
        .selectFrom('people_credentials')
        .select('id')
        .where('person_id', '=', personId)
        .where('password', 'is not', null)
        .executeTakeFirst();
      return row !== undefined;
    },

    async add(person: NewPerson): Promise<void> {
      await db
        .insertInto('people')
        .values({
          id: person.id,
          name: person.name,
          email: person.email,
          roles: [...person.roles],
          created_at: person.at,
          updated_at: person.at,
        })
        .execute();
    },

    async update(
      id: string,
      change: { name?: string; roles?: Role[]; disabled?: boolean; updated_at: Date },
    ): Promise<void> {
      await db.updateTable('people').set(change).where('id', '=', id).execute();
    },

    /** As better-auth keeps it: provider `credential`, account id = person id. */
    async setFirstPassword(id: string, personId: string, password: string, at: Date): Promise<void> {
      await db
        .insertInto('people_credentials')
        .values({
          id,
          person_id: personId,
          provider_id: 'credential',
          account_id: personId,
          password,
          created_at: at,
          updated_at: at,
        })
        .execute();
    },

    /** Notes that a person is there, at most once a minute. */
    async seen(personId: string, sessionId: string, at: Date): Promise<void> {
      const before = new Date(at.getTime() - SEEN_STEP_MS);
      await db
        .updateTable('sessions')
        .set({ last_seen_at: at })
        .where('id', '=', sessionId)
        .where(({ eb, or }) => or([eb('last_seen_at', 'is', null), eb('last_seen_at', '<', before)]))
        .execute();
      await db
        .updateTable('people')
        .set({ last_seen_at: at })
        .where('id', '=', personId)
        .where(({ eb, or }) => or([eb('last_seen_at', 'is', null), eb('last_seen_at', '<', before)]))
        .execute();
    },

    sessionsOf: (personId: string, now: Date) =>
      db
        .selectFrom('sessions')
        .select(['id', 'created_at', 'last_seen_at', 'expires_at', 'ip_address', 'user_agent'])
        .where('person_id', '=', personId)
        .where('expires_at', '>', now)
        .orderBy('created_at', 'desc')
        .limit(200)
        .execute(),

    /** Ends one session, or all of a person where `sessionId` is null. Returns how many ended. */
    async endSessions(personId: string, sessionId: string | null): Promise<number> {
      const { numDeletedRows } = await db
        .deleteFrom('sessions')
        .where('person_id', '=', personId)
        .$if(sessionId !== null, (query) => query.where('id', '=', sessionId ?? ''))
        .executeTakeFirstOrThrow();
      return Number(numDeletedRows);
    },

    async endExpiredSessions(now: Date): Promise<void> {
      await db.deleteFrom('sessions').where('expires_at', '<', now).execute();
    },

    async addToken(
      hash: string,
      purpose: 'setup' | 'invite',
      personId: string | null,
      expiresAt: Date,
    ): Promise<void> {
      await db
        .insertInto('one_time_tokens')
        .values({ hash, purpose, person_id: personId, expires_at: expiresAt })
        .execute();
    },

    /** Whether a token would be taken now, without taking it. */
    async knowsToken(hash: string, purpose: 'setup' | 'invite', now: Date): Promise<boolean> {
      const row = await db
        .selectFrom('one_time_tokens')
        .select('hash')
        .where('hash', '=', hash)
        .where('purpose', '=', purpose)
        .where('expires_at', '>', now)
        .executeTakeFirst();
      return row !== undefined;
    },

    /** Takes a token away: whoever gets it back was first. */
    takeToken: (
      hash: string,
      purpose: 'setup' | 'invite',
      now: Date,
    ): Promise<{ person_id: string | null } | undefined> =>
      db
        .deleteFrom('one_time_tokens')
        .where('hash', '=', hash)
        .where('purpose', '=', purpose)
        .where('expires_at', '>', now)
        .returning('person_id')
        .executeTakeFirst(),

    /** Drops a person's links; with null, those of set-up. */
    async dropTokens(personId: string | null): Promise<void> {
      await db
        .deleteFrom('one_time_tokens')
        .where('person_id', personId === null ? 'is' : '=', personId)
        .execute();
    },

    async dropExpiredTokens(now: Date): Promise<void> {
      await db.deleteFrom('one_time_tokens').where('expires_at', '<', now).execute();
    },
  });
}
export type PeopleStore = ReturnType<typeof createPeopleStore>;
