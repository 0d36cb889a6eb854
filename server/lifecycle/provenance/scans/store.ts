import type { DataScanOptions, SuspectedRecord } from '@bartizan/contracts';
import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../../../platform/database/types.ts';
import {
  FULL,
  MAX_RECORDS,
  MAX_SHOWN,
  SHOWN_ROWS,
  type StoredFinding,
  type StoredScan,
  unpackRows,
} from './model.ts';

const SCAN = sql`s.id, s.version_id as "versionId", v.dataset_id as "datasetId", d.name as dataset,
  d.team_id as "teamId", v.number, s.state, s.options, s.fingerprint, s.automatic, s.failure, s.rows, s.suspected,
  s.blind_spots as "blindSpots", s.created_by_id as "createdById", s.created_by as "createdBy",
  s.created_at as "createdAt", s.started_at as "startedAt", s.ended_at as "endedAt",
  coalesce((select jsonb_object_agg(severity, n) from (select severity, count(*)::int as n from data_scan_findings
    where scan_id = s.id group by severity) f), '{}'::jsonb) as findings`;
const FROM = sql`data_scans s join data_versions v on v.id = s.version_id join data_datasets d on d.id = v.dataset_id`;
const FINDING = sql`number, check_id as "check", title, severity, message, count, complete,
  (octet_length(rows) / 4)::int as known,
  substring(rows from 1 for ${sql.lit(SHOWN_ROWS * 4)}) as rows, precision_share as precision, evidence, maps,
  decision, decided_by as "decidedBy", decided_at as "decidedAt", note`;
const ACTIVE = sql`state in ('queued', 'running')`;

type FindingRow = Omit<StoredFinding, 'rows' | 'evidence'> & {
  readonly rows: Buffer;
  readonly evidence: string;
};

const findingOf = ({ rows, evidence, ...row }: FindingRow): StoredFinding => ({
  ...row,
  rows: unpackRows(rows),
  evidence: JSON.parse(evidence) as StoredFinding['evidence'],
});

export type NewScan = Pick<
  StoredScan,
  'id' | 'versionId' | 'fingerprint' | 'automatic' | 'createdById' | 'createdBy' | 'createdAt'
> & { readonly options: DataScanOptions };

