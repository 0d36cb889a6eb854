import type { KeyScope, Limits, Role, TeamRef } from '@bartizan/contracts';
import { sql } from 'kysely';
import { INVOKE, type KeyRow } from './model.ts';
import { TEAMS } from './people-store.ts';
import type { IdentityDatabase } from './tables.ts';
import type { NewKey } from './tokens.ts';

export interface KeyDraft extends Pick<NewKey, 'hash' | 'prefix'> {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly KeyScope[];
  readonly endpoints: readonly string[] | null;
  readonly limits: Limits;
  /** Null, together with the service account's, for Bartizan itself. */
  readonly ownerId: string | null;
  readonly serviceAccountId: string | null;
  readonly at: Date;
  readonly expiresAt: Date | null;
}

/** What changes in a key; absent fields stay. */
export interface KeyChange {
  readonly name?: string;
  readonly limits?: Limits;
  readonly expiresAt?: Date | null;
  readonly owner?: { readonly personId: string | null; readonly serviceAccountId: string | null };
}

/** The owner's teams: a person's own, or the one that the service account belongs to. */
const OWNER_TEAMS = sql<TeamRef[]>`case when service_accounts.id is null then ${TEAMS} else (
  select coalesce(jsonb_agg(jsonb_build_object('id', t.id, 'name', t.name)), '[]')
  from teams t where t.id = service_accounts.team_id) end`;
const ORPHANED = sql<boolean>`service_accounts.id is not null and not exists (
  select from people p where p.id = service_accounts.owner_id and not p.disabled)`;
const OWNER_DISABLED = sql<boolean>`(coalesce(people.disabled, false) or coalesce(
  service_accounts.disabled or service_accounts.removed_at is not null, false))`;

export function createKeyStore(db: IdentityDatabase) {
  const keys = () =>
    db
      .selectFrom('api_keys')
      .leftJoin('people', 'people.id', 'api_keys.owner_id')
      .leftJoin('service_accounts', 'service_accounts.id', 'api_keys.service_account_id')
      .select([
        'api_keys.id',
        'api_keys.name',
        'api_keys.prefix',
        'api_keys.hash',
        'api_keys.scopes',
        'api_keys.endpoints',
        'api_keys.limits',
        'api_keys.owner_id',
        'api_keys.service_account_id',
        'api_keys.created_at',
        'api_keys.rotated_at',
        'api_keys.previous_hash',
        'api_keys.previous_prefix',
        'api_keys.previous_ends_at',
        'api_keys.expires_at',
        'api_keys.last_used_at',
        'api_keys.revoked_at',
      ])
      .select(({ fn, val }) => [
        fn.coalesce('people.name', 'service_accounts.name', val('Bartizan')).as('owner_name'),
        fn.coalesce('people.roles', 'service_accounts.roles', sql<Role[]>`'{}'::text[]`).as('owner_roles'),
        fn.coalesce('api_keys.owner_id', 'service_accounts.owner_id').as('answers_id'),
        OWNER_TEAMS.as('owner_teams'),
        OWNER_DISABLED.as('owner_disabled'),
        ORPHANED.as('orphaned'),
      ]);

  return Object.freeze({
    list: (): Promise<KeyRow[]> => keys().orderBy('api_keys.created_at', 'desc').limit(10_000).execute(),

    byId: (id: string): Promise<KeyRow | undefined> =>
      keys().where('api_keys.id', '=', id).executeTakeFirst(),

    /** As `byId`; other changes to the key wait until the transaction ends. */
    byIdLocked: (id: string): Promise<KeyRow | undefined> =>
      keys().where('api_keys.id', '=', id).forUpdate('api_keys').executeTakeFirst(),

    /** By the hash of its secret, or of the one before the last rotation while that works at `now`. */
    byHash: (hash: string, now: Date): Promise<KeyRow | undefined> =>
      keys()
        .where(({ eb, or, and }) =>
          or([
            eb('api_keys.hash', '=', hash),
            and([eb('api_keys.previous_hash', '=', hash), eb('api_keys.previous_ends_at', '>', now)]),
          ]),
        )
        .executeTakeFirst(),

    /** Keys for the gateways: good now, and made to call endpoints. Oldest first. */
    invoking: (now: Date): Promise<KeyRow[]> =>
      keys()
        .where('revoked_at', 'is', null)
        .where(sql<boolean>`not ${OWNER_DISABLED}`)
        .where(({ eb, or }) => or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]))
        .where(sql<boolean>`${INVOKE} = any(api_keys.scopes)`)
        .orderBy('api_keys.id')
        .execute(),

    async add(key: KeyDraft): Promise<void> {
      await db
        .insertInto('api_keys')
        .values({
          id: key.id,
          name: key.name,
          prefix: key.prefix,
          hash: key.hash,
          scopes: [...key.scopes],
          endpoints: key.endpoints && [...key.endpoints],
          limits: JSON.stringify(key.limits),
          owner_id: key.ownerId,
          service_account_id: key.serviceAccountId,
          created_at: key.at,
          expires_at: key.expiresAt,
        })
        .execute();
    },

    /** Puts a new secret in front of the one that there was, which goes on until `oldEndsAt`; null ends it now. */
    async rotate(id: string, next: Pick<NewKey, 'hash' | 'prefix'>, at: Date, oldEndsAt: Date | null) {
      await db
        .updateTable('api_keys')
        .set(({ ref, val }) => ({
          previous_hash: oldEndsAt ? ref('hash') : val(null),
          previous_prefix: oldEndsAt ? ref('prefix') : val(null),
          previous_ends_at: oldEndsAt,
          hash: next.hash,
          prefix: next.prefix,
          rotated_at: at,
        }))
        .where('id', '=', id)
        .execute();
    },

    async update(id: string, change: KeyChange): Promise<void> {
      const set = {
        ...(change.name === undefined ? {} : { name: change.name }),
        ...(change.limits === undefined ? {} : { limits: JSON.stringify(change.limits) }),
        ...(change.expiresAt === undefined ? {} : { expires_at: change.expiresAt }),
        ...(change.owner === undefined
          ? {}
          : { owner_id: change.owner.personId, service_account_id: change.owner.serviceAccountId }),
      };
      if (Object.keys(set).length > 0)
        await db.updateTable('api_keys').set(set).where('id', '=', id).execute();
    },

    /** False when there is no such key, or it was revoked before. */
    async revoke(id: string, at: Date): Promise<boolean> {
      const { numUpdatedRows } = await db
        .updateTable('api_keys')
        .set({ revoked_at: at })
        .where('id', '=', id)
        .where('revoked_at', 'is', null)
        .executeTakeFirstOrThrow();
      return numUpdatedRows > 0n;
    },

    /** Revokes every key of a person, or of a service account. */
    async revokeAllOf(ownerId: string, at: Date): Promise<number> {
      const { numUpdatedRows } = await db
        .updateTable('api_keys')
        .set({ revoked_at: at })
        .where(({ eb, or }) => or([eb('owner_id', '=', ownerId), eb('service_account_id', '=', ownerId)]))
        .where('revoked_at', 'is', null)
        .executeTakeFirstOrThrow();
      return Number(numUpdatedRows);
    },

    /** Moves the last use forward, never back. */
    async touch(ids: readonly string[], at: Date): Promise<void> {
      if (ids.length === 0) return;
      await db
        .updateTable('api_keys')
        .set({ last_used_at: at })
        .where('id', 'in', [...ids])
        .where(({ eb, or }) => or([eb('last_used_at', 'is', null), eb('last_used_at', '<', at)]))
        .execute();
    },
  });
}
export type KeyStore = ReturnType<typeof createKeyStore>;
