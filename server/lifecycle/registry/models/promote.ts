import type { VersionStage } from '@bartizan/contracts';
import { sql } from 'kysely';
import { AppError } from '../../../kernel/error.ts';
import type { Database } from '../../../platform/database/types.ts';
import { within } from '../../within.ts';
import type { StoredVersion } from '../model.ts';
import { inProduction } from './change-models.ts';
import type { ModelParts } from './parts.ts';
import { noSuchVersion } from './reach.ts';
import { findModel, findVersionById, resolveVersion } from './rows.ts';
import { requireAlias } from './texts.ts';
import type { Promotion, RegistryActor } from './types.ts';

/** Stages, aliases and removal: all that depends on which versions are in use. */
export function createPromotions({ database, audit, clock, ports }: ModelParts) {
  const witness = (
    actor: RegistryActor,
    version: StoredVersion,
    tx: Database,
    entry: readonly [string, object],
  ) =>
    audit.record(
      {
        actor,
        action: entry[0],
        subject: `version:${version.id}`,
        detail: { model: version.modelName, version: version.version, ...entry[1] },
      },
      tx,
    );

  /** The version with its model locked, so that which version is where changes one after the other. */
  async function locked(
    tx: Database,
    actor: RegistryActor,
    idOrName: string,
    ref: string | number,
  ): Promise<StoredVersion> {
    const model = await findModel(tx, actor, idOrName, true);
    const version = await resolveVersion(tx, model.id, ref);
    if (!version) throw noSuchVersion();
    return await findVersionById(tx, actor, version.id, true);
  }

  async function demandFit(tx: Database, promotion: Promotion): Promise<void> {
    const { version } = promotion;
    if (version.status !== 'ready') {
      throw new AppError('conflict', `version ${version.version} has no files that could be used`, {
        hint: 'Wait until it is ready, or choose another version.',
      });
    }
    await ports.demandPromotable(promotion, tx);
  }

  async function touch(tx: Database, modelId: string): Promise<void> {
    await sql`update models set updated_at = ${clock.now()} where id = ${modelId}`.execute(tx);
  }

  async function putAlias(
    tx: Database,
    actor: RegistryActor,
    version: StoredVersion,
    alias: string,
  ): Promise<StoredVersion> {
    requireAlias(alias);
    await demandFit(tx, { version, to: { alias } });
    const before = await resolveVersion(tx, version.modelId, alias);
    await sql`insert into model_aliases (model_id, alias, version_id)
      values (${version.modelId}, ${alias}, ${version.id})
      on conflict (model_id, alias) do update set version_id = excluded.version_id`.execute(tx);
    await touch(tx, version.modelId);
    await witness(actor, version, tx, [
      'models.alias-set',
      { alias, versionBefore: before?.version ?? null },
    ]);
    return await findVersionById(tx, actor, version.id);
  }

  async function archiveOthers(tx: Database, version: StoredVersion, stage: VersionStage): Promise<number[]> {
    const { rows } = await sql<{ version: number }>`update model_versions
      set stage = 'archived', updated_at = ${clock.now()}
      where model_id = ${version.modelId} and stage = ${stage} and id <> ${version.id} and removed_at is null
      returning version`.execute(tx);
    return rows.map((row) => row.version);
  }

  return Object.freeze({
    putAlias,

    setAlias: (actor: RegistryActor, idOrName: string, alias: string, version: number) =>
      within(database, async (tx) => putAlias(tx, actor, await locked(tx, actor, idOrName, version), alias)),

    removeAlias: (actor: RegistryActor, idOrName: string, alias: string): Promise<boolean> =>
      within(database, async (tx) => {
        const model = await findModel(tx, actor, idOrName, true);
        requireAlias(alias);
        const version = await resolveVersion(tx, model.id, alias);
        if (!version) return false;
        await sql`delete from model_aliases where model_id = ${model.id} and alias = ${alias}`.execute(tx);
        await touch(tx, model.id);
        await witness(actor, version, tx, ['models.alias-removed', { alias }]);
        return true;
      }),

    setStage: (
      actor: RegistryActor,
      idOrName: string,
      ref: string | number,
      { stage, archiveExisting }: { readonly stage: VersionStage; readonly archiveExisting: boolean },
    ): Promise<StoredVersion> =>
      within(database, async (tx) => {
        const version = await locked(tx, actor, idOrName, ref);
        const inUse = stage === 'staging' || stage === 'production';
        if (archiveExisting && !inUse) {
          throw new AppError('invalid_input', `versions in the stage "${stage}" are not archived`, {
            hint: 'Archive others when you move a version to staging or production.',
            issues: [{ path: 'archiveExisting', message: 'only with staging and production' }],
          });
        }
        if (inUse) await demandFit(tx, { version, to: { stage } });
        const archived = archiveExisting ? await archiveOthers(tx, version, stage) : [];
        await sql`update model_versions set stage = ${stage}, updated_at = ${clock.now()}
          where id = ${version.id}`.execute(tx);
        await touch(tx, version.modelId);
        await witness(actor, version, tx, [
          'models.stage-changed',
          { stage, stageBefore: version.stage, archived },
        ]);
        return await findVersionById(tx, actor, version.id);
      }),

    removeVersion: (
      actor: RegistryActor,
      idOrName: string,
      ref: string | number,
      force: boolean,
    ): Promise<void> =>
      within(database, async (tx) => {
        const version = await locked(tx, actor, idOrName, ref);
        const live = (await inProduction(tx, version.modelId)).includes(version.version);
        if (live && !force) {
          throw new AppError(
            'conflict',
            `version ${version.version} of ${version.modelName} is in production`,
            {
              hint: 'Move it out of production first, or remove it with force=true (--force).',
            },
          );
        }
        const now = clock.now();
        await sql`delete from model_aliases where version_id = ${version.id}`.execute(tx);
        await sql`delete from model_version_files where version_id = ${version.id}`.execute(tx);
        await sql`update model_versions set removed_at = ${now}, updated_at = ${now}
          where id = ${version.id}`.execute(tx);
        await touch(tx, version.modelId);
        await witness(actor, version, tx, [
          'models.version-removed',
          {
            digest: version.digest,
            aliases: version.aliases,
            stage: version.stage,
            inProduction: live,
            force,
          },
        ]);
      }),
  });
}
export type Promotions = ReturnType<typeof createPromotions>;
