import {
  mlflowRegistryRoutes as contracts,
  type RegisteredModelOut,
  type VersionOut,
} from '@bartizan/contracts';
import { AppError } from '../../../kernel/error.ts';
import { implement, type RouteImplementation } from '../../../platform/http/types.ts';
import type { Viewer } from '../../sight.ts';
import type { StoredModel, StoredVersion } from '../model.ts';
import type { RegistryParts } from '../parts.ts';
import { invalid, type Pair } from '../runs/model.ts';
import { modelToWire, toHex, toUuid } from './ids.ts';
import { limitOf } from './paging.ts';
import { aliasesOf, newestByStage, searchModels, searchVersions } from './registry-search.ts';
import { versionUri } from './uris.ts';

type Parts = Pick<RegistryParts, 'database' | 'tokens' | 'registry' | 'gate' | 'waitsForScan'> & {
  readonly createVersion: (
    principal: Parameters<RegistryParts['registry']['createVersion']>[0],
    input: NewRegistration,
  ) => Promise<StoredVersion>;
};

/** What `model-versions/create` asks for, as it came. */
export interface NewRegistration {
  readonly name: string;
  readonly source: string;
  readonly runId: string | undefined;
  readonly modelId: string | undefined;
  readonly description: string;
  readonly tags: Readonly<Record<string, string>>;
}

const STAGES = { none: 'None', staging: 'Staging', production: 'Production', archived: 'Archived' } as const;
type Stage = keyof typeof STAGES;

function stageFromWire(text: string): Stage {
  const stage = text.toLowerCase();
  if (Object.hasOwn(STAGES, stage)) return stage as Stage;
  throw invalid(`Invalid stage: it is one of ${Object.values(STAGES).join(', ')}`);
}

/** A number only: MLflow's clients name aliases elsewhere. */
function numberFromWire(version: string): number {
  if (/^[1-9]\d{0,9}$/.test(version)) return Number(version);
  throw invalid('Invalid version: it is a positive whole number');
}

export const tagsOf = (pairs: readonly Pair[]): Record<string, string> =>
  Object.fromEntries(pairs.map(({ key, value }) => [key, value]));
const pairsOf = (tags: Readonly<Record<string, string>>): Pair[] =>
  Object.entries(tags).map(([key, value]) => ({ key, value }));

/** What clients take for "there already" is that only where something is created; otherwise the state is wrong. */
async function inState<T>(act: Promise<T>): Promise<T> {
  try {
    return await act;
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'conflict') throw error;
    throw new AppError('invalid_input', error.message, {
      cause: error,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    });
  }
}

const idForClients = (id: string | null): string => (id === null ? '' : toHex(id));

function loggedIdForClients(id: string | null): { model_id?: string } {
  const uuid = id === null ? undefined : toUuid(id);
  return uuid === undefined ? {} : { model_id: modelToWire(uuid) };
}

