import { sql } from 'kysely';
import { uuidv7 } from '../../../kernel/id.ts';
import type { Database } from '../../../platform/database/types.ts';
import { digestOf } from '../datasets/held.ts';
import type { CustodyEntry } from '../ports.ts';

/** The entry of the audit log that stands for a row of the chain of custody. */
export const CUSTODY_ACTION = 'data.custody-added';
export const custodySubject = (datasetId: string): string => `data-custody:${datasetId}`;

/** A row of `data_custody`. */
export interface CustodyRow {
  readonly id: string;
  readonly datasetId: string;
  readonly versionId: string | null;
  readonly action: string;
  readonly actorId: string;
  readonly actorName: string;
  readonly reason: string;
  /** JSON. */
  readonly detail: string;
  readonly auditId: string | null;
  readonly at: number;
}

export const CUSTODY_ROW = sql`c.id, c.dataset_id as "datasetId", c.version_id as "versionId", c.action,
  c.actor_id as "actorId", c.actor_name as "actorName", c.reason, c.detail, c.audit_id as "auditId",
  c.at::float8 as at`;

/** SHA-256 over everything that a row says; lower-case hexadecimal. */
export const custodyDigest = (row: CustodyRow): string =>
  digestOf([
    row.id,
    row.datasetId,
    row.versionId,
    row.action,
    row.actorId,
    row.actorName,
    row.reason,
    row.detail,
    row.auditId,
    row.at,
  ]);

/** Id of the newest row of a dataset that is seen in the transaction; null where there is none. */
export async function newestCustody(datasetId: string, tx: Database): Promise<string | null> {
  const { rows } = await sql<{ id: string }>`select id from data_custody where dataset_id = ${datasetId}
    order by at desc, id desc limit 1`.execute(tx);
  return rows[0]?.id ?? null;
}

/** Within the transaction that wrote the entry of the audit log, which is then found by who wrote it. */
export async function insertCustody(entry: CustodyEntry, atMs: number, tx: Database): Promise<CustodyRow> {
  const { rows } =
    await sql<CustodyRow>`insert into data_custody as c (id, dataset_id, version_id, action, actor_id,
      actor_name, reason, detail, audit_id, at)
    values (${uuidv7(atMs)}, ${entry.datasetId}, ${entry.versionId}, ${entry.action}, ${entry.actor.id},
      ${entry.actor.name}, ${entry.reason}, ${JSON.stringify(entry.detail)},
      (select id from audit_entries where action = ${entry.audit}
        and at >= to_timestamp(${atMs}::float8 / 1000) - interval '1 minute'
        and xmin = pg_current_xact_id()::xid order by id desc limit 1), ${atMs})
    returning ${CUSTODY_ROW}`.execute(tx);
  return rows[0] as CustodyRow;
}
