import type { FactorKind, Role, TeamRef } from '@bartizan/contracts';
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
  'break_glass',
  'break_glass_used_at',
  'last_seen_at',
  'created_at',
] as const satisfies readonly (keyof PersonRow)[];

/** The teams of the row of `people` that a query is at. */
export const TEAMS = sql<TeamRef[]>`(
  select coalesce(jsonb_agg(jsonb_build_object('id', t.id, 'name', t.name) order by lower(t.name)), '[]')
  from teams t where exists (select from team_members m where m.team_id = t.id and m.person_id = people.id))`;

/** The second factors of the row of `people` that a query is at. */
export const FACTORS = sql<FactorKind[]>`array_remove(array[
  case when exists (select from person_totp f where f.person_id = people.id and f.since is not null)
    then 'totp' end,
  case when exists (select from person_passkeys f where f.person_id = people.id) then 'passkey' end,
  case when exists (select from person_recovery_codes f where f.person_id = people.id and f.used_at is null)
    then 'recovery' end
], null)`;

export type TokenPurpose = 'setup' | 'invite' | 'reset';

export interface NewPerson {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly roles: readonly Role[];
  readonly breakGlass?: boolean;
  readonly at: Date;
}

/** People, their passwords, sessions and one-time links. */
export function createPeopleStore(db: IdentityDatabase) {
  const rows = () =>
    db
      .selectFrom('people')
      .select(COLUMNS)
      .select([TEAMS.as('teams'), FACTORS.as('factors')]);

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
        .where('break_glass', '=', false)
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

    /** Accounts in use that have any of these roles; emergency accounts do not count. */
    withRoles: (roles: readonly Role[]): Promise<{ id: string; name: string }[]> =>
      db
        .selectFrom('people')
        .select(['id', 'name'])
        .where('disabled', '=', false)
        .where('break_glass', '=', false)
        .where(sql<boolean>`roles && ${[...roles]}::text[]`)
        .where(({ exists, selectFrom }) =>
          exists(selectFrom('people_credentials').whereRef('person_id', '=', 'people.id').select('id')),
        )
        .orderBy('name')
        .limit(1_000)
        .execute(),

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

    /** Whether a person has signed in with an identity provider. */
    async signsInElsewhere(personId: string): Promise<boolean> {
      const row = await db
        .selectFrom('federated_identities')
        .select('subject')
        .where('person_id', '=', personId)
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
          break_glass: person.breakGlass ?? false,
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

    /** The account with this address, in one query whether there is one or not. */
    credentialOf: (
      email: string,
    ): Promise<{ id: string; disabled: boolean; password: string | null } | undefined> =>
      db
        .selectFrom('people')
        .leftJoin('people_credentials', (join) =>
          join
            .onRef('people_credentials.person_id', '=', 'people.id')
            .on('people_credentials.provider_id', '=', 'credential'),
        )
        .select(['people.id', 'people.disabled', 'people_credentials.password'])
        .where('people.email', '=', email)
        .executeTakeFirst(),

    /** Null for somebody who never chose one. */
    async passwordHash(personId: string): Promise<string | null> {
      const row = await db
        .selectFrom('people_credentials')
        .select('password')
        .where('person_id', '=', personId)
        .where('provider_id', '=', 'credential')
        .executeTakeFirst();
      return row?.password ?? null;
    },

    /** Replaces a password that is there. */
    async setPassword(personId: string, password: string, at: Date): Promise<void> {
      await db
        .updateTable('people_credentials')
        .set({ password, updated_at: at })
        .where('person_id', '=', personId)
        .where('provider_id', '=', 'credential')
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

    /**
     * Ends one session, or all of a person but `exceptId` where `sessionId` is null; sign-ins that wait for
     * their second factor end with them. Returns how many ended.
     */
    async endSessions(personId: string, sessionId: string | null, exceptId?: string): Promise<number> {
      if (sessionId === null) {
        await db.deleteFrom('pending_sign_ins').where('person_id', '=', personId).execute();
      }
      const { numDeletedRows } = await db
        .deleteFrom('sessions')
        .where('person_id', '=', personId)
        .$if(sessionId !== null, (query) => query.where('id', '=', sessionId ?? ''))
        .$if(exceptId !== undefined, (query) => query.where('id', '!=', exceptId ?? ''))
        .executeTakeFirstOrThrow();
      return Number(numDeletedRows);
    },

    async endExpiredSessions(now: Date): Promise<void> {
      await db.deleteFrom('sessions').where('expires_at', '<', now).execute();
    },

    async addToken(
      hash: string,
      purpose: TokenPurpose,
      personId: string | null,
      expiresAt: Date,
    ): Promise<void> {
      await db
        .insertInto('one_time_tokens')
        .values({ hash, purpose, person_id: personId, expires_at: expiresAt })
        .execute();
    },

    /** Whom a token that is still good was made for; null for the first administrator. Undefined without one. */
    ownerOfToken: (hash: string, purpose: TokenPurpose, now: Date) =>
      db
        .selectFrom('one_time_tokens')
        .leftJoin('people', 'people.id', 'one_time_tokens.person_id')
        .select(['people.name', 'people.email'])
        .where('hash', '=', hash)
        .where('purpose', '=', purpose)
        .where('expires_at', '>', now)
        .executeTakeFirst(),

    /** Takes a token away: whoever gets it back was first. */
    takeToken: (
      hash: string,
      purpose: TokenPurpose,
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
