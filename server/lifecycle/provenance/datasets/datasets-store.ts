import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../../../platform/database/types.ts';
import type { Viewer } from '../../sight.ts';
import type { StoredDataset } from './model.ts';
import { nameKey } from './model.ts';
import { reachSql } from './reach.ts';

/** When it was described anew, or its newest version began. */
const CHANGED = sql`greatest(d.updated_at, (select v.created_at from data_versions v
  where v.dataset_id = d.id order by v.number desc limit 1))`;
const DATASET = sql`d.id, d.name, d.team_id as "teamId", d.description, d.license, d.consent, d.homepage, d.label,
  d.retention_days as "retentionDays", d.created_by_id as "createdById", d.created_by as "createdBy",
  d.created_at as "createdAt", ${CHANGED} as "updatedAt", d.removed_at as "removedAt"`;

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** `%` and `_` mean themselves. */
const pattern = (search: string): string => `%${search.replace(/[\\%_]/g, '\\$&')}%`;

export interface DatasetFigures {
  readonly id: string;
  readonly versions: number;
  readonly storedBytes: number;
}

export function createDatasetStore(database: Database) {
  const select = async (
    where: RawBuilder<unknown>,
    tx: Database = database,
  ): Promise<readonly StoredDataset[]> =>
    (await sql<StoredDataset>`select ${DATASET} from data_datasets d where ${where}`.execute(tx)).rows;

  return Object.freeze({
    /** Whoever looks, by id or name; removed ones are not there. */
    find: async (ref: string, tx?: Database): Promise<StoredDataset | undefined> =>
      (
        await select(
          UUID.test(ref)
            ? sql`d.id = ${ref} and d.removed_at is null`
            : sql`d.name_key = ${nameKey(ref)} and d.name = ${ref} and d.removed_at is null`,
          tx,
        )
      )[0],

    /** One whose name people would take for this one. */
    alike: async (name: string, tx?: Database): Promise<StoredDataset | undefined> =>
      (await select(sql`d.name_key = ${nameKey(name)} and d.removed_at is null`, tx))[0],

    /** The one that last had this name, and was removed. */
    formerly: async (name: string, tx?: Database): Promise<StoredDataset | undefined> =>
      (
        await select(
          sql`d.name_key = ${nameKey(name)} and d.removed_at is not null order by d.removed_at desc limit 1`,
          tx,
        )
      )[0],

    /** Whether another dataset that had this name has a policy of its own, or versions that are kept from use. */
    async bindsName(name: string, id: string, tx: Database): Promise<boolean> {
      const { rows } = await sql`select 1 from data_dataset_names n
        where n.name_key = ${nameKey(name)} and n.dataset_id <> ${id}
          and (exists (select from data_policies p where p.dataset_id = n.dataset_id)
            or exists (select from data_versions v where v.dataset_id = n.dataset_id
              and (v.state in ('rejected', 'awaiting-review') or v.quarantined)))
        limit 1`.execute(tx);
      return rows.length > 0;
    },

    lock: async (id: string, tx: Database): Promise<StoredDataset | undefined> =>
      (await select(sql`d.id = ${id} and d.removed_at is null for update`, tx))[0],

    page: (
      viewer: Viewer,
      asked: {
        readonly search: string | undefined;
        readonly after: { readonly at: number; readonly id: string } | null;
        readonly limit: number;
      },
    ): Promise<readonly StoredDataset[]> =>
      select(
        sql`d.removed_at is null and ${reachSql(viewer, sql`d.team_id`)}
          and ${asked.search ? sql`d.name ilike ${pattern(asked.search)}` : sql`true`}
          and ${asked.after ? sql`(${CHANGED}, d.id) < (${asked.after.at}, ${asked.after.id}::uuid)` : sql`true`}
          order by ${CHANGED} desc, d.id desc limit ${asked.limit}`,
      ),

    async figures(ids: readonly string[]): Promise<ReadonlyMap<string, DatasetFigures>> {
      const { rows } = await sql<DatasetFigures>`
        select d.id, count(v.id)::int as versions,
          coalesce(sum(case when v.storage = 'value' and v.content_removed_at is null then v.bytes else 0 end
            + coalesce(l.size, 0)), 0)::float8 as "storedBytes"
        from data_datasets d left join data_versions v on v.dataset_id = d.id
        left join objects l on l.sha256 = v.leaves
        where d.id = any(${ids}::uuid[]) group by d.id`.execute(database);
      return new Map(rows.map((row) => [row.id, row]));
    },

    /** False where the name is taken. */
    async insert(dataset: StoredDataset, tx: Database): Promise<boolean> {
      const done =
        await sql`insert into data_datasets (id, name, name_key, team_id, description, license, consent,
          homepage, label, retention_days, created_by_id, created_by, created_at, updated_at)
        values (${dataset.id}, ${dataset.name}, ${nameKey(dataset.name)}, ${dataset.teamId}, ${dataset.description},
          ${dataset.license}, ${dataset.consent}, ${dataset.homepage}, ${dataset.label}, ${dataset.retentionDays},
          ${dataset.createdById}, ${dataset.createdBy}, ${dataset.createdAt}, ${dataset.updatedAt})
        on conflict (name_key) where removed_at is null do nothing`.execute(tx);
      return Number(done.numAffectedRows ?? 0) > 0;
    },

    async update(dataset: StoredDataset, tx: Database): Promise<void> {
      await sql`update data_datasets set name = ${dataset.name}, name_key = ${nameKey(dataset.name)},
        team_id = ${dataset.teamId}, description = ${dataset.description}, license = ${dataset.license},
        consent = ${dataset.consent}, homepage = ${dataset.homepage}, label = ${dataset.label},
        retention_days = ${dataset.retentionDays}, updated_at = ${dataset.updatedAt}
        where id = ${dataset.id}`.execute(tx);
    },

    /** Takes the content of all its versions from it too; objects that nothing else refers to go with upkeep. */
    async remove(id: string, at: number, tx: Database): Promise<void> {
      await sql`update data_datasets set removed_at = ${at}, updated_at = ${at} where id = ${id}`.execute(tx);
      await sql`delete from data_version_files f using data_versions v
        where v.id = f.version_id and v.dataset_id = ${id}`.execute(tx);
      await sql`update data_versions set content_removed_at = ${at}
        where dataset_id = ${id} and content_removed_at is null`.execute(tx);
    },
  });
}
export type DatasetStore = ReturnType<typeof createDatasetStore>;
