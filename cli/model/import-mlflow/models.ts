import { z } from 'zod';
import { copyFiles, modelListing, rootOf } from './artifacts.ts';
import { MlflowFailure } from './http.ts';
import { plainMetric, reasonOf } from './runs.ts';
import {
  Any,
  LoggedModel,
  LoggedModels,
  type RegisteredModel,
  RegisteredModels,
  type Run,
  Version,
  Versions,
} from './shapes.ts';
import { allPages, FROM_TAG, type Import, quoted } from './state.ts';

const OneLogged = z.object({
  model: LoggedModel.extend({ info: LoggedModel.shape.info.extend({ artifact_uri: z.string() }) }),
});
const OneVersion = z.object({ model_version: Version });

/** Servers before 3.0 know nothing of logged models. */
async function loggedModelsOf({ source }: Import, experimentId: string): Promise<readonly LoggedModel[]> {
  try {
    return await allPages(
      (page_token) =>
        source.post(
          'logged-models/search',
          { experiment_ids: [experimentId], max_results: 50, page_token },
          LoggedModels,
        ),
      ({ models }) => models,
    );
  } catch (error) {
    if (error instanceof MlflowFailure && (error.status === 404 || error.code === 'ENDPOINT_NOT_FOUND'))
      return [];
    throw error;
  }
}

async function loggedModelHere(state: Import, model: LoggedModel, experimentId: string) {
  const { target, origin, runs } = state;
  const from = `${origin}/logged-models/${model.info.model_id}`;
  const filter = `tags.\`${FROM_TAG}\` = ${quoted(from)}`;
  const [found] = (
    await target.post('logged-models/search', { experiment_ids: [experimentId], filter }, LoggedModels)
  ).models;
  if (found) return (await target.get(`logged-models/${found.info.model_id}`, {}, OneLogged)).model.info;
  const body = {
    experiment_id: experimentId,
    name: model.info.name,
    model_type: model.info.model_type,
    source_run_id: runs.get(model.info.source_run_id),
    params: model.data.params,
    tags: [...model.info.tags, { key: FROM_TAG, value: from }],
  };
  return (await target.post('logged-models', body, OneLogged)).model.info;
}

async function copyLoggedModel(state: Import, model: LoggedModel, experimentId: string): Promise<void> {
  const { source, target, tally, runs } = state;
  const here = await loggedModelHere(state, model, experimentId);
  state.loggedModels.set(model.info.model_id, here.model_id);
  if (here.status === 'LOGGED_MODEL_READY') {
    tally.loggedModels.already++;
    return;
  }
  await copyFiles(state, {
    from: modelListing(source, model.info.model_id),
    to: modelListing(target, here.model_id),
    sourcePath: (path) =>
      `/ajax-api/2.0/mlflow/logged-models/${encodeURIComponent(model.info.model_id)}/artifacts/files?${new URLSearchParams({ artifact_file_path: path })}`,
    targetRoot: rootOf(here.artifact_uri),
    what: `model ${model.info.name}`,
  });
  for (const metric of model.data.metrics) {
    const run = runs.get(metric.run_id ?? '');
    if (run === undefined) continue;
    const { dataset_name, dataset_digest } = metric;
    const logged = { ...plainMetric(metric), dataset_name, dataset_digest, model_id: here.model_id };
    await target.post('runs/log-batch', { run_id: run, metrics: [logged] }, Any);
  }
  if (model.info.status === 'LOGGED_MODEL_READY') {
    await target.post(`logged-models/${here.model_id}`, { status: model.info.status }, Any, 'PATCH');
  }
  tally.loggedModels.imported++;
}

/** Takes over the models that runs of an experiment logged, and says which run made and used them. */
export async function importLoggedModels(
  state: Import,
  experimentId: string,
  runs: readonly Run[],
): Promise<void> {
  const { target, tally, loggedModels } = state;
  const here = state.experiments.get(experimentId);
  if (here === undefined) return;
  for (const model of await loggedModelsOf(state, experimentId)) {
    try {
      await copyLoggedModel(state, model, here);
    } catch (error) {
      tally.problems.push(`model ${model.info.name}: ${reasonOf(error)}`);
    }
  }
  for (const run of runs) {
    const run_id = state.runs.get(run.info.run_id);
    const known = (id: string) => loggedModels.get(id) ?? [];
    const outputs = run.outputs.model_outputs.flatMap(({ model_id, step }) =>
      [known(model_id)].flat().map((id) => ({ model_id: id, step: step ?? 0 })),
    );
    if (outputs.length > 0) await target.post('runs/outputs', { run_id, models: outputs }, Any);
    const inputs = run.inputs.model_inputs.flatMap(({ model_id }) =>
      [known(model_id)].flat().map((id) => ({ model_id: id })),
    );
    if (inputs.length > 0) await target.post('runs/log-inputs', { run_id, models: inputs }, Any);
  }
}