/** Versions and models as MLflow's clients read them. */
export function createRegistryViews({
  database,
  registry,
  gate,
  waitsForScan,
}: Omit<Parts, 'createVersion'>) {
  async function statusOf(version: StoredVersion): Promise<Pick<VersionOut, 'status' | 'status_message'>> {
    if (version.status === 'failed') {
      return { status: 'FAILED_REGISTRATION', status_message: version.statusMessage };
    }
    if (version.status === 'pending') return { status: 'PENDING_REGISTRATION', status_message: '' };
    if (version.scan.quarantined) {
      const { message } = await gate.standing(version.id);
      return { status: 'FAILED_REGISTRATION', status_message: message };
    }
    const scanned = version.scan.state === 'done' || version.scan.state === 'failed';
    const waits = !scanned && (await waitsForScan());
    return { status: waits ? 'PENDING_REGISTRATION' : 'READY', status_message: '' };
  }

  async function versionOut(version: StoredVersion): Promise<VersionOut> {
    return {
      name: version.modelName,
      version: String(version.version),
      creation_timestamp: version.createdAt,
      last_updated_timestamp: version.updatedAt,
      user_id: version.createdBy,
      current_stage: STAGES[version.stage],
      description: version.description,
      source: version.source,
      run_id: idForClients(version.runId),
      run_link: '',
      ...(await statusOf(version)),
      tags: pairsOf(version.tags),
      aliases: [...version.aliases],
      ...loggedIdForClients(version.loggedModelId),
    };
  }

  const versionsOut = (versions: readonly StoredVersion[]) => Promise.all(versions.map(versionOut));

  async function modelsOut(viewer: Viewer, models: readonly StoredModel[]): Promise<RegisteredModelOut[]> {
    const ids = models.map(({ id }) => id);
    const [aliases, newest] = await Promise.all([
      aliasesOf(database, ids),
      newestByStage(database, ids, null),
    ]);
    const versions = await registry.versionsById(viewer, [...newest.values()].flat());
    return await Promise.all(
      models.map(async (model) => ({
        name: model.name,
        creation_timestamp: model.createdAt,
        last_updated_timestamp: model.updatedAt,
        user_id: model.createdBy,
        description: model.description,
        latest_versions: await versionsOut(versions.filter(({ modelId }) => modelId === model.id)),
        tags: pairsOf(model.tags),
        aliases: [...(aliases.get(model.id) ?? [])],
      })),
    );
  }

  async function oneModel(
    viewer: Viewer,
    model: StoredModel,
  ): Promise<{ registered_model: RegisteredModelOut }> {
    const [registered_model] = await modelsOut(viewer, [model]);
    if (!registered_model) throw new TypeError('a model is missing from its own list');
    return { registered_model };
  }

  return Object.freeze({
    versionsOut,
    modelsOut,
    oneModel,
    oneVersion: async (version: StoredVersion) => ({ model_version: await versionOut(version) }),
  });
}
type Views = ReturnType<typeof createRegistryViews>;

function modelRoutes({ database, tokens, registry }: Parts, views: Views): RouteImplementation[] {
  const get = async (viewer: Viewer, name: string) =>
    await views.oneModel(viewer, await registry.model(viewer, name));

  async function latest(viewer: Viewer, name: string, stages: readonly string[]) {
    const model = await registry.model(viewer, name);
    const asked = stages.length === 0 ? null : stages.map(stageFromWire);
    const newest = await newestByStage(database, [model.id], asked);
    const versions = await registry.versionsById(viewer, newest.get(model.id) ?? []);
    return { model_versions: await views.versionsOut(versions) };
  }

  return [
    implement(contracts.createRegisteredModel, async ({ body }, { principal }) => {
      const tags = tagsOf(body.tags);
      if (tags['mlflow.prompt.is_prompt'] === 'true') throw invalid('prompts are not kept here, only models');
      const model = await registry.createModel(principal, {
        name: body.name,
        description: body.description ?? '',
        tags,
      });
      return await views.oneModel(principal, model);
    }),
    implement(contracts.renameRegisteredModel, async ({ body }, { principal }) => {
      await registry.updateModel(principal, body.name, { name: body.new_name });
      return await get(principal, body.new_name);
    }),
    implement(contracts.updateRegisteredModel, async ({ body }, { principal }) => {
      await registry.updateModel(principal, body.name, { description: body.description ?? '' });
      return await get(principal, body.name);
    }),
    implement(contracts.deleteRegisteredModel, async ({ body }, { principal }) => {
      await inState(registry.removeModel(principal, body.name, false));
      return {};
    }),
    implement(contracts.getRegisteredModel, ({ query }, { principal }) => get(principal, query.name)),
    implement(contracts.searchRegisteredModels, async ({ query }, { principal }) => {
      const page = await searchModels({ database, tokens }, principal, {
        filter: query.filter,
        orderBy: query.order_by,
        limit: limitOf(query.max_results, { usual: 100, most: 1_000 }),
        token: query.page_token,
      });
      const models = await Promise.all(page.items.map((id) => registry.model(principal, id)));
      return {
        registered_models: await views.modelsOut(principal, models),
        ...(page.next === null ? {} : { next_page_token: page.next }),
      };
    }),
    implement(contracts.latestVersions, ({ body }, { principal }) =>
      latest(principal, body.name, body.stages),
    ),
    implement(contracts.latestVersionsAsked, ({ query }, { principal }) =>
      latest(principal, query.name, query.stages),
    ),
    implement(contracts.setModelTag, async ({ body }, { principal }) => {
      await registry.tagModel(principal, body.name, { set: { [body.key]: body.value }, remove: [] });
      return {};
    }),
    implement(contracts.deleteModelTag, async ({ body }, { principal }) => {
      await registry.tagModel(principal, body.name, { set: {}, remove: [body.key] });
      return {};
    }),
    implement(contracts.setAlias, async ({ body }, { principal }) => {
      await inState(registry.setAlias(principal, body.name, body.alias, numberFromWire(body.version)));
      return {};
    }),
    implement(contracts.deleteAlias, async ({ body }, { principal }) => {
      await registry.removeAlias(principal, body.name, body.alias);
      return {};
    }),
    implement(contracts.getByAlias, async ({ query }, { principal }) => {
      if (/^\d+$/.test(query.alias)) throw invalid('Invalid alias: it reads like the number of a version');
      return await views.oneVersion(await registry.version(principal, query.name, query.alias));
    }),
  ];
}

