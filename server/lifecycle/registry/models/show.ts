import {
  allows,
  type Model,
  type ModelDetail,
  type RegistryMay,
  ROLES,
  type SignatureSummary,
  type VersionBase,
  type VersionDataset,
  type VersionDetail,
  type VersionFile,
  type VersionSummary,
} from '@bartizan/contracts';
import { sql } from 'kysely';
import { AppError } from '../../../kernel/error.ts';
import type { Database } from '../../../platform/database/types.ts';
import type { Caller } from '../../../reviews/index.ts';
import type { Viewer } from '../../sight.ts';
import type { FileRef, StoredVersion } from '../model.ts';
import { inheritedBy, linksBelow, linksById } from './ancestry.ts';
import { modelsById } from './list.ts';
import type { ModelParts } from './parts.ts';
import { inReach, noSuchModel } from './reach.ts';
import type { PageOf } from './types.ts';

const UNSIGNED: SignatureSummary = { state: 'unsigned', signers: [], builders: [] };
/** Children are counted up to here. */
const MAX_CHILDREN = 1_000;

/** What the caller may do with a model that is there for them. */
export function mayOf(caller: Pick<Caller, 'kind' | 'permissions'>): RegistryMay {
  const write = caller.permissions.has('models.write');
  const manage = caller.permissions.has('models.manage');
  const download = caller.permissions.has('models.download');
  const missing = [write ? [] : ['models.write' as const], manage ? [] : ['models.manage' as const]].flat();
  const [first] = missing;
  if (first === undefined) return { write, manage, download, reason: '' };
  if (caller.kind === 'key') {
    return { write, manage, download, reason: `this key does not have the scope ${missing.join(' and ')}` };
  }
  const roles = ROLES.filter((role) => allows([role], first)).join(', ');
  const what = write ? 'removing models and accepting findings' : 'changing models';
  return { write, manage, download, reason: `${what} takes one of the roles ${roles}` };
}

export async function datasetsOf(db: Database, versionId: string): Promise<VersionDataset[]> {
  const { rows } = await sql<VersionDataset>`select name, digest, context, source from model_version_datasets
    where version_id = ${versionId} order by position`.execute(db);
  return rows;
}

/** What a version was made from; of a version out of reach only its verdict. */
export async function baseOf(
  db: Database,
  viewer: Viewer,
  { base }: Pick<StoredVersion, 'base'>,
): Promise<VersionBase | null> {
  if (base === null || base.kind === 'external') return base;
  const [link] = await linksById(db, [base.versionId]);
  if (!link) return null;
  const open = inReach(viewer, link.teamId);
  return {
    kind: 'version',
    versionId: open ? link.id : null,
    modelId: open ? link.modelId : null,
    modelName: open ? link.modelName : '',
    version: open ? link.version : 0,
    removed: link.removed,
    verdict: link.verdict,
    quarantined: link.quarantined,
  };
}

export async function summariesOf(
  { ports }: Pick<ModelParts, 'ports'>,
  versions: readonly StoredVersion[],
): Promise<VersionSummary[]> {
  if (versions.length === 0) return [];
  const signatures = await ports.signatures.summaries(versions);
  return versions.map((version) => {
    const { formats, ...scan } = version.scan;
    return {
      id: version.id,
      modelId: version.modelId,
      modelName: version.modelName,
      version: version.version,
      digest: version.digest,
      status: version.status,
      statusMessage: version.statusMessage,
      stage: version.stage,
      aliases: [...version.aliases],
      description: version.description,
      tags: version.tags,
      runId: version.runId,
      source: version.source,
      files: { count: version.fileCount, bytes: version.bytes },
      formats: [...formats],
      scan,
      signatures: signatures.get(version.id) ?? UNSIGNED,
      createdBy: version.createdBy,
      createdAt: version.createdAt,
      updatedAt: version.updatedAt,
    };
  });
}

export async function detailOf(
  parts: Pick<ModelParts, 'database' | 'ports'>,
  caller: Caller,
  version: StoredVersion,
): Promise<VersionDetail> {
  const { database } = parts;
  const [summary] = await summariesOf(parts, [version]);
  if (!summary) throw new TypeError('a version without a summary');
  const digests = version.digest === null ? [] : [version.digest];
  const [datasets, base, inherited, children] = await Promise.all([
    datasetsOf(database, version.id),
    baseOf(database, caller, version),
    inheritedBy(database, caller, version.id),
    linksBelow(database, [version.id], digests, MAX_CHILDREN),
  ]);
  return {
    ...summary,
    teamId: version.teamId,
    metrics: [...version.metrics],
    datasets,
    base,
    inherited,
    children: children.filter((one) => one.id !== version.id && inReach(caller, one.teamId)).length,
    may: mayOf(caller),
  };
}

export async function modelDetail(
  { database, ports }: Pick<ModelParts, 'database' | 'ports'>,
  caller: Caller,
  modelId: string,
): Promise<ModelDetail> {
  const [model]: Model[] = await modelsById(database, caller, [modelId]);
  if (!model) throw noSuchModel();
  const { rows } = await sql<{ id: string; version: string }>`
    select endpoint_id as id, version from endpoint_models where model_id = ${modelId}
    order by endpoint_id limit 200`.execute(database);
  const names = await ports.endpoints.names(
    caller,
    rows.map(({ id }) => id),
  );
  const endpoints = rows.flatMap(({ id, version }) => {
    const name = names.get(id);
    return name === undefined ? [] : [{ id, name, version }];
  });
  return { ...model, endpoints, may: mayOf(caller) };
}

export interface FileQuery {
  readonly cursor?: string | undefined;
  readonly limit: number;
  readonly prefix?: string | undefined;
}

/** Files in the order of their paths, with what was found in them. */
export async function filePage(
  { database, ports }: Pick<ModelParts, 'database' | 'ports'>,
  versionId: string,
  { cursor, limit, prefix = '' }: FileQuery,
): Promise<PageOf<VersionFile>> {
  const after = cursor === undefined ? null : Buffer.from(cursor, 'base64url').toString('utf8');
  if ([after ?? '', prefix].some((text) => text.includes('\0'))) {
    throw new AppError('invalid_input', 'no file has a path like this', {
      issues: [{ path: prefix.includes('\0') ? 'prefix' : 'cursor', message: 'has control characters' }],
    });
  }
  const { rows } = await sql<FileRef>`select path, sha256, size from model_version_files
    where version_id = ${versionId} and starts_with(path, ${prefix})
      and ${after === null ? sql`true` : sql`path > ${after}`}
    order by path limit ${limit + 1}`.execute(database);
  const page = rows.slice(0, limit);
  const known = await ports.scans.files(versionId, page);
  const last = page.at(-1);
  return {
    items: page.map((file) => {
      const scanned = known.get(file.path);
      return { ...file, format: scanned?.format ?? '', verdict: scanned?.verdict ?? null };
    }),
    next: rows.length > limit && last ? Buffer.from(last.path).toString('base64url') : null,
  };
}
