import type { DataTampering, DataVerification } from '@bartizan/contracts';
import { type RawBuilder, sql } from 'kysely';
import type { Actor } from '../../../audit/index.ts';
import type { Database } from '../../../platform/database/types.ts';

export interface StoredVerification {
  readonly id: string;
  readonly versionId: string;
  readonly state: DataVerification['state'];
  readonly contentRead: boolean;
  readonly rows: number | null;
  readonly counts: Readonly<Record<string, number>>;
  readonly notes: readonly string[];
  readonly failure: string | null;
  readonly byKind: Actor['kind'];
  readonly byId: string;
  readonly byName: string;
  readonly startedAt: number;
  readonly endedAt: number | null;
}

export interface VerificationEnd {
  readonly state: 'intact' | 'tampered' | 'error';
  readonly rows: number | null;
  readonly counts: Readonly<Record<string, number>>;
  readonly tamperings: readonly DataTampering[];
  readonly notes: readonly string[];
  readonly failure: string | null;
  readonly endedAt: number;
}

const COLUMNS = sql`id, version_id as "versionId", state, content_read as "contentRead", rows, counts, notes, failure,
  by_kind as "byKind", by_id as "byId", by_name as "byName", started_at as "startedAt", ended_at as "endedAt"`;

export function createVerificationStore(database: Database) {
  const select = async (where: RawBuilder<unknown>, tx: Database = database) =>
    (await sql<StoredVerification>`select ${COLUMNS} from data_verifications where ${where}`.execute(tx))
      .rows;

  return Object.freeze({
    find: async (id: string, tx?: Database) => (await select(sql`id = ${id}`, tx))[0],
    running: async (versionId: string, tx?: Database) =>
      (await select(sql`version_id = ${versionId} and state = 'running' limit 1`, tx))[0],
    allRunning: () => select(sql`state = 'running'`),

    page: (versionId: string, after: { readonly at: number; readonly id: string } | null, limit: number) =>
      select(sql`version_id = ${versionId}
        and ${after ? sql`(started_at, id) < (${after.at}, ${after.id}::uuid)` : sql`true`}
        order by started_at desc, id desc limit ${limit}`),

    async tamperings(id: string): Promise<DataTampering[]> {
      const { rows } = await sql<{
        tamperings: string;
      }>`select tamperings from data_verifications where id = ${id}`.execute(database);
      return JSON.parse(rows[0]?.tamperings ?? '[]') as DataTampering[];
    },

    async insert(verification: StoredVerification, tx: Database): Promise<void> {
      const { id, versionId, contentRead, byKind, byId, byName, startedAt } = verification;
      await sql`insert into data_verifications (id, version_id, state, content_read, by_kind, by_id, by_name, started_at)
        values (${id}, ${versionId}, 'running', ${contentRead}, ${byKind}, ${byId}, ${byName}, ${startedAt})`.execute(
        tx,
      );
    },

    /** False where it has ended already. */
    async end(id: string, end: VerificationEnd, tx: Database): Promise<boolean> {
      const done = await sql`update data_verifications set state = ${end.state}, rows = ${end.rows},
        counts = ${JSON.stringify(end.counts)}::jsonb, tamperings = ${JSON.stringify(end.tamperings)},
        notes = ${JSON.stringify(end.notes)}::jsonb, failure = ${end.failure}, ended_at = ${end.endedAt}
        where id = ${id} and state = 'running'`.execute(tx);
      return Number(done.numAffectedRows ?? 0) > 0;
    },
  });
}
export type VerificationStore = ReturnType<typeof createVerificationStore>;
