import type { DataPolicy, Source, SourceTrust } from '@bartizan/contracts';
import { sql } from 'kysely';
import { uuidv7 } from '../../../kernel/id.ts';
import type { Database } from '../../../platform/database/types.ts';
import type { Viewer } from '../../sight.ts';
import { reachSql } from '../datasets/reach.ts';
import type { CustodyAction } from '../ports.ts';

export interface StoredSource extends Source {
  readonly createdById: string;
}

export interface StoredCustody {
  readonly id: string;
  readonly at: number;
  readonly action: CustodyAction;
  readonly by: string;
  readonly number: number | null;
  readonly reason: string;
  /** JSON. */
  readonly detail: string;
  readonly auditId: string | null;
}

/** A version that brought records of another one in. */
export interface Arrival {
  /** The version itself. */
  readonly own: boolean;
  readonly state: string;
  readonly quarantined: boolean;
  /** Of its source; null where it named none. */
  readonly trust: SourceTrust | null;
}

/** A policy as it is kept. JSON that an older Bartizan may have written. */
export interface StoredPolicy {
  readonly policy: unknown;
  /** Members in which a second person let a dataset ask less than all do. */
  readonly exceptions: unknown;
}

export interface After {
  readonly at: number;
  readonly id: string;
}

const SOURCE = sql`s.id, s.name, s.team_id as "teamId", s.owner, s.method, s.url, s.license, s.consent, s.contact,
  s.description, s.trust, s.reviewed_by as "reviewedBy", s.reviewed_at::float8 as "reviewedAt",
  s.created_by_id as "createdById", s.created_by as "createdBy", s.created_at::float8 as "createdAt",
  (select count(distinct v.dataset_id)::int from data_versions v where v.source_id = s.id) as datasets,
  (select count(*)::int from data_versions v where v.source_id = s.id) as versions,
  (select coalesce(sum(newest.rows), 0)::float8 from (select distinct on (v.dataset_id) v.rows from data_versions v
    where v.source_id = s.id and v.rows is not null order by v.dataset_id, v.number desc) newest) as delivered,
  (select coalesce(sum(o.rows), 0)::float8 from data_versions v
    cross join lateral jsonb_to_recordset(v.origins) as o(version uuid, rows bigint)
    where v.source_id = s.id and o.version = v.id)
    as records`;

export const sourceKey = (name: string): string => name.normalize('NFC').toLowerCase();

