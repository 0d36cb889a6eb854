import type { KeyScope, Limits, Role } from '@bartizan/contracts';
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
  /** Null for Bartizan itself. */
  readonly ownerId: string | null;
  readonly at: Date;
  readonly expiresAt: Date | null;
}

export function createKeyStore(db: IdentityDatabase) {
  const keys = () =>
    db
      .selectFrom('api_keys')
      .leftJoin('people', 'people.id', 'api_keys.owner_id')
      .select([
        'api_keys.id',
        'api_keys.name',
        'api_keys.prefix',
        'api_keys.hash',
        'api_keys.scopes',
        'api_keys.endpoints',
        'api_keys.limits',
        'api_keys.owner_id',
        'api_keys.created_at',
        'api_keys.expires_at',
        'api_keys.last_used_at',
        'api_keys.revoked_at',
      ])
      .select(({ fn, val }) => [
        fn.coalesce('people.name', val('Bartizan')).as('owner_name'),
        fn.coalesce('people.roles', sql<Role[]>`'{}'::text[]`).as('owner_roles'),
        TEAMS.as('owner_teams'),
        fn.coalesce('people.disabled', sql<boolean>`false`).as('owner_disabled'),
      ]);

  return Object.freeze({
    list: (): Promise<KeyRow[]> => keys().orderBy('api_keys.created_at', 'desc').limit(10_000).execute(),

    byId: (id: string): Promise<KeyRow | undefined> =>
      keys().where('api_keys.id', '=', id).executeTakeFirst(),

    byHash: (hash: string): Promise<KeyRow | undefined> =>
      keys().where('api_keys.hash', '=', hash).executeTakeFirst(),

    /** Keys for the gateways: good now, and made to call endpoints. Oldest first. */
    invoking: (now: Date): Promise<KeyRow[]> =>
      keys()
        .where('revoked_at', 'is', null)
        .where(sql<boolean>`not coalesce(people.disabled, false)`)
        .where(({ eb, or }) => or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]))
        .where(sql<boolean>`${INVOKE} = any(scopes)`)
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
          created_at: key.at,
          expires_at: key.expiresAt,
        })
        .execute();
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

    async revokeAllOf(ownerId: string, at: Date): Promise<number> {
      const { numUpdatedRows } = await db
        .updateTable('api_keys')
        .set({ revoked_at: at })
        .where('owner_id', '=', ownerId)
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
