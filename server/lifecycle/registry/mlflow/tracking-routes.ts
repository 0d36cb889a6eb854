import { mlflowTrackingRoutes as contracts } from '@bartizan/contracts';
import { implement, type RouteImplementation } from '../../../platform/http/types.ts';
import type { Viewer } from '../../sight.ts';
import type { RegistryParts } from '../parts.ts';
import type { ExperimentSearch } from '../runs/experiments.ts';
import { invalid, type KeptFilter, type StoredRun } from '../runs/model.ts';
import {
  experimentFromWire,
  experimentsFromWire,
  experimentToWire,
  modelFromWire,
  runFromWire,
  toHex,
  toUuid,
} from './ids.ts';
import { limitOf } from './paging.ts';
import {
  datasetFromWire,
  experimentOut,
  metricFromWire,
  pointToWire,
  runInfoOut,
  runOut,
  runStatusFromWire,
} from './wire.ts';

const KEPT: Readonly<Record<string, KeptFilter>> = {
  ACTIVE_ONLY: 'active',
  DELETED_ONLY: 'deleted',
  ALL: 'all',
};
const keptOf = (view: string | undefined): KeptFilter => KEPT[view ?? 'ACTIVE_ONLY'] ?? 'active';

const MODEL_HISTORY = 'mlflow.log-model.history';
/** Of models that clients before 3.0 describe in a tag. */
const MAX_MODEL_JSON = 200_000;

/** `token` as the answer carries it: absent on the last page. */
const next = (token: string | null) => (token === null ? {} : { next_page_token: token });

type Parts = Pick<RegistryParts, 'experiments' | 'runs' | 'clock'>;

function experimentRoutes({ experiments, runs }: Parts): RouteImplementation[] {
  async function search(viewer: Viewer, asked: Omit<ExperimentSearch, 'limit'> & { limit: number }) {
    const page = await experiments.search(viewer, asked);
    return { experiments: page.items.map(experimentOut), ...next(page.next) };
  }

  return [
    implement(contracts.createExperiment, async ({ body }, { principal }) => {
      // Where artifacts lie is ours to say: anything else would point clients at places of somebody's choosing.
      if (body.artifact_location && body.artifact_location !== 'mlflow-artifacts:/') {
        throw invalid(
          'Invalid artifact_location: artifacts are kept by this server',
          'Create the experiment without an artifact location.',
        );
      }
      const id = await experiments.create(principal, { name: body.name, tags: body.tags });
      return { experiment_id: experimentToWire(id) };
    }),
    implement(contracts.getExperiment, async ({ query }, { principal }) => ({
      experiment: experimentOut(await experiments.get(principal, experimentFromWire(query.experiment_id))),
    })),
    implement(contracts.getExperimentByName, async ({ query }, { principal }) => ({
      experiment: experimentOut(await experiments.byName(principal, query.experiment_name)),
    })),
    implement(contracts.searchExperiments, ({ body }, { principal }) =>
      search(principal, {
        filter: body.filter,
        orderBy: body.order_by,
        kept: keptOf(body.view_type),
        limit: limitOf(body.max_results, { usual: 1_000, most: 5_000 }),
        token: body.page_token,
      }),
    ),
    implement(contracts.listExperiments, ({ query }, { principal }) =>
      search(principal, {
        filter: query.filter,
        orderBy: query.order_by,
        kept: keptOf(query.view_type),
        limit: limitOf(query.max_results, { usual: 1_000, most: 5_000 }),
        token: query.page_token,
      }),
    ),
    implement(contracts.updateExperiment, async ({ body }, { principal }) => {
      if (body.new_name)
        await experiments.rename(principal, experimentFromWire(body.experiment_id), body.new_name);
      return {};
    }),
    implement(contracts.deleteExperiment, async ({ body }, { principal }) => {
      await experiments.remove(principal, experimentFromWire(body.experiment_id));
      return {};
    }),
    implement(contracts.restoreExperiment, async ({ body }, { principal }) => {
      await experiments.restore(principal, experimentFromWire(body.experiment_id));
      return {};
    }),
    implement(contracts.setExperimentTag, async ({ body }, { principal }) => {
      await experiments.setTag(principal, experimentFromWire(body.experiment_id), body);
      return {};
    }),
    implement(contracts.deleteExperimentTag, async ({ body }, { principal }) => {
      await experiments.deleteTag(principal, experimentFromWire(body.experiment_id), body.key);
      return {};
    }),
    implement(contracts.searchDatasets, async ({ body }, { principal }) => {
      const found = await runs.datasets(principal, experimentsFromWire(body.experiment_ids));
      return {
        dataset_summaries: found.map(({ experimentId, ...dataset }) => ({
          experiment_id: experimentToWire(experimentId),
          ...dataset,
        })),
      };
    }),
  ];
}

