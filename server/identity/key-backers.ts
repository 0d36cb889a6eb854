import { sql } from 'kysely';
import type { Database } from '../platform/database/index.ts';

/**
 * Ids of the people who stand behind a key: whoever owns it, answers for its service account, or ever did, and
 * whoever made, rotated, changed or handed over the key or the account, themselves or with another key (then those
 * behind that one as well). Any of them may hold its secret. Who only ended a key is not among them. The audit log
 * is the source: its entries are only ever added.
 */
export async function standBehind(keyId: string, db: Database): Promise<ReadonlySet<string>> {
  const { rows } = await sql<{ person: string }>`
    with recursive behind (kind, id) as (
      select 'key', ${keyId}::text
      union
      select next.kind, next.id from behind b cross join lateral (
        select e.actor_kind as kind, e.actor_id as id from audit_entries e
        where e.subject = b.kind || ':' || b.id and e.actor_kind in ('key', 'person')
          and e.action not in ('keys.revoked', 'service-accounts.removed')
        union all
        select given.kind, given.id from audit_entries e cross join lateral (values
          ('person', e.detail->'owner'->>'personId'),
          ('service-account', e.detail->'owner'->>'serviceAccountId'),
          (e.detail->'owner'->>'kind', e.detail->'owner'->>'id'),
          ('person', e.detail->>'ownerId'),
          ('person', e.detail->'before'->>'ownerId')
        ) given (kind, id)
        where e.subject = b.kind || ':' || b.id
        union all
        select owner.kind, owner.id from api_keys k cross join lateral (values
          ('person', k.owner_id::text), ('service-account', k.service_account_id::text)
        ) owner (kind, id)
        where b.kind = 'key' and k.id::text = b.id
        union all
        select 'person', s.owner_id::text from service_accounts s
        where b.kind = 'service-account' and s.id::text = b.id
      ) next
      where b.kind in ('key', 'service-account') and next.kind is not null and next.id is not null
    )
    select id as person from behind where kind = 'person'`.execute(db);
  return new Set(rows.map(({ person }) => person));
}
