import type { VersionChange, VersionDataset, VersionMetric } from '@bartizan/contracts';
import { sql } from 'kysely';
import { AppError } from '../../../kernel/error.ts';
import { uuidv7 } from '../../../kernel/id.ts';
import type { Database } from '../../../platform/database/types.ts';
import type { Caller } from '../../../reviews/index.ts';
import { isForeignKeyViolation } from '../../sql-state.ts';
import { within } from '../../within.ts';
import {
  type FileRef,
  type NewVersion,
  requireFiles,
  type ScanNote,
  type StoredBase,
  type StoredVersion,
  versionDigest,
} from '../model.ts';
import { demandBase, resolveBase } from './base.ts';
import type { ModelParts } from './parts.ts';
import type { Promotions } from './promote.ts';
import { findModel, findVersion, findVersionById } from './rows.ts';
import { editTags } from './tags.ts';
import { requireText } from './texts.ts';
import type { RegistryActor, TagEdit } from './types.ts';

const MAX_METRICS = 10_000;
const MAX_DATASETS = 1_000;

const notStored = (cause?: unknown): AppError =>
  new AppError('invalid_input', 'a file of the version does not lie in the store as it is described', {
    hint: 'Upload the files again.',
    cause,
  });

async function insertFiles(tx: Database, versionId: string, files: readonly FileRef[]): Promise<void> {
  const paths = files.map(({ path }) => path);
  const digests = files.map(({ sha256 }) => sha256);
  const sizes = files.map(({ size }) => size);
  const done = await sql`insert into model_version_files (version_id, path, sha256, size)
    select ${versionId}::uuid, f.path, f.sha256, f.size
    from unnest(${paths}::text[], ${digests}::text[], ${sizes}::bigint[]) as f (path, sha256, size)
    join objects o on o.sha256 = f.sha256 and o.size = f.size`
    .execute(tx)
    .catch((cause: unknown) => {
      throw isForeignKeyViolation(cause) ? notStored(cause) : cause;
    });
  if (Number(done.numAffectedRows ?? 0) !== files.length) throw notStored();
}

async function insertDatasets(tx: Database, versionId: string, datasets: readonly VersionDataset[]) {
  if (datasets.length === 0) return;
  await sql`insert into model_version_datasets (version_id, position, name, digest, context, source)
    select ${versionId}::uuid, d.position, d.name, d.digest, d.context, d.source
    from jsonb_to_recordset(${JSON.stringify(datasets.map((one, position) => ({ ...one, position })))}::jsonb)
      as d (position integer, name text, digest text, context text, source text)`.execute(tx);
}

/** Throws `invalid_input` for what cannot be kept of a new version. */
function requireKeepable(input: NewVersion): void {
  requireText('description', input.description ?? '', 10_000);
  requireText('source', input.source ?? '', 2_000);
  requireText('runId', input.runId ?? '', 100);
  requireText('loggedModelId', input.loggedModelId ?? '', 100);
  const metrics: readonly VersionMetric[] = input.metrics ?? [];
  const datasets = input.datasets ?? [];
  if (metrics.length > MAX_METRICS || datasets.length > MAX_DATASETS) {
    throw new AppError('invalid_input', 'a version has too many metrics or datasets', {
      hint: `Keep to ${MAX_METRICS} metrics and ${MAX_DATASETS} datasets.`,
    });
  }
  for (const { key } of metrics) requireText('metrics', key, 250);
  for (const one of datasets) {
    requireText('datasets', one.name, 500);
    requireText('datasets', one.digest, 500);
    requireText('datasets', one.context, 500);
    requireText('datasets', one.source, 65_000);
  }
  if (input.files !== null) requireFiles(input.files);
}

const columnsOf = (base: StoredBase | null) => ({
  versionId: base?.kind === 'version' ? base.versionId : null,
  name: base?.kind === 'external' ? base.name : null,
  digest: base?.kind === 'external' ? base.digest : null,
});

const sizeOf = (files: readonly FileRef[]): number => files.reduce((sum, { size }) => sum + size, 0);

