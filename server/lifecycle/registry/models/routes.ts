import { registryRoutes as contracts } from '@bartizan/contracts';
import { AppError } from '../../../kernel/error.ts';
import { implement, type RouteImplementation } from '../../../platform/http/types.ts';
import type { NewModel } from '../model.ts';
import type { ModelService } from './service.ts';

export function modelRoutes(models: ModelService): RouteImplementation[] {
  return [
    implement(contracts.list, ({ query }, { principal }) => models.listModels(principal, query)),
    implement(contracts.create, async ({ body }, { principal }) => {
      const { teamId, ...rest } = body;
      const input: NewModel = teamId === undefined ? rest : { ...rest, teamId };
      const { id } = await models.createModel(principal, input);
      return await models.shown(principal, id);
    }),
    implement(contracts.get, ({ params }, { principal }) => models.showModel(principal, params.model)),
    implement(contracts.update, ({ params, body }, { principal }) =>
      models.updateModel(principal, params.model, body),
    ),
    implement(contracts.tag, ({ params, body }, { principal }) =>
      models.tagModel(principal, params.model, body),
    ),
    implement(contracts.remove, async ({ params, query }, { principal }) => {
      await models.removeModel(principal, params.model, query.force === 'true');
      return {};
    }),
    implement(contracts.setAlias, async ({ params, body }, { principal }) => {
      const { version } = await models.setAlias(principal, params.model, params.alias, body.version);
      return { alias: params.alias, version };
    }),
    implement(contracts.removeAlias, async ({ params }, { principal }) => {
      if (await models.removeAlias(principal, params.model, params.alias)) return {};
      throw new AppError('not_found', 'the model has no such alias');
    }),
    implement(contracts.compare, ({ params, query }, { principal }) =>
      models.compare(
        principal,
        { model: params.model, ref: query.from },
        { model: query.toModel ?? params.model, ref: query.to },
      ),
    ),
    ...versionRoutes(models),
    implement(contracts.served, async ({ params }, { principal }) => ({
      items: await models.servedBy(principal, params.id),
    })),
    implement(contracts.setServed, async ({ params, body }, { principal }) => ({
      items: await models.setServed(principal, params.id, body.items),
    })),
  ];
}

function versionRoutes(models: ModelService): RouteImplementation[] {
  return [
    implement(contracts.versions, ({ params, query }, { principal }) =>
      models.listVersions(principal, params.model, query),
    ),
    implement(contracts.version, ({ params }, { principal }) =>
      models.showVersion(principal, params.model, params.version),
    ),
    implement(contracts.updateVersion, async ({ params, body }, { principal }) =>
      models.detail(principal, await models.updateVersion(principal, params.model, params.version, body)),
    ),
    implement(contracts.tagVersion, async ({ params, body }, { principal }) =>
      models.summary(await models.tagVersion(principal, params.model, params.version, body)),
    ),
    implement(contracts.stage, async ({ params, body }, { principal }) =>
      models.summary(await models.setStage(principal, params.model, params.version, body)),
    ),
    implement(contracts.removeVersion, async ({ params, query }, { principal }) => {
      await models.removeVersion(principal, params.model, params.version, query.force === 'true');
      return {};
    }),
    implement(contracts.files, ({ params, query }, { principal }) =>
      models.listFiles(principal, params.model, params.version, query),
    ),
    implement(contracts.lineage, ({ params, query }, { principal }) =>
      models.lineage(principal, params.model, params.version, query),
    ),
  ];
}