export function createScanStore(database: Database) {
  const select = async (
    where: RawBuilder<unknown>,
    tx: Database = database,
  ): Promise<readonly StoredScan[]> =>
    (await sql<StoredScan>`select ${SCAN} from ${FROM} where ${where}`.execute(tx)).rows;

  return Object.freeze({
    find: async (id: string, tx?: Database) => (await select(sql`s.id = ${id}`, tx))[0],

    /** Held to the end of the transaction. */
    async lock(id: string, tx: Database): Promise<StoredScan | undefined> {
      await sql`select from data_scans where id = ${id} for update`.execute(tx);
      return (await select(sql`s.id = ${id}`, tx))[0];
    },

    of: (versionId: string) =>
      select(sql`s.version_id = ${versionId} order by s.created_at desc, s.id desc limit ${MAX_SHOWN}`),

    active: async (versionId: string, fingerprint: string, tx?: Database) =>
      (
        await select(sql`s.version_id = ${versionId} and s.fingerprint = ${fingerprint} and s.${ACTIVE}`, tx)
      )[0],

    unended: async (): Promise<readonly string[]> =>
      (await sql<{ id: string }>`select id from data_scans where ${ACTIVE}`.execute(database)).rows.map(
        ({ id }) => id,
      ),

    /** Scans that people began for datasets of this team (null: of everybody's) and that wait or run. */
    async activeOf(teamId: string | null, tx: Database): Promise<number> {
      const { rows } = await sql<{ n: number }>`select count(*)::int as n from ${FROM} where s.${ACTIVE}
        and not s.automatic and d.team_id is not distinct from ${teamId}::uuid`.execute(tx);
      return rows[0]?.n ?? 0;
    },

    /** False where one with the same options waits or runs. */
    async insert(scan: NewScan, tx: Database): Promise<boolean> {
      const { rows } =
        await sql`insert into data_scans (id, version_id, state, options, fingerprint, automatic,
          created_by_id, created_by, created_at)
        values (${scan.id}, ${scan.versionId}, 'queued', ${JSON.stringify(scan.options)}::jsonb, ${scan.fingerprint},
          ${scan.automatic}, ${scan.createdById}, ${scan.createdBy}, ${scan.createdAt})
        on conflict do nothing returning id`.execute(tx);
      return rows.length > 0;
    },

    /** Makes a scan that waits, begun by the server itself, that of a person. False where it runs already. */
    async takeOver(
      id: string,
      by: { readonly id: string; readonly name: string },
      tx: Database,
    ): Promise<boolean> {
      const { rows } = await sql`update data_scans set automatic = false, created_by_id = ${by.id},
        created_by = ${by.name} where id = ${id} and state = 'queued' and automatic returning id`.execute(tx);
      return rows.length > 0;
    },

    /** False where it is no longer to be done. */
    async begin(id: string, atMs: number): Promise<boolean> {
      const { rows } =
        await sql`update data_scans set state = 'running', started_at = coalesce(started_at, ${atMs})
        where id = ${id} and ${ACTIVE} returning id`.execute(database);
      return rows.length > 0;
    },

    async end(
      id: string,
      { state, failure, atMs }: { state: 'failed' | 'cancelled'; failure: string | null; atMs: number },
      tx: Database = database,
    ): Promise<boolean> {
      const { rows } =
        await sql`update data_scans set state = ${state}, failure = ${failure}, ended_at = ${atMs}
        where id = ${id} and ${ACTIVE} returning id`.execute(tx);
      return rows.length > 0;
    },

    findings: async (scanId: string): Promise<readonly StoredFinding[]> =>
      (
        await sql<FindingRow>`select ${FINDING} from data_scan_findings where scan_id = ${scanId}
          order by number`.execute(database)
      ).rows.map(findingOf),

    finding: async (
      scanId: string,
      number: number,
      tx: Database = database,
    ): Promise<StoredFinding | undefined> =>
      (
        await sql<FindingRow>`select ${FINDING} from data_scan_findings
          where scan_id = ${scanId} and number = ${number}`.execute(tx)
      ).rows.map(findingOf)[0],

    /** All rows of a finding that are known. */
    async rowsOf(scanId: string, number: number): Promise<{ rows: number[]; complete: boolean } | undefined> {
      const { rows } = await sql<{
        rows: Buffer;
        complete: boolean;
      }>`select rows, complete from data_scan_findings
        where scan_id = ${scanId} and number = ${number}`.execute(database);
      return rows[0] && { rows: unpackRows(rows[0].rows), complete: rows[0].complete };
    },

    async decide(
      scanId: string,
      number: number,
      change: {
        readonly decision: string;
        readonly by: string | null;
        readonly atMs: number | null;
        readonly note: string;
      },
      tx: Database,
    ): Promise<void> {
      await sql`update data_scan_findings set decision = ${change.decision}, decided_by = ${change.by},
        decided_at = ${change.atMs}, note = ${change.note} where scan_id = ${scanId} and number = ${number}`.execute(
        tx,
      );
    },

    async records(
      scanId: string,
      {
        after,
        limit,
        check,
      }: { readonly after: number; readonly limit: number; readonly check: string | undefined },
    ): Promise<SuspectedRecord[]> {
      const { rows } = await sql<Omit<SuspectedRecord, 'reasons'> & { reasons: string }>`
        select rank, row, score, reasons from data_scan_records where scan_id = ${scanId} and rank > ${after}
          and (${check ?? null}::text is null or ${check ?? null} = any(checks)) order by rank limit ${limit}`.execute(
        database,
      );
      return rows.map((row) => ({ ...row, reasons: JSON.parse(row.reasons) as SuspectedRecord['reasons'] }));
    },

    /** Rows from this score on, ascending; not complete where more are suspected than are kept. */
    async rowsFrom(scanId: string, atLeast: number): Promise<{ rows: number[]; complete: boolean }> {
      const { rows } = await sql<{ row: number }>`select row from data_scan_records
        where scan_id = ${scanId} and score >= ${atLeast} order by row`.execute(database);
      return { rows: rows.map(({ row }) => Number(row)), complete: rows.length < MAX_RECORDS };
    },

    /** The newest scan of a version that is done. */
    newestDone: async (versionId: string, tx?: Database) =>
      (
        await select(
          sql`s.version_id = ${versionId} and s.state = 'done' order by (s.fingerprint = ${FULL}) desc,
            s.ended_at desc, s.id desc limit 1`,
          tx,
        )
      )[0],

    /**
     * Whether all was looked for and nothing high or critical is open: of every way to look, by its newest scan that
     * ended well.
     */
    async passed(versionId: string, tx: Database): Promise<boolean> {
      const { rows } = await sql<{ full: boolean; open: boolean }>`
        with newest as (select distinct on (fingerprint) id, fingerprint from data_scans
          where version_id = ${versionId} and state = 'done' order by fingerprint, ended_at desc, id desc)
        select coalesce(bool_or(fingerprint = ${FULL}), false) as full, coalesce(bool_or(exists (
          select from data_scan_findings f where f.scan_id = newest.id and f.decision <> 'dismissed'
            and f.severity in ('high', 'critical'))), false) as open from newest`.execute(tx);
      return rows[0]?.full === true && !rows[0].open;
    },
  });
}
export type ScanStore = ReturnType<typeof createScanStore>;
