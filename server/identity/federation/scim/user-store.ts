import { sql } from 'kysely';
import type { IdentityDatabase } from '../../tables.ts';
import type { UserAttributes, UserInput, UserRow } from './user-resource.ts';

/** More people than one answer can be searched through for: ask with a filter on userName. */
const MAX_ROWS = 50_000;

export interface ScimUserRow {
  readonly provisioned: boolean;
  readonly deleted_at: Date | null;
  readonly attributes: UserAttributes;
}

const GROUPS = sql<UserRow['groups']>`(
  select coalesce(jsonb_agg(jsonb_build_object('value', g.id, 'display', g.name) order by g.name), '[]')
  from scim_members m join scim_groups g on g.id = m.group_id where m.person_id = p.id)`;

/**
 * People as directories see them: everybody but emergency accounts and those whom the directory removed. An
 * account that no directory has touched yet goes by its e-mail address.
 */
export function createUserStore(db: IdentityDatabase) {
  const rows = () =>
    db
      .selectFrom('people as p')
      .leftJoin('scim_users as s', 's.person_id', 'p.id')
      .where('p.break_glass', '=', false)
      .where('s.deleted_at', 'is', null)
      .select(({ fn }) => [
        'p.id',
        'p.name',
        'p.email',
        'p.disabled',
        fn.coalesce('s.user_name', 'p.email').as('user_name'),
        's.external_id',
        fn.coalesce('s.attributes', sql<UserAttributes>`'{"active": true}'::jsonb`).as('attributes'),
        fn.coalesce('s.created_at', 'p.created_at').as('created_at'),
        fn.coalesce('s.updated_at', 'p.updated_at').as('updated_at'),
        GROUPS.as('groups'),
      ]);
  const typed = (found: unknown): UserRow[] => found as UserRow[];

  return Object.freeze({
    async all(): Promise<UserRow[]> {
      return typed(await rows().orderBy('p.id').limit(MAX_ROWS).execute());
    },

    async byId(id: string): Promise<UserRow | undefined> {
      return typed(await rows().where('p.id', '=', id).execute())[0];
    },

    /** Without case, as user names are (RFC 7643 §4.1.1). */
    async byUserName(name: string): Promise<UserRow[]> {
      const lower = name.toLowerCase();
      return typed(
        await rows()
          .where(sql<boolean>`lower(coalesce(s.user_name, p.email)) = ${lower}`)
          .orderBy('p.id')
          .execute(),
      );
    },

    async byExternalId(id: string): Promise<UserRow[]> {
      return typed(await rows().where('s.external_id', '=', id).orderBy('p.id').execute());
    },

    /** What provisioning knows of a person, removed ones too. */
    scim: (personId: string): Promise<ScimUserRow | undefined> =>
      db
        .selectFrom('scim_users')
        .select(['provisioned', 'deleted_at', 'attributes'])
        .where('person_id', '=', personId)
        .executeTakeFirst() as Promise<ScimUserRow | undefined>,

    /** Rejects with SQLSTATE 23505 when the user name is taken. */
    async save(personId: string, input: UserInput, provisioned: boolean, at: Date): Promise<void> {
      const row = {
        user_name: input.userName,
        external_id: input.externalId,
        attributes: JSON.stringify(input.attributes),
        provisioned,
        updated_at: at,
      };
      await db
        .insertInto('scim_users')
        .values({ person_id: personId, created_at: at, ...row })
        .onConflict((conflict) => conflict.column('person_id').doUpdateSet({ ...row, deleted_at: null }))
        .execute();
    },

    /** From then on the directory does not see the person. */
    async remove(
      personId: string,
      row: { userName: string; attributes: UserAttributes },
      at: Date,
    ): Promise<void> {
      const attributes = JSON.stringify(row.attributes);
      await db
        .insertInto('scim_users')
        .values({
          person_id: personId,
          user_name: row.userName,
          external_id: null,
          attributes,
          provisioned: false,
          created_at: at,
          updated_at: at,
          deleted_at: at,
        })
        .onConflict((conflict) =>
          conflict.column('person_id').doUpdateSet({ attributes, updated_at: at, deleted_at: at }),
        )
        .execute();
      await db.deleteFrom('scim_members').where('person_id', '=', personId).execute();
    },

    async count(): Promise<number> {
      const { count } = await db
        .selectFrom('scim_users')
        .where('deleted_at', 'is', null)
        .where('provisioned', '=', true)
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .executeTakeFirstOrThrow();
      return Number(count);
    },
  });
}
export type UserStore = ReturnType<typeof createUserStore>;
