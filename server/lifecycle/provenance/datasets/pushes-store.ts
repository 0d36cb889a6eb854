import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../../../platform/database/types.ts';
import type { FilePlace, StoredFile } from '../../registry/index.ts';
import { LIFETIME_MS, type ParsedPush } from './model.ts';

/** What was asked for, without the files. */
export type PushSettings = Omit<ParsedPush, 'files'>;

export interface StoredPush {
  readonly id: string;
  readonly ownerId: string;
  readonly state: 'open' | 'finished';
  readonly datasetName: string;
  readonly teamId: string | null;
  readonly input: PushSettings;
  readonly fingerprint: string;
  readonly totalBytes: number;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly versionId: string | null;
  readonly same: boolean;
  readonly failure: string | null;
  readonly fileCount: number;
  readonly receivedBytes: number;
}

const PUSH = sql`p.id, p.owner_id as "ownerId", p.state, p.dataset_name as "datasetName", p.team_id as "teamId", p.input,
  p.fingerprint, p.total_bytes as "totalBytes", p.created_at as "createdAt", p.expires_at as "expiresAt",
  p.version_id as "versionId", p.same, p.failure,
  (select count(*)::int from data_push_files f where f.push_id = p.id) as "fileCount",
  (select coalesce(sum(received), 0)::float8 from data_push_files f where f.push_id = p.id) as "receivedBytes"`;
const FILE = sql`position, path, size, expected, sha256, staging, received`;

/** Pushes and their files; what receiving of parts needs has the names that it has for uploads of models. */
export function createPushStore(database: Database) {
  const select = async (
    where: RawBuilder<unknown>,
    tx: Database = database,
  ): Promise<readonly StoredPush[]> =>
    (await sql<StoredPush>`select ${PUSH} from data_pushes p where ${where}`.execute(tx)).rows;
  const placed = ({ uploadId, position }: FilePlace) => sql`push_id = ${uploadId} and position = ${position}`;
  const changeFile = async (place: FilePlace, change: RawBuilder<unknown>): Promise<void> => {
    await sql`update data_push_files set ${change} where ${placed(place)}`.execute(database);
  };

  return Object.freeze({
    transaction: <T>(run: (tx: Database) => Promise<T>): Promise<T> => database.transaction().execute(run),

    /** Held to the end of the transaction: one push of an owner begins at a time. */
    async lockOwner(ownerId: string, tx: Database): Promise<void> {
      await sql`select pg_advisory_xact_lock(hashtextextended(${`data-pushes:${ownerId}`}, 0))`.execute(tx);
    },

    async openOf(ownerId: string, tx: Database): Promise<{ readonly count: number; readonly bytes: number }> {
      const { rows } = await sql<{ count: number; bytes: number }>`select count(*)::int as count,
        coalesce(sum(total_bytes), 0)::float8 as bytes from data_pushes
        where owner_id = ${ownerId} and state = 'open'`.execute(tx);
      return rows[0] ?? { count: 0, bytes: 0 };
    },

    async insert(
      push: Omit<StoredPush, 'fileCount' | 'receivedBytes' | 'versionId' | 'same' | 'failure'>,
      files: readonly StoredFile[],
      tx: Database,
    ): Promise<void> {
      await sql`insert into data_pushes (id, owner_id, state, dataset_name, team_id, input, fingerprint, total_bytes,
          created_at, expires_at)
        values (${push.id}, ${push.ownerId}, ${push.state}, ${push.datasetName}, ${push.teamId},
          ${JSON.stringify(push.input)}::jsonb, ${push.fingerprint}, ${push.totalBytes}, ${push.createdAt},
          ${push.expiresAt})`.execute(tx);
      await sql`insert into data_push_files (push_id, position, path, size, expected, sha256, received)
        select ${push.id}, * from jsonb_to_recordset(${JSON.stringify(files)}::jsonb)
          as f(position integer, path text, size bigint, expected text, sha256 text, received bigint)`.execute(
        tx,
      );
    },

    find: async (id: string, tx?: Database) => (await select(sql`p.id = ${id}`, tx))[0],

    async lock(id: string, tx: Database): Promise<StoredPush | undefined> {
      await sql`select from data_pushes where id = ${id} for update`.execute(tx);
      return (await select(sql`p.id = ${id}`, tx))[0];
    },

    list: (ownerId: string, nowMs: number) =>
      select(sql`p.owner_id = ${ownerId} and p.expires_at > ${nowMs} order by p.id desc limit 200`),

    files: async (
      id: string,
      { after = -1, limit = null as number | null } = {},
      tx: Database = database,
    ): Promise<readonly StoredFile[]> =>
      (
        await sql<StoredFile>`select ${FILE} from data_push_files where push_id = ${id} and position > ${after}
          order by position limit ${limit}`.execute(tx)
      ).rows,

    file: async (id: string, path: string): Promise<StoredFile | undefined> =>
      (
        await sql<StoredFile>`select ${FILE} from data_push_files where push_id = ${id} and path = ${path}`.execute(
          database,
        )
      ).rows[0],

    /** The file as it now is, held for `token`; undefined when somebody else holds it, or it is gone. */
    async hold(
      place: FilePlace,
      token: string,
      { nowMs, untilMs }: { readonly nowMs: number; readonly untilMs: number },
    ): Promise<StoredFile | undefined> {
      const { rows } =
        await sql<StoredFile>`update data_push_files set lease = ${token}, lease_until = ${untilMs}
        where ${placed(place)} and (lease is null or lease = ${token} or lease_until < ${nowMs})
        returning ${FILE}`.execute(database);
      return rows[0];
    },

    async release(place: FilePlace, token: string): Promise<void> {
      await sql`update data_push_files set lease = null, lease_until = null
        where ${placed(place)} and lease = ${token}`.execute(database);
    },

    setStaging: (place: FilePlace, staging: string | null, received: number) =>
      changeFile(place, sql`staging = ${staging}, received = ${received}`),

    complete: (place: FilePlace, sha256: string) =>
      changeFile(place, sql`sha256 = ${sha256}, received = size, staging = null`),

    async putOff(id: string, expiresAt: number): Promise<void> {
      await sql`update data_pushes set expires_at = least(${expiresAt}, created_at + ${LIFETIME_MS})
        where id = ${id} and state = 'open'`.execute(database);
    },

    async setFinished(
      id: string,
      { versionId, expiresAt }: { readonly versionId: string; readonly expiresAt: number },
      tx: Database,
    ): Promise<void> {
      await sql`update data_pushes set state = 'finished', version_id = ${versionId}, expires_at = ${expiresAt}
        where id = ${id}`.execute(tx);
    },

    /** Pushes that became `versionId` became `other` instead: it has the same records. */
    async setSame(versionId: string, other: string, tx: Database): Promise<void> {
      await sql`update data_pushes set version_id = ${other}, same = true where version_id = ${versionId}`.execute(
        tx,
      );
    },

    expired: async (nowMs: number, limit: number): Promise<readonly string[]> =>
      (
        await sql<{ id: string }>`select p.id from data_pushes p where expires_at < ${nowMs}
          order by expires_at limit ${limit}`.execute(database)
      ).rows.map(({ id }) => id),

    async remove(id: string, tx: Database): Promise<boolean> {
      const gone = await sql`delete from data_pushes where id = ${id}`.execute(tx);
      return Number(gone.numAffectedRows ?? 0) > 0;
    },
  });
}
export type PushStore = ReturnType<typeof createPushStore>;