function versionRoutes(parts: Parts, views: Views): RouteImplementation[] {
  const { database, tokens, registry, createVersion } = parts;
  const find = (viewer: Viewer, { name, version }: { name: string; version: string }) =>
    registry.version(viewer, name, numberFromWire(version));

  return [
    implement(contracts.createVersion, async ({ body }, { principal }) =>
      views.oneVersion(
        await createVersion(principal, {
          name: body.name,
          source: body.source,
          runId: body.run_id || undefined,
          modelId: body.model_id || undefined,
          description: body.description ?? '',
          tags: tagsOf(body.tags),
        }),
      ),
    ),
    implement(contracts.updateVersion, async ({ body }, { principal }) => {
      const description = body.description ?? '';
      const ref = String(numberFromWire(body.version));
      return await views.oneVersion(await registry.updateVersion(principal, body.name, ref, { description }));
    }),
    implement(contracts.transitionStage, async ({ body }, { principal }) => {
      const move = {
        stage: stageFromWire(body.stage),
        archiveExisting: body.archive_existing_versions ?? false,
      };
      const moved = inState(registry.setStage(principal, body.name, numberFromWire(body.version), move));
      return await views.oneVersion(await moved);
    }),
    implement(contracts.deleteVersion, async ({ body }, { principal }) => {
      await inState(registry.removeVersion(principal, body.name, numberFromWire(body.version), false));
      return {};
    }),
    implement(contracts.getVersion, async ({ query }, { principal }) =>
      views.oneVersion(await find(principal, query)),
    ),
    implement(contracts.searchVersions, async ({ query }, { principal }) => {
      const page = await searchVersions({ database, tokens }, principal, {
        filter: query.filter,
        orderBy: query.order_by,
        limit: limitOf(query.max_results, { usual: 1_000, most: 5_000 }),
        token: query.page_token,
      });
      const versions = await registry.versionsById(principal, page.items);
      return {
        model_versions: await views.versionsOut(versions),
        ...(page.next === null ? {} : { next_page_token: page.next }),
      };
    }),
    implement(contracts.getDownloadUri, async ({ query }, { principal }) => ({
      artifact_uri: versionUri((await find(principal, query)).id),
    })),
    implement(contracts.setVersionTag, async ({ body }, { principal }) => {
      const edit = { set: { [body.key]: body.value }, remove: [] };
      await registry.tagVersion(principal, body.name, numberFromWire(body.version), edit);
      return {};
    }),
    implement(contracts.deleteVersionTag, async ({ body }, { principal }) => {
      const edit = { set: {}, remove: [body.key] };
      await registry.tagVersion(principal, body.name, numberFromWire(body.version), edit);
      return {};
    }),
  ];
}

export function registryRoutes(parts: Parts): RouteImplementation[] {
  const views = createRegistryViews(parts);
  return [...modelRoutes(parts, views), ...versionRoutes(parts, views)];
}