function runLifeRoutes({ runs }: Parts): RouteImplementation[] {
  async function shown(found: readonly StoredRun[]) {
    const ids = found.map(({ id }) => id);
    const [data, links] = await Promise.all([runs.dataOf(ids), runs.linksOf(ids)]);
    return found.map((run) => runOut(run, data.get(run.id), links.get(run.id)));
  }
  async function one(viewer: Viewer, id: string) {
    const [run] = await shown([await runs.get(viewer, id)]);
    if (!run) throw new TypeError('a run is missing from its own list');
    return { run };
  }

  return [
    implement(contracts.createRun, async ({ body }, { principal }) => {
      const id = await runs.create(principal, {
        experimentId: experimentFromWire(body.experiment_id),
        name: body.run_name,
        userName: body.user_id || body.tags.find(({ key }) => key === 'mlflow.user')?.value || '',
        startedAt: body.start_time,
        tags: body.tags,
      });
      return await one(principal, id);
    }),
    implement(contracts.updateRun, async ({ body }, { principal }) => ({
      run_info: runInfoOut(
        await runs.update(principal, runFromWire(body), {
          status: body.status === undefined ? undefined : runStatusFromWire(body.status),
          endedAt: body.end_time,
          name: body.run_name,
        }),
      ),
    })),
    implement(contracts.deleteRun, async ({ body }, { principal }) => {
      await runs.remove(principal, runFromWire(body));
      return {};
    }),
    implement(contracts.restoreRun, async ({ body }, { principal }) => {
      await runs.restore(principal, runFromWire(body));
      return {};
    }),
    implement(contracts.getRun, ({ query }, { principal }) => one(principal, runFromWire(query))),
    implement(contracts.searchRuns, async ({ body }, { principal }) => {
      const page = await runs.search(principal, {
        experimentIds: experimentsFromWire(body.experiment_ids),
        filter: body.filter,
        orderBy: body.order_by,
        kept: keptOf(body.run_view_type),
        limit: limitOf(body.max_results, { usual: 1_000, most: 5_000, refusedAbove: 50_000 }),
        token: body.page_token,
      });
      return { runs: await shown(page.items), ...next(page.next) };
    }),
  ];
}

function loggingRoutes({ runs, clock }: Parts): RouteImplementation[] {
  const NONE = { metrics: [], params: [], tags: [] };
  return [
    implement(contracts.logMetric, async ({ body }, { principal }) => {
      const metrics = [metricFromWire(body, clock.now())];
      await runs.logBatch(principal, runFromWire(body), { ...NONE, metrics });
      return {};
    }),
    implement(contracts.logParameter, async ({ body }, { principal }) => {
      const params = [{ key: body.key, value: body.value }];
      await runs.logBatch(principal, runFromWire(body), { ...NONE, params });
      return {};
    }),
    implement(contracts.setTag, async ({ body }, { principal }) => {
      const tags = [{ key: body.key, value: body.value }];
      await runs.logBatch(principal, runFromWire(body), { ...NONE, tags });
      return {};
    }),
    implement(contracts.deleteTag, async ({ body }, { principal }) => {
      await runs.deleteTag(principal, runFromWire(body), body.key);
      return {};
    }),
    implement(contracts.logBatch, async ({ body }, { principal }) => {
      const metrics = body.metrics.map((metric) => metricFromWire(metric, clock.now()));
      await runs.logBatch(principal, runFromWire(body), { metrics, params: body.params, tags: body.tags });
      return {};
    }),
    implement(contracts.logModel, async ({ body }, { principal }) => {
      await runs.appendToTag(principal, runFromWire(body), {
        key: MODEL_HISTORY,
        entry: describedModel(body.model_json),
        max: 20,
      });
      return {};
    }),
    implement(contracts.logInputs, async ({ body }, { principal }) => {
      const models = body.models.map(({ model_id }) => ({ modelId: modelFromWire(model_id), step: null }));
      await runs.logInputs(principal, runFromWire(body), body.datasets.map(datasetFromWire), models);
      return {};
    }),
    implement(contracts.logOutputs, async ({ body }, { principal }) => {
      const models = body.models.map(({ model_id, step }) => ({
        modelId: modelFromWire(model_id),
        step: step ?? 0,
      }));
      await runs.logOutputs(principal, runFromWire(body), models);
      return {};
    }),
  ];
}

/** What a client before 3.0 says of a model, as it says it. */
function describedModel(json: string): unknown {
  if (json.length > MAX_MODEL_JSON) throw invalid(`model_json is longer than ${MAX_MODEL_JSON} characters`);
  try {
    const parsed: unknown = JSON.parse(json);
    if (parsed !== null && typeof parsed === 'object' && !Array.isArray(parsed)) return parsed;
  } catch {
    // As for what is no object.
  }
  throw invalid('Malformed model info: model_json is no JSON object');
}

function historyRoutes({ runs }: Parts): RouteImplementation[] {
  return [
    implement(contracts.getMetricHistory, async ({ query }, { principal }) => {
      const page = await runs.history(principal, runFromWire(query), {
        key: query.metric_key,
        limit: limitOf(query.max_results, { usual: 25_000, most: 25_000 }),
        token: query.page_token,
      });
      return { metrics: page.items.map((point) => pointToWire(query.metric_key, point)), ...next(page.next) };
    }),
    implement(contracts.getMetricHistoryBulk, async ({ query }, { principal }) => {
      const ids = query.run_ids.flatMap((id) => toUuid(id) ?? []);
      const points = await runs.sampled(principal, ids, {
        key: query.metric_key,
        from: query.start_step,
        to: query.end_step,
        max: limitOf(query.max_results, { usual: 320, most: 2_500 }),
      });
      return {
        metrics: points.map(({ runId, ...point }) => ({
          ...pointToWire(query.metric_key, point),
          run_id: toHex(runId),
        })),
      };
    }),
  ];
}

export const trackingRoutes = (parts: Parts): RouteImplementation[] => [
  ...experimentRoutes(parts),
  ...runLifeRoutes(parts),
  ...loggingRoutes(parts),
  ...historyRoutes(parts),
];
