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
  /** Whether the files of a version are given out now: neither scans, settings nor policies refuse them. */
  readonly givesOut: (versionId: string) => Promise<boolean>;
}

/** Versions that are asked about for one upload; content of others is sent again. */
const MOST_ASKED = 50;

/** Ends a transaction that was only a trial. */
class TrialOver extends Error {}

/** What uploads and downloads need, answered by the registry's models. */
export function modelPorts({ database, models, demandDownload, givesOut }: ModelPortsDeps): {
  readonly uploads: UploadPorts;
  readonly downloads: DownloadPorts;
} {
  const uploads: UploadPorts = {
    async prepare(principal, { model: name, teamId, base }) {
      let team: string | null = null;
      const trial = database.transaction().execute(async (tx) => {
        const named = { name, ...(teamId === undefined ? {} : { teamId }) };
        const { model } = await models.ensureModel(principal, named, tx);
        team = model.teamId;
        await models.createVersion(principal, model.id, { files: null, base: base ?? null }, tx);
        throw new TrialOver();
      });
      await trial.catch((error: unknown) => {
        if (!(error instanceof TrialOver)) throw error;
      });
      return team;
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
      // Those that have most of it first: whole versions are registered again more often than single files.
      const { rows } = await sql<{
        id: string;
        held: string[];
      }>`select v.id, array_agg(distinct f.sha256) as held
        from model_version_files f
        join model_versions v on v.id = f.version_id and v.removed_at is null and not v.quarantined
        join models m on m.id = v.model_id and m.removed_at is null and ${reachSql(principal, sql`m.team_id`)}
        where f.sha256 = any(${digests}::text[])
        group by v.id order by count(distinct f.sha256) desc, v.id desc limit ${MOST_ASKED}`.execute(
        database,
      );
      const given = new Set<string>();
      for (const { id, held } of rows) {
        if (held.every((sha256) => given.has(sha256)) || !(await givesOut(id))) continue;
        for (const sha256 of held) given.add(sha256);
      }
      return given;
    },
  };
  const downloads: DownloadPorts = {
    version: (principal, model, ref) => models.version(principal, model, ref),
    file: (versionId, path) => models.file(versionId, path),
    demand: demandDownload,
  };
  return Object.freeze({ uploads, downloads });
}
