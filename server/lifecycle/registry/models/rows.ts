import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../../../platform/database/types.ts';
import type { Viewer } from '../../sight.ts';
import type { FileRef, ScanNote, StoredBase, StoredModel, StoredVersion } from '../model.ts';
import { inReach, noSuchModel, noSuchVersion } from './reach.ts';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const MAX_NUMBER = 2_147_483_647;

const MODEL = sql`
  select m.id, m.name, m.description, m.team_id as "teamId", m.created_by as "createdBy",
    m.created_at as "createdAt", m.updated_at as "updatedAt",
    coalesce((select jsonb_object_agg(t.key, t.value) from model_tags t where t.model_id = m.id), '{}') as tags
  from models m`;

const VERSION = sql`
  select v.id, v.model_id as "modelId", m.name as "modelName", m.team_id as "teamId", v.version, v.digest, v.status,
    v.status_message as "statusMessage", v.stage, v.description, v.source, v.run_id as "runId",
    v.logged_model_id as "loggedModelId", v.file_count as "fileCount", v.bytes, v.metrics,
    v.base_version_id as "baseVersionId", v.base_name as "baseName", v.base_digest as "baseDigest",
    v.scan_state as "scanState", v.scan_verdict as "scanVerdict", v.quarantined, v.severities, v.formats,
    v.scanned_at as "scannedAt", v.created_by as "createdBy", v.created_at as "createdAt",
    v.updated_at as "updatedAt",
    coalesce((select jsonb_agg(a.alias order by a.alias) from model_aliases a where a.version_id = v.id), '[]')
      as aliases,
    coalesce((select jsonb_object_agg(t.key, t.value) from model_version_tags t where t.version_id = v.id), '{}')
      as tags
  from model_versions v join models m on m.id = v.model_id`;

interface VersionRow extends Omit<StoredVersion, 'base' | 'scan'> {
  readonly baseVersionId: string | null;
  readonly baseName: string | null;
  readonly baseDigest: string | null;
  readonly scanState: ScanNote['state'];
  readonly scanVerdict: ScanNote['verdict'];
  readonly quarantined: boolean;
  readonly severities: ScanNote['severities'];
  readonly formats: readonly string[];
  readonly scannedAt: number | null;
}

export function toBase(
  row: Pick<VersionRow, 'baseVersionId' | 'baseName' | 'baseDigest'>,
): StoredBase | null {
  if (row.baseVersionId !== null) return { kind: 'version', versionId: row.baseVersionId };
  return row.baseName === null ? null : { kind: 'external', name: row.baseName, digest: row.baseDigest };
}

function toVersion(row: VersionRow): StoredVersion {
  const { baseVersionId, baseName, baseDigest, scanState, scanVerdict, scannedAt, ...rest } = row;
  const { quarantined, severities, formats, ...version } = rest;
  return {
    ...version,
    base: toBase({ baseVersionId, baseName, baseDigest }),
    scan: { state: scanState, verdict: scanVerdict, quarantined, severities, formats, at: scannedAt },
  };
}

/** Versions that were not removed, and that `where` takes. */
export async function selectVersions(db: Database, where: RawBuilder<unknown>): Promise<StoredVersion[]> {
  const { rows } = await sql<VersionRow>`${VERSION}
    where v.removed_at is null and ${where}`.execute(db);
  return rows.map(toVersion);
}

export const isId = (text: string): boolean => UUID.test(text);

const named = (idOrName: string): RawBuilder<boolean> =>
  isId(idOrName) ? sql`m.id = ${idOrName}::uuid` : sql`m.name = ${idOrName}`;

/** PostgreSQL holds neither; nothing is named so. */
const cannotBe = (text: string): boolean => text.includes('\0') || !text.isWellFormed();

/**
 * The model of this id or name, when it is there for the viewer; throws `not_found` otherwise. `lock`: nobody else
 * changes it, its versions' stages or aliases until the transaction ends.
 */
export async function findModel(
  db: Database,
  viewer: Viewer,
  idOrName: string,
  lock = false,
): Promise<StoredModel> {
  if (cannotBe(idOrName)) throw noSuchModel();
  if (lock) {
    await sql`select from models m where ${named(idOrName)} and m.removed_at is null for update`.execute(db);
  }
  const { rows } = await sql<StoredModel>`${MODEL}
    where ${named(idOrName)} and m.removed_at is null`.execute(db);
  const [model] = rows;
  if (!model || !inReach(viewer, model.teamId)) throw noSuchModel();
  return model;
}

/** The version that a number, an alias or `latest` stands for; undefined when there is none. */
export async function resolveVersion(
  db: Database,
  modelId: string,
  ref: string | number,
): Promise<StoredVersion | undefined> {
  const text = String(ref);
  const ofModel = sql`v.model_id = ${modelId}`;
  if (text === 'latest') {
    const [newest] = await selectVersions(
      db,
      sql`${ofModel} and v.status = 'ready' order by v.version desc limit 1`,
    );
    return newest;
  }
  if (/^\d+$/.test(text)) {
    const number = Number(text);
    if (number < 1 || number > MAX_NUMBER) return undefined;
    return (await selectVersions(db, sql`${ofModel} and v.version = ${number}`))[0];
  }
  if (cannotBe(text)) return undefined;
  return (
    await selectVersions(
      db,
      sql`v.id = (select a.version_id from model_aliases a where a.model_id = ${modelId} and a.alias = ${text})`,
    )
  )[0];
}

/** As {@link resolveVersion}, of a model by id or name; throws `not_found` for the model or the version. */
export async function findVersion(
  db: Database,
  viewer: Viewer,
  idOrName: string,
  ref: string | number,
): Promise<StoredVersion> {
  const model = await findModel(db, viewer, idOrName);
  const version = await resolveVersion(db, model.id, ref);
  if (!version) throw noSuchVersion();
  return version;
}

/** By id; throws `not_found` for what is not there for the viewer. */
export async function findVersionById(
  db: Database,
  viewer: Viewer,
  versionId: string,
  lock = false,
): Promise<StoredVersion> {
  if (!isId(versionId)) throw noSuchVersion();
  if (lock) await sql`select from model_versions where id = ${versionId} for update`.execute(db);
  const [version] = await selectVersions(db, sql`v.id = ${versionId}`);
  if (!version || !inReach(viewer, version.teamId)) throw noSuchVersion();
  return version;
}

export async function filesOf(db: Database, versionId: string): Promise<FileRef[]> {
  const { rows } = await sql<FileRef>`select path, sha256, size from model_version_files
    where version_id = ${versionId} order by path`.execute(db);
  return rows;
}
