import type { UploadedVersion } from '@bartizan/contracts';
import { sql } from 'kysely';
import type { Database } from '../../../platform/database/types.ts';
import type { Principal } from '../../../platform/http/types.ts';
import { reachSql } from '../models/reach.ts';
import { LIFETIME_MS, ownerOf, type ParsedUpload } from './model.ts';

export interface StoredUpload {
  readonly id: string;
  readonly ownerId: string;
  readonly state: 'open' | 'finished';
  readonly model: string;
  readonly teamId: string | null;
  readonly settings: Pick<ParsedUpload, 'description' | 'tags' | 'alias' | 'base' | 'teamId'>;
  readonly fingerprint: string;
  readonly totalBytes: number;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly version: UploadedVersion | null;
}

export interface StoredFile {
  readonly position: number;
  readonly path: string;
  readonly size: number;
  readonly expected: string | null;
  readonly sha256: string | null;
  readonly staging: string | null;
  readonly received: number;
}

/** One file of one upload. */
export interface FilePlace {
  readonly uploadId: string;
  readonly position: number;
}

const UPLOAD = sql`id, owner_id as "ownerId", state, model, team_id as "teamId", settings, fingerprint,
  total_bytes as "totalBytes", created_at as "createdAt", expires_at as "expiresAt", version`;
const FILE = sql`position, path, size, expected, sha256, staging, received`;

export function createUploadStore(database: Database) {
  const placed = ({ uploadId, position }: FilePlace) =>
    sql`upload_id = ${uploadId} and position = ${position}`;

  return Object.freeze({
    transaction: <T>(run: (tx: Database) => Promise<T>): Promise<T> => database.transaction().execute(run),

    /** Held to the end of the transaction: one upload of an owner begins at a time. */
    async lockOwner(ownerId: string, tx: Database): Promise<void> {
      await sql`select pg_advisory_xact_lock(hashtextextended(${`uploads:${ownerId}`}, 0))`.execute(tx);
    },

    async openOf(ownerId: string, tx: Database): Promise<{ readonly count: number; readonly bytes: number }> {
      const { rows } = await sql<{ count: number; bytes: number }>`select count(*)::int as count,
        coalesce(sum(total_bytes), 0)::float8 as bytes from uploads where owner_id = ${ownerId} and state = 'open'`.execute(
        tx,
      );
      return rows[0] ?? { count: 0, bytes: 0 };
    },

    async insert(upload: StoredUpload, files: readonly StoredFile[], tx: Database): Promise<void> {
      await sql`insert into uploads (id, owner_id, state, model, team_id, settings, fingerprint, total_bytes,
          created_at, expires_at)
        values (${upload.id}, ${upload.ownerId}, ${upload.state}, ${upload.model}, ${upload.teamId},
          ${JSON.stringify(upload.settings)}::jsonb, ${upload.fingerprint}, ${upload.totalBytes},
          ${upload.createdAt}, ${upload.expiresAt})`.execute(tx);
      await sql`insert into upload_files (upload_id, position, path, size, expected, sha256, received)
        select ${upload.id}, * from jsonb_to_recordset(${JSON.stringify(files)}::jsonb)
          as f(position integer, path text, size bigint, expected text, sha256 text, received bigint)`.execute(
        tx,
      );
    },

    find: async (id: string, tx: Database = database): Promise<StoredUpload | undefined> =>
      (await sql<StoredUpload>`select ${UPLOAD} from uploads where id = ${id}`.execute(tx)).rows[0],

    lock: async (id: string, tx: Database): Promise<StoredUpload | undefined> =>
      (await sql<StoredUpload>`select ${UPLOAD} from uploads where id = ${id} for update`.execute(tx))
        .rows[0],

    list: async (
      ownerId: string,
    ): Promise<readonly (StoredUpload & { fileCount: number; receivedBytes: number })[]> =>
      (
        await sql<StoredUpload & { fileCount: number; receivedBytes: number }>`select ${UPLOAD},
          (select count(*)::int from upload_files f where f.upload_id = u.id) as "fileCount",
          (select coalesce(sum(received), 0)::float8 from upload_files f where f.upload_id = u.id) as "receivedBytes"
          from uploads u where owner_id = ${ownerId} and state = 'open' order by id desc`.execute(database)
      ).rows,

    files: async (id: string, tx: Database = database): Promise<readonly StoredFile[]> =>
      (
        await sql<StoredFile>`select ${FILE} from upload_files where upload_id = ${id} order by position`.execute(
          tx,
        )
      ).rows,

    file: async (id: string, path: string): Promise<StoredFile | undefined> =>
      (
        await sql<StoredFile>`select ${FILE} from upload_files where upload_id = ${id} and path = ${path}`.execute(
          database,
        )
      ).rows[0],

    /** Which of these digests the caller has sent in full in an upload that is still known and in their reach. */
    async sentBy(principal: Principal, digests: readonly string[]): Promise<readonly string[]> {
      const { rows } = await sql<{ sha256: string }>`select distinct f.sha256 from upload_files f
        join uploads u on u.id = f.upload_id
        where u.owner_id = ${ownerOf(principal)} and ${reachSql(principal, sql`u.team_id`)}
          and f.sha256 = any(${digests}::text[])`.execute(database);
      return rows.map(({ sha256 }) => sha256);
    },

    /** The file as it now is, held for `token`; undefined when somebody else holds it, or it is gone. */
    async hold(
      place: FilePlace,
      token: string,
      { nowMs, untilMs }: { readonly nowMs: number; readonly untilMs: number },
    ) {
      const { rows } =
        await sql<StoredFile>`update upload_files set lease = ${token}, lease_until = ${untilMs}
        where ${placed(place)} and (lease is null or lease = ${token} or lease_until < ${nowMs})
        returning ${FILE}`.execute(database);
      return rows[0];
    },

    async release(place: FilePlace, token: string): Promise<void> {
      await sql`update upload_files set lease = null, lease_until = null
        where ${placed(place)} and lease = ${token}`.execute(database);
    },

    async setStaging(place: FilePlace, staging: string | null, received: number): Promise<void> {
      await sql`update upload_files set staging = ${staging}, received = ${received} where ${placed(place)}`.execute(
        database,
      );
    },

    async complete(place: FilePlace, sha256: string): Promise<void> {
      await sql`update upload_files set sha256 = ${sha256}, received = size, staging = null
        where ${placed(place)}`.execute(database);
    },

    async putOff(id: string, expiresAt: number): Promise<void> {
      await sql`update uploads set expires_at = least(${expiresAt}, created_at + ${LIFETIME_MS})
        where id = ${id} and state = 'open'`.execute(database);
    },

    async setFinished(id: string, version: UploadedVersion, expiresAt: number, tx: Database): Promise<void> {
      await sql`update uploads set state = 'finished', version = ${JSON.stringify(version)}::jsonb,
        expires_at = ${expiresAt} where id = ${id}`.execute(tx);
    },

    /** Locks the ids of uploads whose time is over, so that nobody finishes them meanwhile. */
    expired: async (nowMs: number, limit: number): Promise<readonly string[]> =>
      (
        await sql<{
          id: string;
        }>`select id from uploads where expires_at < ${nowMs} order by expires_at limit ${limit}`.execute(
          database,
        )
      ).rows.map(({ id }) => id),

    async remove(id: string, tx: Database): Promise<boolean> {
      const gone = await sql`delete from uploads where id = ${id}`.execute(tx);
      return Number(gone.numAffectedRows ?? 0) > 0;
    },
  });
}
export type UploadStore = ReturnType<typeof createUploadStore>;