export async function registeredModelsOf(
  { source }: Import,
  names: readonly string[],
): Promise<readonly RegisteredModel[]> {
  const all = await allPages(
    (page_token) =>
      source.get('registered-models/search', { max_results: 100, page_token }, RegisteredModels),
    ({ registered_models }) => registered_models,
  );
  const models = all.filter(
    ({ tags }) => !tags.some(({ key, value }) => key === 'mlflow.prompt.is_prompt' && value === 'true'),
  );
  return names.length === 0 ? models : models.filter(({ name }) => names.includes(name));
}

/** Where the files of a version lie here; undefined where they were not imported. */
function sourceHere(
  { runs, loggedModels }: Import,
  version: Version,
): { source: string; model_id?: string } | undefined {
  const logged = version.model_id || /^models:\/(m-[0-9a-f]+)$/.exec(version.source)?.[1] || '';
  const model = loggedModels.get(logged);
  if (model !== undefined) return { source: `models:/${model}`, model_id: model };
  const byRun = /^runs:\/([^/]+)\/(.+)$/.exec(version.source);
  const inRun = version.run_id
    ? new RegExp(`/${version.run_id.replace(/[^\w-]/g, '')}/artifacts/(.+)$`).exec(version.source)
    : null;
  const run = runs.get(byRun?.[1] ?? version.run_id);
  const path = byRun?.[2] ?? inRun?.[1];
  return run === undefined || path === undefined ? undefined : { source: `runs:/${run}/${path}` };
}

async function copyVersion(state: Import, version: Version): Promise<string | undefined> {
  const { target, origin, tally, runs } = state;
  const from = `${origin}/models/${version.name}/${version.version}`;
  const filter = `name = ${quoted(version.name)} and tags.\`${FROM_TAG}\` = ${quoted(from)}`;
  const [found] = (await target.get('model-versions/search', { filter, max_results: 1 }, Versions))
    .model_versions;
  if (found) {
    tally.versions.already++;
    return found.version;
  }
  const files = sourceHere(state, version);
  if (files === undefined) {
    tally.problems.push(
      `${version.name} version ${version.version}: its files (${version.source || 'no source'}) belong to no run or model that was imported`,
    );
    return undefined;
  }
  const body = {
    name: version.name,
    ...files,
    run_id: runs.get(version.run_id),
    description: version.description,
    tags: [...version.tags, { key: FROM_TAG, value: from }],
  };
  const made = (await target.post('model-versions/create', body, OneVersion)).model_version.version;
  const stage = version.current_stage.toLowerCase();
  if (stage !== 'none' && stage !== '') {
    await target.post('model-versions/transition-stage', { name: version.name, version: made, stage }, Any);
  }
  tally.versions.imported++;
  return made;
}

/** Takes over a registered model with its versions, in their order, and its aliases. */
export async function importModel(state: Import, model: RegisteredModel): Promise<void> {
  const { source, target, tally, say } = state;
  say(`model ${model.name}`);
  try {
    await target.post(
      'registered-models/create',
      { name: model.name, description: model.description, tags: model.tags },
      Any,
    );
  } catch (error) {
    if (!(error instanceof MlflowFailure) || error.code !== 'RESOURCE_ALREADY_EXISTS') throw error;
  }
  tally.models++;
  const versions = await allPages(
    (page_token) =>
      source.get(
        'model-versions/search',
        { filter: `name=${quoted(model.name)}`, max_results: 200, page_token },
        Versions,
      ),
    ({ model_versions }) => model_versions,
  );
  const numbers = new Map<string, string>();
  for (const version of versions.toSorted((a, b) => Number(a.version) - Number(b.version))) {
    try {
      const made = await copyVersion(state, version);
      if (made !== undefined) numbers.set(version.version, made);
    } catch (error) {
      tally.problems.push(`${model.name} version ${version.version}: ${reasonOf(error)}`);
    }
  }
  for (const { alias, version } of model.aliases) {
    const made = numbers.get(version);
    try {
      if (made !== undefined) {
        await target.post('registered-models/alias', { name: model.name, alias, version: made }, Any);
      }
    } catch (error) {
      tally.problems.push(`${model.name}, alias ${alias}: ${reasonOf(error)}`);
    }
  }
}