const describe = (version: StoredVersion) => ({
  model: version.modelName,
  version: version.version,
  digest: version.digest,
  files: version.fileCount,
  bytes: version.bytes,
});

export function createVersionChanges(parts: ModelParts, promotions: Pick<Promotions, 'putAlias'>) {
  const { database, audit, clock, events } = parts;

  const witness = (actor: RegistryActor, versionId: string, tx: Database, entry: readonly [string, object]) =>
    audit.record({ actor, action: entry[0], subject: `version:${versionId}`, detail: { ...entry[1] } }, tx);

  const announce = ({ id, modelId }: Pick<StoredVersion, 'id' | 'modelId'>): void =>
    events.emit('version.created', { modelId, versionId: id });

  /** Announces what became ready once it is committed; in the caller's transaction that is theirs to do. */
  async function announced(
    given: Database,
    run: (tx: Database) => Promise<StoredVersion>,
  ): Promise<StoredVersion> {
    const version = await within(given, run);
    if (!given.isTransaction && version.status === 'ready') announce(version);
    return version;
  }

  /** Numbers come from the model's row, which stays locked until the transaction ends: none is given twice. */
  async function nextNumber(tx: Database, modelId: string): Promise<number> {
    const { rows } = await sql<{ version: number }>`update models
      set last_version = last_version + 1, updated_at = ${clock.now()}
      where id = ${modelId} and removed_at is null returning last_version as version`.execute(tx);
    const [row] = rows;
    if (!row) throw new AppError('not_found', 'there is no such model');
    return row.version;
  }

  async function insert(
    tx: Database,
    actor: RegistryActor,
    modelId: string,
    input: NewVersion,
  ): Promise<StoredVersion> {
    const base = input.base ? await resolveBase(tx, actor, input.base) : null;
    if (base) await demandBase(tx, null, base);
    const now = clock.now();
    const id = uuidv7(now);
    const number = await nextNumber(tx, modelId);
    const { files } = input;
    const columns = columnsOf(base);
    await sql`insert into model_versions (id, model_id, version, digest, status, status_message, stage, description,
        source, run_id, logged_model_id, file_count, bytes, metrics, base_version_id, base_name, base_digest,
        created_by, created_at, updated_at)
      values (${id}, ${modelId}, ${number}, ${files ? versionDigest(files) : null}, ${files ? 'ready' : 'pending'},
        '', 'none', ${input.description ?? ''}, ${input.source ?? ''}, ${input.runId ?? null},
        ${input.loggedModelId ?? null}, ${files?.length ?? 0}, ${sizeOf(files ?? [])},
        ${JSON.stringify(input.metrics ?? [])}::jsonb, ${columns.versionId}, ${columns.name}, ${columns.digest},
        ${actor.name}, ${now}, ${now})`.execute(tx);
    if (files) await insertFiles(tx, id, files);
    await insertDatasets(tx, id, input.datasets ?? []);
    if (input.tags) await editTags(tx, 'version', id, { set: input.tags, remove: [] });
    const version = await findVersionById(tx, actor, id);
    await witness(actor, id, tx, ['models.version-added', { ...describe(version), base: version.base }]);
    if (input.alias === undefined) return version;
    return await promotions.putAlias(tx, actor, version, input.alias);
  }

  async function demandPending(
    tx: Database,
    actor: RegistryActor,
    versionId: string,
  ): Promise<StoredVersion> {
    const version = await findVersionById(tx, actor, versionId, true);
    if (version.status === 'pending') return version;
    throw new AppError('conflict', 'the version is not pending any more', {
      hint: 'Its files cannot be changed; make a new version.',
    });
  }

  return Object.freeze({
    announce,

    createVersion: (actor: RegistryActor, idOrName: string, input: NewVersion, given: Database = database) =>
      announced(given, async (tx) => {
        requireKeepable(input);
        const model = await findModel(tx, actor, idOrName, true);
        return await insert(tx, actor, model.id, input);
      }),

    finishVersion: (
      actor: RegistryActor,
      versionId: string,
      files: readonly FileRef[],
      given: Database = database,
    ) =>
      announced(given, async (tx) => {
        requireFiles(files);
        await demandPending(tx, actor, versionId);
        await insertFiles(tx, versionId, files);
        await sql`update model_versions set status = 'ready', digest = ${versionDigest(files)},
            file_count = ${files.length}, bytes = ${sizeOf(files)}, updated_at = ${clock.now()}
          where id = ${versionId}`.execute(tx);
        const version = await findVersionById(tx, actor, versionId);
        await witness(actor, versionId, tx, ['models.version-finished', describe(version)]);
        return version;
      }),

    failVersion: (actor: RegistryActor, versionId: string, message: string, given: Database = database) =>
      within(given, async (tx): Promise<StoredVersion> => {
        requireText('message', message, 1_000);
        await demandPending(tx, actor, versionId);
        await sql`update model_versions set status = 'failed', status_message = ${message},
            updated_at = ${clock.now()} where id = ${versionId}`.execute(tx);
        const version = await findVersionById(tx, actor, versionId);
        await witness(actor, versionId, tx, ['models.version-failed', { ...describe(version), message }]);
        return version;
      }),

    updateVersion: (caller: Caller, idOrName: string, ref: string, change: VersionChange) =>
      within(database, async (tx): Promise<StoredVersion> => {
        const { id } = await findVersion(tx, caller, idOrName, ref);
        const before = await findVersionById(tx, caller, id, true);
        const description = change.description ?? before.description;
        requireText('description', description, 10_000);
        const base = await nextBase(tx, caller, before, change.base);
        const columns = columnsOf(base);
        await sql`update model_versions set description = ${description}, base_version_id = ${columns.versionId},
            base_name = ${columns.name}, base_digest = ${columns.digest}, updated_at = ${clock.now()}
          where id = ${id}`.execute(tx);
        await witness(caller, id, tx, [
          'models.version-changed',
          {
            model: before.modelName,
            version: before.version,
            descriptionChanged: description !== before.description,
            ...(change.base === undefined ? {} : { base, baseBefore: before.base }),
          },
        ]);
        return await findVersionById(tx, caller, id);
      }),

    tagVersion: (actor: RegistryActor, idOrName: string, ref: string | number, edit: TagEdit) =>
      within(database, async (tx): Promise<StoredVersion> => {
        const found = await findVersion(tx, actor, idOrName, ref);
        const version = await findVersionById(tx, actor, found.id, true);
        await editTags(tx, 'version', version.id, edit);
        await sql`update model_versions set updated_at = ${clock.now()} where id = ${version.id}`.execute(tx);
        await witness(actor, version.id, tx, [
          'models.version-tagged',
          {
            model: version.modelName,
            version: version.version,
            set: Object.keys(edit.set),
            removed: edit.remove,
          },
        ]);
        return await findVersionById(tx, actor, version.id);
      }),

    async noteScan(versionId: string, note: ScanNote, given: Database = database): Promise<void> {
      await sql`update model_versions set scan_state = ${note.state}, scan_verdict = ${note.verdict},
          quarantined = ${note.quarantined}, severities = ${JSON.stringify(note.severities)}::jsonb,
          formats = ${[...note.formats]}::text[], scanned_at = ${note.at}
        where id = ${versionId}`.execute(given);
    },
  });
}

/** The base after a change; to replace or take away one that is there takes `models.manage`. */
async function nextBase(
  tx: Database,
  caller: Caller,
  before: StoredVersion,
  input: VersionChange['base'],
): Promise<StoredBase | null> {
  if (input === undefined) return before.base;
  const base = input === null ? null : await resolveBase(tx, caller, input);
  if (before.base !== null && !caller.permissions.has('models.manage')) {
    throw new AppError('forbidden', 'what this version was made from is already stated', {
      hint: 'Changing that hides what it inherits; it takes the permission models.manage.',
    });
  }
  if (base) await demandBase(tx, before.id, base);
  return base;
}
