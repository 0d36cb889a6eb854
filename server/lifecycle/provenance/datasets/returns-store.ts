import { sql } from 'kysely';
import type { Database } from '../../../platform/database/types.ts';

/** A version that is kept from use: rejected, in quarantine, or awaiting review. */
export interface RefusedVersion {
  readonly id: string;
  readonly number: number;
  readonly state: 'rejected' | 'quarantined' | 'awaiting-review';
  readonly rows: number;
  readonly leaves: string;
  readonly schemaDigest: string;
  /** Leaf files of the same schema whose records are accepted: of the newest before it, and the newest approved since. */
  readonly known: readonly { readonly leaves: string; readonly rows: number }[];
}

/** What a version brings back of one that is kept from use. */
export interface Return {
  readonly of: string;
  readonly number: number;
  readonly state: RefusedVersion['state'];
  /** Null where they were not compared. */
  readonly records: number | null;
  /** `schema`: the schema changed since, so that hashes differ. `too-many`: more than are compared. */
  readonly why: 'records' | 'schema' | 'too-many';
}

/** The dataset, and those that had a name of it before. */
const FAMILY = (datasetId: string) => sql`(select ${datasetId}::uuid union select f.dataset_id
  from data_dataset_names n join data_dataset_names f on f.name_key = n.name_key and f.taken < n.taken
  where n.dataset_id = ${datasetId})`;

/** What is held against versions that come in after others were refused. */
export function createReturnsStore(database: Database) {
  return Object.freeze({
    /** Those kept from use, rejected ones first, then newest first; not the version itself. */
    async refused(
      version: { readonly id: string; readonly datasetId: string },
      tx: Database = database,
    ): Promise<readonly RefusedVersion[]> {
      const { rows } = await sql<RefusedVersion>`
        with accepted as (
          select v.*, exists (select from data_approvals a where a.version_id = v.id) as approved
          from data_versions v where v.dataset_id in ${FAMILY(version.datasetId)}
            and v.state = 'ready' and not v.quarantined and v.leaves is not null)
        select r.id, r.number, case when r.state = 'ready' then 'quarantined' else r.state end as state,
          r.rows::float8 as rows, r.leaves, r.schema_digest as "schemaDigest",
          coalesce((select jsonb_agg(jsonb_build_object('leaves', k.leaves, 'rows', k.rows)) from (
            (select a.leaves, a.rows from accepted a where a.schema_digest = r.schema_digest
              and a.created_at < r.created_at order by a.created_at desc, a.number desc limit 1)
            union
            (select a.leaves, a.rows from accepted a where a.schema_digest = r.schema_digest
              and a.created_at > r.created_at and a.approved order by a.created_at desc, a.number desc limit 1)
          ) k), '[]'::jsonb) as known
        from data_versions r
        where r.dataset_id in ${FAMILY(version.datasetId)} and r.id <> ${version.id} and r.leaves is not null
          and (r.state in ('rejected', 'awaiting-review') or r.quarantined)
        order by r.state = 'awaiting-review', r.created_at desc, r.number desc`.execute(tx);
      return rows;
    },

    /** The newest refused version since which nobody accepted one of this schema; undefined where the schema is known. */
    async schemaSince(
      version: { readonly id: string; readonly datasetId: string },
      schemaDigest: string,
      tx: Database,
    ): Promise<Pick<RefusedVersion, 'id' | 'number' | 'state'> | undefined> {
      const { rows } = await sql<Pick<RefusedVersion, 'id' | 'number' | 'state'>>`
        select r.id, r.number, case when r.state = 'ready' then 'quarantined' else r.state end as state
        from data_versions r
        where r.dataset_id in ${FAMILY(version.datasetId)} and r.id <> ${version.id} and r.leaves is not null
          and (r.state = 'rejected' or r.quarantined) and r.schema_digest <> ${schemaDigest}
          and not exists (select from data_versions a where a.dataset_id in ${FAMILY(version.datasetId)}
            and a.state = 'ready' and not a.quarantined and a.schema_digest = ${schemaDigest}
            and (a.created_at < r.created_at
              or exists (select from data_approvals p where p.version_id = a.id)))
        order by r.created_at desc, r.number desc limit 1`.execute(tx);
      return rows[0];
    },

    async insert(versionId: string, returns: readonly Return[], tx: Database): Promise<void> {
      for (const { of, records, why } of returns)
        await sql`insert into data_returns (version_id, of_id, records, why)
          values (${versionId}, ${of}, ${records}, ${why}) on conflict do nothing`.execute(tx);
    },
  });
}
export type ReturnsStore = ReturnType<typeof createReturnsStore>;
