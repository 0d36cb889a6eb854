import type { DataExposure } from '@bartizan/contracts';
import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../../../platform/database/types.ts';
import { unpackRows } from '../scans/model.ts';

export type Cause = DataExposure['cause'];

/** Why a version, or some of its records, are no longer trusted. */
export interface Distrust {
  readonly cause: Cause;
  /** Rows of the version that were taken out, from 0; empty where the whole version is meant. */
  readonly rows: readonly number[];
  /** Versions without those records: the ones made without them, and what came after these. */
  readonly without: readonly string[];
}

export interface StoredExposure extends DataExposure {
  readonly teamId: string | null;
  readonly versionId: string;
}

/** Rows that are followed to what brought them in. */
const MOST_ROWS = 20_000;
const SHOWN = 100;
const GRAVE = sql`f.decision <> 'dismissed' and f.severity in ('high', 'critical')`;
/** Of every way to look at a version, the newest scan that ended. */
const newest = (
  version: RawBuilder<unknown>,
) => sql`(select distinct on (s.fingerprint) s.id from data_scans s
  where s.version_id = ${version} and s.state = 'done' order by s.fingerprint, s.ended_at desc, s.id desc)`;

export function createExposureStore(database: Database) {
  return Object.freeze({
    /** Of a dataset; those that still stand first. */
    async of(datasetId: string): Promise<readonly StoredExposure[]> {
      const { rows } = await sql<StoredExposure>`select e.id, e.endpoint_id as "endpointId", e.endpoint,
          v.number as version, e.cause, e.since, e.cleared_at as "clearedAt", e.team_id as "teamId", e.version_id as "versionId"
        from data_exposures e join data_versions v on v.id = e.version_id
        where v.dataset_id = ${datasetId} order by (e.cleared_at is null) desc, e.since desc, e.id
        limit ${SHOWN}`.execute(database);
      return rows;
    },

    /** Versions that something is held against, or was when an endpoint was last found to depend on them. */
    async suspects(limit: number): Promise<readonly string[]> {
      const { rows } = await sql<{ id: string }>`
        select version_id as id from data_exposures where cleared_at is null
        union select version_id from data_quarantines where state = 'made'
        union select s.version_id from data_scan_findings f join data_scans s on s.id = f.scan_id
          where ${GRAVE} and s.state = 'done'
        limit ${limit}`.execute(database);
      return rows.map(({ id }) => id);
    },

    /** What is held against a version. */
    async distrust(versionId: string): Promise<readonly Distrust[]> {
      const { rows: taken } = await sql<{ rows: Buffer | null; without: readonly string[] }>`
        select q.rows, array(with recursive below as (
            select q.to_version_id as id union
            select c.id from data_versions c join below on c.parent_id = below.id)
          select id from below) as without
        from data_quarantines q join data_versions v on v.id = q.to_version_id and v.state = 'ready'
        where q.version_id = ${versionId} and q.state = 'made' and q.restore_version_id is null`.execute(
        database,
      );
      const { rows: grave } = await sql`select from data_scan_findings f
        where f.scan_id in ${newest(sql`${versionId}`)} and ${GRAVE} limit 1`.execute(database);
      return [
        ...taken.map(({ rows, without }) => ({
          cause: 'quarantined' as const,
          rows: rows === null ? [] : unpackRows(rows.subarray(0, 4 * MOST_ROWS)),
          without,
        })),
        ...(grave.length > 0 ? [{ cause: 'finding' as const, rows: [], without: [] }] : []),
      ];
    },

    /** Those that stand, held to the end of the transaction. */
    async open(
      versionId: string,
      tx: Database,
    ): Promise<readonly { id: string; endpointId: string; cause: Cause }[]> {
      const { rows } = await sql<{ id: string; endpointId: string; cause: Cause }>`
        select id, endpoint_id as "endpointId", cause from data_exposures
        where version_id = ${versionId} and cleared_at is null order by id for update`.execute(tx);
      return rows;
    },

    /** How many stand for an endpoint. */
    async standing(endpointId: string, tx: Database): Promise<number> {
      const { rows } = await sql<{ n: number }>`select count(*)::int as n from data_exposures
        where endpoint_id = ${endpointId} and cleared_at is null`.execute(tx);
      return rows[0]?.n ?? 0;
    },

    /** False where another server did it in this moment. */
    async add(
      one: {
        readonly id: string;
        readonly versionId: string;
        readonly endpoint: { readonly id: string; readonly slug: string; readonly teamId: string | null };
        readonly cause: Cause;
        readonly atMs: number;
      },
      tx: Database,
    ): Promise<boolean> {
      const { id, versionId, endpoint, cause, atMs } = one;
      const { rows } = await sql`insert into data_exposures
          (id, version_id, endpoint_id, endpoint, team_id, cause, since)
        values (${id}, ${versionId}, ${endpoint.id}, ${endpoint.slug}, ${endpoint.teamId}, ${cause}, ${atMs})
        on conflict do nothing returning id`.execute(tx);
      return rows.length > 0;
    },

    async clear(id: string, atMs: number, tx: Database): Promise<void> {
      await sql`update data_exposures set cleared_at = ${atMs} where id = ${id}`.execute(tx);
    },
  });
}
export type ExposureStore = ReturnType<typeof createExposureStore>;