/** Sources, policies, approvals and the chain of custody in the database. */
export function createSourceStore(database: Database) {
  return Object.freeze({
    async insert(source: StoredSource, tx: Database): Promise<void> {
      const { id, name, teamId, owner, method, url, license, consent, contact, description } = source;
      await sql`insert into data_sources (id, name, name_key, team_id, owner, method, url, license, consent, contact,
          description, trust, created_by_id, created_by, created_at)
        values (${id}, ${name}, ${sourceKey(name)}, ${teamId}, ${owner}, ${method}, ${url}, ${license}, ${consent},
          ${contact}, ${description}, ${source.trust}, ${source.createdById}, ${source.createdBy},
          ${source.createdAt})`.execute(tx);
    },

    async update(source: StoredSource, tx: Database): Promise<void> {
      const { id, name, owner, method, url, license, consent, contact, description } = source;
      await sql`update data_sources set name = ${name}, name_key = ${sourceKey(name)}, owner = ${owner},
          method = ${method}, url = ${url}, license = ${license}, consent = ${consent}, contact = ${contact},
          description = ${description}, trust = ${source.trust}, reviewed_by = ${source.reviewedBy},
          reviewed_at = ${source.reviewedAt}
        where id = ${id}`.execute(tx);
    },

    /** By id or name. `lock`: no one changes it until the transaction ends. */
    async find(ref: string, tx: Database = database, lock = false): Promise<StoredSource | undefined> {
      const { rows } = await sql<StoredSource>`select ${SOURCE} from data_sources s
        where s.id::text = ${ref} or s.name_key = ${sourceKey(ref)}
        order by (s.id::text = ${ref}) desc limit 1 ${lock ? sql`for update of s` : sql``}`.execute(tx);
      return rows[0];
    },

    async page(
      viewer: Viewer,
      query: {
        readonly q: string | undefined;
        readonly trust: SourceTrust | undefined;
        readonly after: After | null;
        readonly limit: number;
      },
    ): Promise<readonly StoredSource[]> {
      const { q, trust, after, limit } = query;
      const like = `%${(q ?? '').replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
      const { rows } = await sql<StoredSource>`select ${SOURCE} from data_sources s
        where ${reachSql(viewer, sql`s.team_id`)}
          and (${q ?? null}::text is null or s.name ilike ${like} or s.owner ilike ${like} or s.description ilike ${like})
          and (${trust ?? null}::text is null or s.trust = ${trust ?? null})
          and (${after?.at ?? null}::bigint is null
            or (s.created_at, s.id) < (${after?.at ?? null}::bigint, ${after?.id ?? null}::uuid))
        order by s.created_at desc, s.id desc limit ${limit}`.execute(database);
      return rows;
    },

    /** Null: no policy is kept, for this dataset or (null) for all. */
    async policy(datasetId: string | null, tx: Database = database): Promise<StoredPolicy | null> {
      const { rows } = await sql<StoredPolicy>`select policy, exceptions from data_policies
        where dataset_id is not distinct from ${datasetId}::uuid`.execute(tx);
      return rows[0] ?? null;
    },

    /** Policies of other datasets that had a name of this one before it, and were removed or renamed. */
    async formerPolicies(datasetId: string, tx: Database = database): Promise<readonly unknown[]> {
      const { rows } = await sql<{ policy: unknown }>`select p.policy from data_dataset_names n
        join data_dataset_names f on f.name_key = n.name_key and f.taken < n.taken
        join data_policies p on p.dataset_id = f.dataset_id
        where n.dataset_id = ${datasetId} and f.dataset_id <> ${datasetId}`.execute(tx);
      return rows.map(({ policy }) => policy);
    },

    /** Held to the end of the transaction: no policy changes until then. */
    async lockPolicies(tx: Database): Promise<void> {
      await sql`select pg_advisory_xact_lock(hashtext('bartizan data policies'))`.execute(tx);
    },

    async setPolicy(
      datasetId: string | null,
      kept: { readonly policy: DataPolicy; readonly exceptions: readonly string[] } | null,
      by: { readonly name: string; readonly atMs: number },
      tx: Database,
    ): Promise<void> {
      await sql`delete from data_policies where dataset_id is not distinct from ${datasetId}::uuid`.execute(
        tx,
      );
      if (kept === null) return;
      await sql`insert into data_policies (id, dataset_id, policy, exceptions, changed_at, changed_by)
        values (${uuidv7(by.atMs)}, ${datasetId}, ${JSON.stringify(kept.policy)}::jsonb,
          ${JSON.stringify(kept.exceptions)}::jsonb, ${by.atMs}, ${by.name})`.execute(tx);
    },

    async approve(
      versionId: string,
      approval: {
        readonly byId: string;
        readonly byName: string;
        readonly reason: string;
        readonly atMs: number;
      },
      tx: Database,
    ): Promise<void> {
      await sql`insert into data_approvals (version_id, by_id, by_name, reason, at)
        values (${versionId}, ${approval.byId}, ${approval.byName}, ${approval.reason}, ${approval.atMs})
        on conflict (version_id) do nothing`.execute(tx);
    },

    async isApproved(versionId: string, tx: Database = database): Promise<boolean> {
      const { rows } = await sql`select 1 from data_approvals where version_id = ${versionId}`.execute(tx);
      return rows.length > 0;
    },

    /** Versions that wait for somebody, all or of one source; oldest first, 1,000 at most. */
    async waiting(sourceId: string | null, tx: Database): Promise<readonly string[]> {
      const { rows } = await sql<{ id: string }>`select v.id from data_versions v
        where v.state = 'awaiting-review' and (${sourceId}::uuid is null or v.source_id = ${sourceId}::uuid
          or exists (select 1 from jsonb_to_recordset(v.origins) as o(version uuid, rows bigint)
            join data_versions b on b.id = o.version
            where o.rows > 0 and b.source_id = ${sourceId}::uuid))
        order by v.created_at, v.id limit 1000`.execute(tx);
      return rows.map(({ id }) => id);
    },

    /** What brought records of a version in, itself included: how far each source is trusted, and who approved it. */
    async arrivals(versionId: string, tx: Database): Promise<readonly Arrival[]> {
      const { rows } = await sql<Arrival>`
        select b.id = v.id as own, b.state, b.quarantined, s.trust
        from data_versions v
        cross join lateral jsonb_to_recordset(v.origins) as o(version uuid, rows bigint)
        join data_versions b on b.id = o.version
        left join data_sources s on s.id = b.source_id
        where v.id = ${versionId} and o.rows > 0`.execute(tx);
      return rows;
    },

    /**
     * Whether a version brings back what is kept from use now (`data_returns`), or is one that was rejected in its
     * dataset: record by record the same.
     */
    async bringsBack(versionId: string, tx: Database): Promise<boolean> {
      const { rows } = await sql`select 1 from data_returns r join data_versions v on v.id = r.of_id
        where r.version_id = ${versionId} and (v.state in ('rejected', 'awaiting-review') or v.quarantined)
        union all
        select 1 from data_versions v join data_versions r on r.dataset_id = v.dataset_id
        where v.id = ${versionId} and r.id <> v.id and r.state = 'rejected' and r.root = v.root
          and r.schema_digest = v.schema_digest
        limit 1`.execute(tx);
      return rows.length > 0;
    },

    /** Held to the end of the transaction: nobody else decides on the version until then. */
    async lockVersion(versionId: string, tx: Database): Promise<void> {
      await sql`select from data_versions where id = ${versionId} for update`.execute(tx);
    },

    async custody(
      datasetId: string,
      query: {
        readonly action: CustodyAction | undefined;
        readonly after: After | null;
        readonly limit: number;
      },
    ): Promise<readonly StoredCustody[]> {
      const { action, after, limit } = query;
      const { rows } = await sql<StoredCustody>`select c.id, c.at::float8 as at, c.action, c.actor_name as by,
          v.number, c.reason, c.detail, c.audit_id as "auditId"
        from data_custody c left join data_versions v on v.id = c.version_id
        where c.dataset_id = ${datasetId}
          and (${action ?? null}::text is null or c.action = ${action ?? null})
          and (${after?.at ?? null}::bigint is null
            or (c.at, c.id) < (${after?.at ?? null}::bigint, ${after?.id ?? null}::uuid))
        order by c.at desc, c.id desc limit ${limit}`.execute(database);
      return rows;
    },
  });
}
export type SourceStore = ReturnType<typeof createSourceStore>;
