import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../../../platform/database/types.ts';
import type { KeptActor } from '../datasets/model.ts';
import { packRows, unpackRows } from '../scans/model.ts';
import type { KeptDependant, StoredQuarantine } from './model.ts';

const QUARANTINE = sql`q.id, q.version_id as "versionId", v.dataset_id as "datasetId", v.number as "fromVersion",
  q.to_version_id as "toVersionId", t.number as "toVersion", t.state as "toState", t.failure as "toFailure",
  b.state as "restoreState", b.number as "restoreVersion", b.failure as "restoreFailure",
  q.restore_version_id as "restoreVersionId", q.state, q.failure, q.selection, q.reason,
  q.restore_reason as "restoreReason", q.removed, q.dependants, q.acting, q.created_by as "createdBy",
  q.created_at as "createdAt"`;
const FROM = sql`data_quarantines q join data_versions v on v.id = q.version_id
  left join data_versions t on t.id = q.to_version_id
  left join data_versions b on b.id = q.restore_version_id`;
const MOST_SHOWN = 500;

export interface NewQuarantine {
  readonly id: string;
  readonly versionId: string;
  readonly selection: string;
  readonly reason: string;
  /** Null: selected by the job. */
  readonly rows: readonly number[] | null;
  readonly acting: KeptActor;
  readonly createdAt: number;
}

export function createCleaningStore(database: Database) {
  const select = async (
    where: RawBuilder<unknown>,
    tx: Database = database,
  ): Promise<readonly StoredQuarantine[]> =>
    (await sql<StoredQuarantine>`select ${QUARANTINE} from ${FROM} where ${where}`.execute(tx)).rows;

  return Object.freeze({
    find: async (id: string, tx?: Database) => (await select(sql`q.id = ${id}`, tx))[0],

    /** Held to the end of the transaction. */
    async lock(id: string, tx: Database): Promise<StoredQuarantine | undefined> {
      await sql`select from data_quarantines where id = ${id} for update`.execute(tx);
      return (await select(sql`q.id = ${id}`, tx))[0];
    },

    of: (datasetId: string) =>
      select(sql`v.dataset_id = ${datasetId} order by q.created_at desc, q.id desc limit ${MOST_SHOWN}`),

    unended: async (): Promise<readonly string[]> =>
      (
        await sql<{
          id: string;
        }>`select id from data_quarantines where state in ('working', 'restoring')`.execute(database)
      ).rows.map(({ id }) => id),

    /** Whose new version is ready and of which nobody was told. */
    untold: () => select(sql`q.state = 'made' and q.told_at is null and t.state = 'ready' limit 100`),

    /** False where somebody told of it already. */
    async tell(id: string, atMs: number, tx: Database): Promise<boolean> {
      const { rows } = await sql`update data_quarantines set told_at = ${atMs}
        where id = ${id} and told_at is null returning id`.execute(tx);
      return rows.length > 0;
    },

    /** False where records are being taken out of this version already. */
    async insert(made: NewQuarantine, tx: Database): Promise<boolean> {
      const packed = made.rows === null ? null : packRows(made.rows);
      const { rows } =
        await sql`insert into data_quarantines (id, version_id, state, selection, reason, rows, removed,
          acting, created_by, created_at)
        values (${made.id}, ${made.versionId}, 'working', ${made.selection}, ${made.reason}, ${packed},
          ${made.rows?.length ?? 0}, ${JSON.stringify(made.acting)}::jsonb, ${made.acting.name}, ${made.createdAt})
        on conflict do nothing returning id`.execute(tx);
      return rows.length > 0;
    },

    async rows(id: string): Promise<number[] | null> {
      const { rows } = await sql<{ rows: Buffer | null }>`select rows from data_quarantines
        where id = ${id}`.execute(database);
      const packed = rows[0]?.rows ?? null;
      return packed === null ? null : unpackRows(packed);
    },

    async setSelected(id: string, selected: readonly number[]): Promise<void> {
      await sql`update data_quarantines set rows = ${packRows(selected)}, removed = ${selected.length}
        where id = ${id} and state = 'working'`.execute(database);
    },

    async setDependants(id: string, dependants: readonly KeptDependant[]): Promise<void> {
      await sql`update data_quarantines set dependants = ${JSON.stringify(dependants)} where id = ${id}`.execute(
        database,
      );
    },

    async setMade(id: string, made: { readonly versionId: string; readonly record: string }, tx: Database) {
      await sql`update data_quarantines set state = 'made', to_version_id = ${made.versionId}, record = ${made.record}
        where id = ${id}`.execute(tx);
    },

    async setRestoring(
      id: string,
      asked: { readonly reason: string; readonly acting: KeptActor },
      tx: Database,
    ) {
      await sql`update data_quarantines set state = 'restoring', failure = null, restore_reason = ${asked.reason},
        acting = ${JSON.stringify(asked.acting)}::jsonb where id = ${id}`.execute(tx);
    },

    async setRestored(id: string, versionId: string, tx: Database): Promise<void> {
      await sql`update data_quarantines set state = 'made', restore_version_id = ${versionId}
        where id = ${id}`.execute(tx);
    },

    /** What was not taken out is failed; what was not brought back stays as it was. */
    async fail(id: string, failure: string): Promise<void> {
      await sql`update data_quarantines set failure = ${failure},
        state = case state when 'restoring' then 'made' else 'failed' end
        where id = ${id} and state in ('working', 'restoring')`.execute(database);
    },
  });
}
export type CleaningStore = ReturnType<typeof createCleaningStore>;
