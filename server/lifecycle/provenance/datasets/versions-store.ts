import type { DatasetProfile, Schema } from '@bartizan/checks/datasets/records/index.ts';
import type { DataProfile, DataSchema } from '@bartizan/contracts';
import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../../../platform/database/types.ts';
import type { Viewer } from '../../sight.ts';
import type { Measured, OriginShare, StoredVersion } from './model.ts';
import { reachSql } from './reach.ts';

const VERSION = sql`v.id, v.dataset_id as "datasetId", d.name as dataset, d.team_id as "teamId",
  d.removed_at as "removedAt", v.number, v.state, v.failure, v.quarantined, v.storage, v.location, v.format, v.options,
  v.rows, v.bytes, v.file_count as "fileCount", v.root, v.schema_digest as "schemaDigest", v.leaves, v.blocks,
  v.record_origins as "recordOrigins", v.origins, v.measured_by as "measuredBy",
  v.content_removed_at as "contentRemovedAt", v.parent_id as "parentId", p.number as "parentNumber",
  v.source_id as "sourceId", v.source_name as "sourceName", v.batch, v.reason, v.label, v.allow_same as "allowSame",
  v.acting, v.created_at as "createdAt", v.ready_at as "readyAt"`;
const FROM = sql`data_versions v join data_datasets d on d.id = v.dataset_id
  left join data_versions p on p.id = v.parent_id`;
const USABLE = sql`v.state = 'ready' and not v.quarantined`;

export interface VersionFile {
  readonly position: number;
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
}

/** A row of `data_approvals`. */
export interface StoredApproval {
  readonly byId: string;
  readonly byName: string;
  readonly reason: string;
  readonly at: number;
}

/** What a new version begins with. */
export type NewVersionRow = Pick<
  StoredVersion,
  | 'id'
  | 'datasetId'
  | 'storage'
  | 'format'
  | 'options'
  | 'bytes'
  | 'fileCount'
  | 'parentId'
  | 'sourceId'
  | 'sourceName'
  | 'batch'
  | 'reason'
  | 'label'
  | 'allowSame'
  | 'acting'
  | 'createdAt'
>;

/** What reading came to. */
export type Outcome = Pick<
  StoredVersion,
  'location' | 'rows' | 'bytes' | 'root' | 'schemaDigest' | 'leaves' | 'blocks' | 'recordOrigins'
> & { readonly origins: readonly OriginShare[]; readonly schema: Schema; readonly profile: DatasetProfile };

