import { sql } from 'kysely';
import type { Database } from '../../../platform/database/types.ts';
import type { Principal } from '../../../platform/http/types.ts';
import { reachSql } from '../models/reach.ts';
import type { RegistryService } from '../models/types.ts';
import type { DownloadPorts } from './download.ts';
import type { UploadPorts } from './ports.ts';

export interface ModelPortsDeps {
  readonly database: Database;
  readonly models: Pick<RegistryService, 'ensureModel' | 'createVersion' | 'announce' | 'version' | 'file'>;
  /** Throws where the files of a version must not be given out. */
  readonly demandDownload: DownloadPorts['demand'];
}

/** Ends a transaction that was only a trial. */
class TrialOver extends Error {}

/** What uploads and downloads need, answered by the registry's models. */
export function modelPorts({ database, models, demandDownload }: ModelPortsDeps): {
  readonly uploads: UploadPorts;
  readonly downloads: DownloadPorts;
} {
  const uploads: UploadPorts = {
    async prepare(principal, { model: name, teamId, base }) {
      const trial = database.transaction().execute(async (tx) => {
        const named = { name, ...(teamId === undefined ? {} : { teamId }) };
        const { model } = await models.ensureModel(principal, named, tx);
        await models.createVersion(principal, model.id, { files: null, base: base ?? null }, tx);
        throw new TrialOver();
      });
      await trial.catch((error: unknown) => {
        if (!(error instanceof TrialOver)) throw error;
      });
    },
    async createVersion(principal, { model: name, teamId, alias, base, ...version }, tx) {
      const named = { name, ...(teamId === undefined ? {} : { teamId }) };
      const { model } = await models.ensureModel(principal, named, tx);
      const made = await models.createVersion(
        principal,
        model.id,
        { ...version, ...(alias === undefined ? {} : { alias }), base: base ?? null },
        tx,
      );
      const { id: versionId, modelId, modelName, version: number } = made;
      return { modelId, model: modelName, versionId, version: number, digest: made.digest ?? '' };
    },
    created: ({ versionId, modelId }) => models.announce({ id: versionId, modelId }),
    async downloadable(principal: Principal, digests) {
      if (!principal.permissions.has('models.download') || digests.length === 0) return new Set();
      const { rows } = await sql<{ sha256: string }>`select distinct f.sha256
        from model_version_files f
        join model_versions v on v.id = f.version_id and v.removed_at is null and not v.quarantined
        join models m on m.id = v.model_id and m.removed_at is null and ${reachSql(principal, sql`m.team_id`)}
        where f.sha256 = any(${digests}::text[])`.execute(database);
      return new Set(rows.map(({ sha256 }) => sha256));
    },
  };
  const downloads: DownloadPorts = {
    version: (principal, model, ref) => models.version(principal, model, ref),
    file: (versionId, path) => models.file(versionId, path),
    demand: demandDownload,
  };
  return Object.freeze({ uploads, downloads });
}
