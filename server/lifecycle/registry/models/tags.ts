import { MAX_TAGS } from '@bartizan/contracts';
import { sql } from 'kysely';
import { AppError } from '../../../kernel/error.ts';
import type { Database } from '../../../platform/database/types.ts';
import { requireTags } from './texts.ts';
import type { TagEdit } from './types.ts';

const PLACES = {
  model: { table: sql.table('model_tags'), owner: sql.ref('model_id') },
  version: { table: sql.table('model_version_tags'), owner: sql.ref('version_id') },
} as const;

/** Sets and takes away tags; throws `invalid_input` for those that cannot be kept, `conflict` for too many. */
export async function editTags(
  tx: Database,
  kind: keyof typeof PLACES,
  id: string,
  { set, remove }: TagEdit,
): Promise<void> {
  requireTags(set);
  const { table, owner } = PLACES[kind];
  const gone = remove.filter((key) => !key.includes('\0') && key.isWellFormed());
  if (gone.length > 0) {
    await sql`delete from ${table} where ${owner} = ${id} and key = any(${gone}::text[])`.execute(tx);
  }
  const entries = Object.entries(set);
  if (entries.length === 0) return;
  await sql`insert into ${table} (${owner}, key, value)
    select ${id}::uuid, t.key, t.value
    from unnest(${entries.map(([key]) => key)}::text[], ${entries.map(([, value]) => value)}::text[])
      as t (key, value)
    on conflict (${owner}, key) do update set value = excluded.value`.execute(tx);
  const { rows } = await sql<{
    n: number;
  }>`select count(*)::int as n from ${table} where ${owner} = ${id}`.execute(tx);
  if ((rows[0]?.n ?? 0) > MAX_TAGS) {
    throw new AppError('conflict', `there would be more than ${MAX_TAGS} tags`, {
      hint: 'Take some away first.',
    });
  }
}
