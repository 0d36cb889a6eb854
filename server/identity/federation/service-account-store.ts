import type { Role } from '@bartizan/contracts';
import { sql } from 'kysely';
import type { IdentityDatabase } from '../tables.ts';

export interface ServiceAccountRow {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly roles: Role[];
  readonly owner_id: string | null;
  readonly owner_name: string | null;
  readonly owner_disabled: boolean | null;
  readonly team_id: string | null;
  readonly disabled: boolean;
  readonly created_at: Date;
  readonly keys: number;
  readonly last_used_at: Date | null;
}

export interface ServiceAccountChange {
  readonly name?: string;
  readonly description?: string;
  readonly roles?: Role[];
  readonly owner_id?: string;
  readonly team_id?: string | null;
  readonly disabled?: boolean;
  readonly removed_at?: Date;
}

export function createServiceAccountStore(db: IdentityDatabase) {
  const rows = () =>
    db
      .selectFrom('service_accounts as a')
      .leftJoin('people as p', 'p.id', 'a.owner_id')
      .where('a.removed_at', 'is', null)
      .select([
        'a.id',
        'a.name',
        'a.description',
        'a.roles',
        'a.owner_id',
        'p.name as owner_name',
        'p.disabled as owner_disabled',
        'a.team_id',
        'a.disabled',
        'a.created_at',
        sql<number>`(select count(*)::int from api_keys k where k.service_account_id = a.id
          and k.revoked_at is null and (k.expires_at is null or k.expires_at > now()))`.as('keys'),
        sql<Date | null>`(select max(k.last_used_at) from api_keys k where k.service_account_id = a.id)`.as(
          'last_used_at',
        ),
      ]);

  return Object.freeze({
    list: (): Promise<ServiceAccountRow[]> => rows().orderBy('a.name').limit(10_000).execute(),

    byId: (id: string): Promise<ServiceAccountRow | undefined> =>
      rows().where('a.id', '=', id).executeTakeFirst(),

    /** Rejects with SQLSTATE 23505 when the name is taken, 23503 when the team is not there. */
    async add(account: {
      id: string;
      name: string;
      description: string;
      roles: Role[];
      owner_id: string;
      team_id: string | null;
      created_at: Date;
    }): Promise<void> {
      await db.insertInto('service_accounts').values(account).execute();
    },

    async update(id: string, change: ServiceAccountChange): Promise<void> {
      if (Object.keys(change).length === 0) return;
      await db.updateTable('service_accounts').set(change).where('id', '=', id).execute();
    },
  });
}
