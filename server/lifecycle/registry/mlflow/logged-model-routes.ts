import { mlflowTrackingRoutes as contracts } from '@bartizan/contracts';
import { implement, type RouteImplementation } from '../../../platform/http/types.ts';
import type { Viewer } from '../../sight.ts';
import type { RegistryParts } from '../parts.ts';
import type { StoredLoggedModel } from '../runs/model.ts';
import { experimentFromWire, experimentsFromWire, modelFromWire, runFromWire } from './ids.ts';
import { limitOf } from './paging.ts';
import { registrationsOf } from './registry-search.ts';
import { loggedModelOut, loggedModelStatusFromWire } from './wire.ts';

type Parts = Pick<RegistryParts, 'database' | 'loggedModels'>;

/** The models of MLflow 3: logged first, perhaps registered later. */
export function loggedModelRoutes({ database, loggedModels }: Parts): RouteImplementation[] {
  async function shown(viewer: Viewer, found: readonly StoredLoggedModel[]) {
    const ids = found.map(({ id }) => id);
    const [data, registrations] = await Promise.all([
      loggedModels.dataOf(ids),
      registrationsOf(database, viewer, ids),
    ]);
    return found.map((model) => loggedModelOut(model, data.get(model.id), registrations.get(model.id) ?? []));
  }

  async function one(viewer: Viewer, id: string) {
    const [model] = await shown(viewer, [await loggedModels.get(viewer, id)]);
    if (!model) throw new TypeError('a model is missing from its own list');
    return { model };
  }

  return [
    implement(contracts.createLoggedModel, async ({ body }, { principal }) => {
      const id = await loggedModels.create(principal, {
        experimentId: experimentFromWire(body.experiment_id),
        sourceRunId: body.source_run_id ? runFromWire({ run_id: body.source_run_id }) : undefined,
        name: body.name,
        type: body.model_type ?? '',
        params: body.params,
        tags: body.tags,
      });
      return await one(principal, id);
    }),
    implement(contracts.searchLoggedModels, async ({ body }, { principal }) => {
      const page = await loggedModels.search(principal, {
        experimentIds: experimentsFromWire(body.experiment_ids),
        filter: body.filter,
        orderBy: body.order_by.map(({ field_name, ascending }) => ({
          field: field_name,
          ascending: ascending ?? true,
        })),
        datasets: body.datasets.map(({ dataset_name, dataset_digest }) => ({
          name: dataset_name,
          digest: dataset_digest,
        })),
        limit: limitOf(body.max_results, { usual: 100, most: 1_000 }),
        token: body.page_token,
      });
      const models = await shown(principal, page.items);
      return { models, ...(page.next === null ? {} : { next_page_token: page.next }) };
    }),
    implement(contracts.getLoggedModel, ({ params }, { principal }) =>
      one(principal, modelFromWire(params.modelId)),
    ),
    implement(contracts.finalizeLoggedModel, async ({ params, body }, { principal }) => {
      const id = modelFromWire(params.modelId);
      await loggedModels.finalize(principal, id, loggedModelStatusFromWire(body.status));
      return await one(principal, id);
    }),
    implement(contracts.deleteLoggedModel, async ({ params }, { principal }) => {
      await loggedModels.remove(principal, modelFromWire(params.modelId));
      return {};
    }),
    implement(contracts.setLoggedModelTags, async ({ params, body }, { principal }) => {
      const id = modelFromWire(params.modelId);
      await loggedModels.setTags(principal, id, body.tags);
      return await one(principal, id);
    }),
    implement(contracts.deleteLoggedModelTag, async ({ params }, { principal }) => {
      await loggedModels.deleteTag(principal, modelFromWire(params.modelId), params['*']);
      return {};
    }),
    implement(contracts.logLoggedModelParams, async ({ params, body }, { principal }) => {
      await loggedModels.logParams(principal, modelFromWire(params.modelId), body.params);
      return {};
    }),
  ];
}
