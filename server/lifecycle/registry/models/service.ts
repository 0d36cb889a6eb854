import { sql } from 'kysely';
import type { Database } from '../../../platform/database/types.ts';
import type { Viewer } from '../../sight.ts';
import type { StoredVersion } from '../model.ts';
import { createModelChanges } from './change-models.ts';
import { createVersionChanges } from './change-versions.ts';
import { compareVersions } from './compare.ts';
import { registryCounts } from './counts.ts';
import { lineageOf } from './lineage.ts';
import { listModels, listVersions, modelsById } from './list.ts';
import type { ModelParts } from './parts.ts';
import { createPromotions } from './promote.ts';
import { inReach, noSuchModel, reachSql } from './reach.ts';
import { filesOf, findModel, findVersion, findVersionById, isId, selectVersions } from './rows.ts';
import { createServed } from './served.ts';
import { baseOf, datasetsOf, detailOf, filePage, modelDetail, summariesOf } from './show.ts';
import type { RegistryService } from './types.ts';

/** See {@link RegistryService} for the contract. */
export function createModelService(parts: ModelParts) {
  const { database, ports } = parts;
  const models = createModelChanges(parts);
  const { putAlias, ...promotions } = createPromotions(parts);
  const versions = createVersionChanges(parts, { putAlias });
  const served = createServed(parts);

  const shown = async (viewer: Viewer, id: string) => {
    const [model] = await modelsById(database, viewer, [id]);
    if (!model) throw noSuchModel();
    return model;
  };
  const compared = async (version: StoredVersion) => ({
    version,
    files: await filesOf(database, version.id),
    findings: await ports.scans.findings(version.id),
  });

  const service: RegistryService = {
    ...versions,
    ...promotions,
    createModel: models.createModel,
    ensureModel: models.ensureModel,
    removeModel: models.removeModel,
    model: (viewer, idOrName, within = database) => findModel(within, viewer, idOrName),

    async names(viewer, ids) {
      const known = ids.filter(isId);
      if (known.length === 0) return new Map();
      const { rows } = await sql<{ id: string; name: string }>`select m.id, m.name from models m
        where m.id = any(${known}::uuid[]) and m.removed_at is null and ${reachSql(viewer, sql`m.team_id`)}`.execute(
        database,
      );
      return new Map(rows.map(({ id, name }) => [id, name]));
    },

    listModels: (viewer, query) => listModels(database, viewer, query),
    async showModel(caller, idOrName) {
      const { id } = await findModel(database, caller, idOrName);
      return await modelDetail(parts, caller, id);
    },
    showModels: (viewer, ids) => modelsById(database, viewer, ids.filter(isId)),
    async updateModel(caller, idOrName, change) {
      const { id } = await models.updateModel(caller, idOrName, change);
      return await shown(caller, id);
    },
    async tagModel(actor, idOrName, edit, within) {
      const { id } = await models.tagModel(actor, idOrName, edit, within);
      const [model] = await modelsById(within ?? database, actor, [id]);
      if (!model) throw noSuchModel();
      return model;
    },

    version: (viewer, idOrName, ref, within = database) => findVersion(within, viewer, idOrName, ref),
    versionById: (viewer, versionId, within = database) => findVersionById(within, viewer, versionId),
    async versionsById(viewer, versionIds) {
      const known = versionIds.filter(isId);
      if (known.length === 0) return [];
      const rows = await selectVersions(database, sql`v.id = any(${known}::uuid[])`);
      const byId = new Map(rows.map((row) => [row.id, row]));
      return known.flatMap((id) => {
        const version = byId.get(id);
        return version && inReach(viewer, version.teamId) ? [version] : [];
      });
    },
    files: (versionId, within: Database = database) => filesOf(within, versionId),
    async file(versionId, path) {
      if (!isId(versionId) || path.includes('\0') || !path.isWellFormed()) return undefined;
      const { rows } = await sql<{ path: string; sha256: string; size: number }>`
        select path, sha256, size from model_version_files
        where version_id = ${versionId} and path = ${path}`.execute(database);
      return rows[0];
    },
    datasets: (versionId) => datasetsOf(database, versionId),
    baseOf: (viewer, version) => baseOf(database, viewer, version),

    async listVersions(viewer, idOrName, query) {
      const { id } = await findModel(database, viewer, idOrName);
      const { items, next } = await listVersions(database, id, query);
      return { items: await summariesOf(parts, items), next };
    },
    async showVersion(caller, idOrName, ref) {
      return await detailOf(parts, caller, await findVersion(database, caller, idOrName, ref));
    },
    async listFiles(viewer, idOrName, ref, query) {
      const { id } = await findVersion(database, viewer, idOrName, ref);
      return await filePage(parts, id, query);
    },
    async lineage(viewer, idOrName, ref, limits) {
      return await lineageOf(parts, viewer, await findVersion(database, viewer, idOrName, ref), limits);
    },
    async compare(viewer, from, to) {
      const before = await findVersion(database, viewer, from.model, from.ref);
      const after = await findVersion(database, viewer, to.model, to.ref);
      return compareVersions(await compared(before), await compared(after));
    },
  };
  return Object.freeze({
    ...service,
    ...served,
    /** As lists show it. */
    summary: async (version: StoredVersion) => {
      const [summary] = await summariesOf(parts, [version]);
      if (!summary) throw new TypeError('a version without a summary');
      return summary;
    },
    /** As its page shows it. */
    detail: (...args: [Parameters<typeof detailOf>[1], StoredVersion]) => detailOf(parts, ...args),
    shown,
    counts: () => registryCounts(database),
    /** Every model there is, for stages that look after the whole inventory. */
    async known(): Promise<KnownModel[]> {
      const { rows } = await sql<KnownModel>`
        select m.id, m.name, m.team_id as "teamId",
          exists (select from model_versions v where v.model_id = m.id and v.removed_at is null
            and (v.stage = 'production' or exists (select from model_aliases a where a.version_id = v.id))) as "inUse",
          coalesce((select jsonb_agg(jsonb_build_object('alias', a.alias, 'version', v.version::text) order by a.alias)
            from model_aliases a join model_versions v on v.id = a.version_id where a.model_id = m.id), '[]') as aliases
        from models m where m.removed_at is null order by lower(m.name), m.id`.execute(database);
      return rows;
    },
  });
}
export interface KnownModel {
  readonly id: string;
  readonly name: string;
  readonly teamId: string | null;
  /** A version of it is in production, or has an alias by which others load it. */
  readonly inUse: boolean;
  readonly aliases: readonly { readonly alias: string; readonly version: string }[];
}
export type ModelService = ReturnType<typeof createModelService>;