export function createVersionStore(database: Database) {
  const select = async (
    where: RawBuilder<unknown>,
    tx: Database = database,
  ): Promise<readonly StoredVersion[]> =>
    (await sql<StoredVersion>`select ${VERSION} from ${FROM} where ${where}`.execute(tx)).rows;

  return Object.freeze({
    find: async (id: string, tx?: Database) => (await select(sql`v.id = ${id}`, tx))[0],

    byNumber: async (datasetId: string, number: number, tx?: Database) =>
      (await select(sql`v.dataset_id = ${datasetId} and v.number = ${number}`, tx))[0],

    /** The highest number that is ready and not in quarantine. */
    latest: async (datasetId: string, tx?: Database) =>
      (await select(sql`v.dataset_id = ${datasetId} and ${USABLE} order by v.number desc limit 1`, tx))[0],

    /** As {@link latest}, of many datasets. */
    latestOf: (datasetIds: readonly string[], tx?: Database) =>
      select(
        sql`v.id in (select distinct on (dataset_id) v.id from data_versions v
          where v.dataset_id = any(${datasetIds}::uuid[]) and ${USABLE} order by dataset_id, number desc)`,
        tx,
      ),

    /** The newest whose records are known, whether it may be used or not. */
    newestRead: async (datasetId: string, tx?: Database) =>
      (
        await select(
          sql`v.dataset_id = ${datasetId} and v.state in ('ready', 'awaiting-review')
            order by v.number desc limit 1`,
          tx,
        )
      )[0],

    /** Of a dataset, newest first, from below `before` on. */
    page: (datasetId: string, before: number | null, limit: number) =>
      select(
        sql`v.dataset_id = ${datasetId} and ${before === null ? sql`true` : sql`v.number < ${before}`}
          order by v.number desc limit ${limit}`,
      ),

    inReach: (viewer: Viewer, ids: readonly string[]) =>
      select(
        sql`v.id = any(${ids}::uuid[]) and d.removed_at is null and ${reachSql(viewer, sql`d.team_id`)}`,
      ),

    withRoot: (viewer: Viewer, root: string) =>
      select(
        sql`v.root = ${root} and d.removed_at is null and ${reachSql(viewer, sql`d.team_id`)}
          order by v.created_at desc limit 100`,
      ),

    /** Different sources and batches that versions were delivered by, two at most. */
    async deliveries(ids: readonly string[], tx: Database) {
      type Delivery = Readonly<Record<'id' | 'name' | 'batch', string | null>>;
      const { rows } = await sql<Delivery>`select distinct source_id as id, source_name as name, batch
        from data_versions where id = any(${ids}::uuid[]) limit 2`.execute(tx);
      return rows;
    },

    all: (ids: readonly string[]) => select(sql`v.id = any(${ids}::uuid[])`),

    processing: async (): Promise<readonly string[]> =>
      (
        await sql<{ id: string }>`select id from data_versions where state = 'processing'`.execute(database)
      ).rows.map(({ id }) => id),

    processingOf: async (datasetId: string): Promise<readonly string[]> =>
      (
        await sql<{
          id: string;
        }>`select id from data_versions where state = 'processing' and dataset_id = ${datasetId}`.execute(
          database,
        )
      ).rows.map(({ id }) => id),

    /** How many versions of one actor wait to be read, or are being read. */
    processingBy: async (actorId: string, tx: Database): Promise<number> =>
      Number(
        (
          await sql<{ count: string }>`select count(*) as count from data_versions
            where state = 'processing' and acting ->> 'id' = ${actorId}`.execute(tx)
        ).rows[0]?.count ?? 0,
      ),

    async measured(id: string): Promise<Measured | null> {
      const { rows } = await sql<{
        schema: string | null;
        profile: string | null;
      }>`select schema, profile from data_versions where id = ${id}`.execute(database);
      const [row] = rows;
      if (!row || row.schema === null || row.profile === null) return null;
      return {
        schema: JSON.parse(row.schema) as DataSchema,
        profile: JSON.parse(row.profile) as DataProfile,
      };
    },

    /** The schema as it is stored, JSON; null where there is none. */
    schemaText: async (id: string): Promise<string | null> =>
      (
        await sql<{
          schema: string | null;
        }>`select schema from data_versions where id = ${id}`.execute(database)
      ).rows[0]?.schema ?? null,

    /** SHA-256 of the profile as it is stored; null where there is none. */
    profileDigest: async (id: string, tx: Database = database): Promise<string | null> =>
      (
        await sql<{
          digest: string | null;
        }>`select encode(sha256(convert_to(profile, 'UTF8')), 'hex') as digest
          from data_versions where id = ${id}`.execute(tx)
      ).rows[0]?.digest ?? null,

    /** Who said that it may be used, though a policy held it. */
    approval: async (id: string): Promise<StoredApproval | null> =>
      (
        await sql<StoredApproval>`select by_id as "byId", by_name as "byName", reason, at::float8 as at
          from data_approvals where version_id = ${id}`.execute(database)
      ).rows[0] ?? null,

    /** Held to the end of the transaction. */
    async lock(id: string, tx: Database): Promise<StoredVersion | undefined> {
      await sql`select from data_versions where id = ${id} for update`.execute(tx);
      return (await select(sql`v.id = ${id}`, tx))[0];
    },

    /** Makes a version with the next number of its dataset, whose row is held to the end of the transaction. */
    async insert(version: NewVersionRow, tx: Database): Promise<number> {
      const { rows } = await sql<{ number: number }>`update data_datasets set last_number = last_number + 1
        where id = ${version.datasetId} returning last_number as number`.execute(tx);
      const number = rows[0]?.number ?? 1;
      await sql`insert into data_versions (id, dataset_id, number, state, storage, format, options, bytes, file_count,
          measured_by, parent_id, source_id, source_name, batch, reason, label, allow_same, acting, created_at)
        values (${version.id}, ${version.datasetId}, ${number}, 'processing', ${version.storage}, ${version.format},
          ${JSON.stringify(version.options)}::jsonb, ${version.bytes}, ${version.fileCount},
          ${version.storage === 'reference' ? 'client' : 'server'}, ${version.parentId}, ${version.sourceId},
          ${version.sourceName}, ${version.batch}, ${version.reason}, ${version.label}, ${version.allowSame},
          ${JSON.stringify(version.acting)}::jsonb, ${version.createdAt})`.execute(tx);
      return number;
    },

    async addFiles(id: string, files: readonly Omit<VersionFile, 'position'>[], tx: Database): Promise<void> {
      const rows = files.map((file, position) => ({ ...file, position }));
      await sql`insert into data_version_files (version_id, position, path, size, sha256)
        select ${id}, * from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb)
          as f(position integer, path text, size bigint, sha256 text)`.execute(tx);
    },

    files: async (
      id: string,
      { after = -1, limit = null as number | null } = {},
      tx: Database = database,
    ): Promise<readonly VersionFile[]> =>
      (
        await sql<VersionFile>`select position, path, size, sha256 from data_version_files
          where version_id = ${id} and position > ${after} order by position limit ${limit}`.execute(tx)
      ).rows,

    file: async (id: string, path: string): Promise<VersionFile | undefined> =>
      (
        await sql<VersionFile>`select position, path, size, sha256 from data_version_files
          where version_id = ${id} and path = ${path}`.execute(database)
      ).rows[0],

    async removeFiles(id: string, tx: Database): Promise<void> {
      await sql`delete from data_version_files where version_id = ${id}`.execute(tx);
    },

    async setRead(
      id: string,
      { schema, profile, ...outcome }: Outcome,
      settled: { readonly state: 'ready' | 'awaiting-review'; readonly readyAt: number | null },
      tx: Database,
    ): Promise<void> {
      await sql`update data_versions set state = ${settled.state}, ready_at = ${settled.readyAt},
        location = ${outcome.location}, rows = ${outcome.rows}, bytes = ${outcome.bytes}, root = ${outcome.root},
        schema_digest = ${outcome.schemaDigest}, leaves = ${outcome.leaves}, blocks = ${outcome.blocks},
        record_origins = ${outcome.recordOrigins}, origins = ${JSON.stringify(outcome.origins)}::jsonb,
        schema = ${JSON.stringify(schema)}, profile = ${JSON.stringify(profile)}
        where id = ${id}`.execute(tx);
    },

    async setState(
      id: string,
      change: Pick<StoredVersion, 'state' | 'failure' | 'readyAt'>,
      tx: Database,
    ): Promise<void> {
      await sql`update data_versions set state = ${change.state}, failure = ${change.failure},
        ready_at = ${change.readyAt} where id = ${id}`.execute(tx);
    },

    async setQuarantined(id: string, quarantined: boolean, tx: Database): Promise<void> {
      await sql`update data_versions set quarantined = ${quarantined} where id = ${id}`.execute(tx);
    },

    async remove(id: string, tx: Database): Promise<void> {
      await sql`delete from data_versions where id = ${id}`.execute(tx);
    },

    async setContentRemoved(id: string, at: number, tx: Database): Promise<void> {
      await sql`update data_versions set content_removed_at = ${at} where id = ${id}`.execute(tx);
    },
  });
}
export type VersionStore = ReturnType<typeof createVersionStore>;
