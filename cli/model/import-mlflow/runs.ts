import { z } from 'zod';
import { copyFiles, rootOf, runListing } from './artifacts.ts';
import { MlflowFailure } from './http.ts';
import { Any, type Experiment, Experiments, History, type Metric, Run, Runs } from './shapes.ts';
import { allPages, batches, DONE_TAG, FROM_TAG, type Import, quoted } from './state.ts';

const PARENT_TAG = 'mlflow.parentRunId';
const RunAnswer = z.object({ run: Run });
const IdAnswer = z.object({ experiment_id: z.string() });
const ExperimentAnswer = z.object({ experiment: z.object({ experiment_id: z.string() }) });

/** Those of the source that are asked for by name, or all. */
export async function experimentsOf(
  { source }: Import,
  names: readonly string[],
): Promise<readonly Experiment[]> {
  const all = await allPages(
    (page_token) => source.post('experiments/search', { max_results: 500, page_token }, Experiments),
    ({ experiments }) => experiments,
  );
  return names.length === 0 ? all : all.filter(({ name }) => names.includes(name));
}

/** The experiment of the same name here, made where there is none. */
async function experimentHere({ target, origin }: Import, experiment: Experiment): Promise<string> {
  try {
    const found = await target.get(
      'experiments/get-by-name',
      { experiment_name: experiment.name },
      ExperimentAnswer,
    );
    return found.experiment.experiment_id;
  } catch (error) {
    if (!(error instanceof MlflowFailure) || error.code !== 'RESOURCE_DOES_NOT_EXIST') throw error;
  }
  const from = { key: FROM_TAG, value: `${origin}/experiments/${experiment.experiment_id}` };
  const body = { name: experiment.name, tags: [...experiment.tags, from] };
  return (await target.post('experiments/create', body, IdAnswer)).experiment_id;
}

async function runHere(
  state: Import,
  run: Run,
  experimentId: string,
): Promise<{ id: string; done: boolean; root: string }> {
  const { target, origin } = state;
  const from = `${origin}/runs/${run.info.run_id}`;
  const filter = `tags.${`\`${FROM_TAG}\``} = ${quoted(from)}`;
  const [found] = (
    await target.post('runs/search', { experiment_ids: [experimentId], filter, max_results: 1 }, Runs)
  ).runs;
  if (found) {
    const done = found.data.tags.some(({ key }) => key === DONE_TAG);
    return { id: found.info.run_id, done, root: rootOf(found.info.artifact_uri) };
  }
  const body = {
    experiment_id: experimentId,
    run_name: run.info.run_name,
    user_id: run.info.user_id,
    start_time: run.info.start_time,
    tags: [{ key: FROM_TAG, value: from }],
  };
  const { info } = (await target.post('runs/create', body, RunAnswer)).run;
  return { id: info.run_id, done: false, root: rootOf(info.artifact_uri) };
}

async function copyMetrics({ source, target }: Import, from: Run, to: string): Promise<void> {
  for (const { key } of from.data.metrics) {
    const history = await allPages(
      (page_token) =>
        source.get(
          'metrics/get-history',
          { run_id: from.info.run_id, metric_key: key, max_results: 25_000, page_token },
          History,
        ),
      ({ metrics }) => metrics,
    );
    for (const metrics of batches(history.map(plainMetric), 1_000)) {
      await target.post('runs/log-batch', { run_id: to, metrics }, Any);
    }
  }
}

export const plainMetric = ({ key, value, timestamp, step }: Metric) => ({ key, value, timestamp, step });

async function copyData(state: Import, from: Run, to: string): Promise<void> {
  const { target } = state;
  for (const params of batches(from.data.params, 100))
    await target.post('runs/log-batch', { run_id: to, params }, Any);
  await copyMetrics(state, from, to);
  const tags = from.data.tags.filter(({ key }) => key !== PARENT_TAG);
  for (const some of batches(tags, 100)) await target.post('runs/log-batch', { run_id: to, tags: some }, Any);
  for (const datasets of batches(from.inputs.dataset_inputs, 50)) {
    await target.post('runs/log-inputs', { run_id: to, datasets }, Any);
  }
}

async function copyRun(state: Import, run: Run, experimentId: string): Promise<void> {
  const { source, target, tally } = state;
  const { id, done, root } = await runHere(state, run, experimentId);
  state.runs.set(run.info.run_id, id);
  if (done) {
    tally.runs.already++;
    return;
  }
  await copyData(state, run, id);
  await copyFiles(state, {
    from: runListing(source, run.info.run_id),
    to: runListing(target, id),
    sourcePath: (path) => `/get-artifact?${new URLSearchParams({ run_uuid: run.info.run_id, path })}`,
    targetRoot: root,
    what: `run ${run.info.run_name || run.info.run_id}`,
  });
  await target.post(
    'runs/update',
    { run_id: id, status: run.info.status, end_time: run.info.end_time, run_name: run.info.run_name },
    Any,
  );
  tally.runs.imported++;
}

/** Marks what is complete; a run that still goes on is looked at again next time. */
async function finish({ target, runs, tally }: Import, run: Run): Promise<void> {
  const id = runs.get(run.info.run_id);
  if (id === undefined) return;
  const parent = run.data.tags.find(({ key }) => key === PARENT_TAG)?.value;
  const goesOn = run.info.status === 'RUNNING' || run.info.status === 'SCHEDULED';
  if (goesOn) tally.unfinished++;
  const tags = [
    ...(parent === undefined ? [] : [{ key: PARENT_TAG, value: runs.get(parent) ?? parent }]),
    ...(goesOn ? [] : [{ key: DONE_TAG, value: 'true' }]),
  ];
  if (tags.length > 0) await target.post('runs/log-batch', { run_id: id, tags }, Any);
}

/** Takes over an experiment with its runs. What fails for one run is told, and the others go on. */
export async function importExperiment(state: Import, experiment: Experiment): Promise<readonly Run[]> {
  const { source, tally, say } = state;
  const here = await experimentHere(state, experiment);
  state.experiments.set(experiment.experiment_id, here);
  tally.experiments++;
  const runs = await allPages(
    (page_token) =>
      source.post(
        'runs/search',
        {
          experiment_ids: [experiment.experiment_id],
          order_by: ['start_time ASC'],
          max_results: 200,
          page_token,
        },
        Runs,
      ),
    (page) => page.runs,
  );
  const complete: Run[] = [];
  for (const [index, run] of runs.entries()) {
    say(`${experiment.name}: run ${index + 1} of ${runs.length}`);
    try {
      await copyRun(state, run, here);
      complete.push(run);
    } catch (error) {
      tally.problems.push(`run ${run.info.run_name || run.info.run_id}: ${reasonOf(error)}`);
    }
  }
  return complete;
}

export const finishRuns = async (state: Import, runs: readonly Run[]): Promise<void> => {
  for (const run of runs) await finish(state, run);
};

export function reasonOf(error: unknown): string {
  if (error instanceof MlflowFailure) return error.message;
  if (!(error instanceof Error)) return 'it failed';
  const { cause } = error;
  return cause instanceof Error && cause.message ? `${error.message} (${cause.message})` : error.message;
}
