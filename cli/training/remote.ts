import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { mlflowRoutes } from '@bartizan/contracts';
import { ApiFailure, type Client, routeUrl } from '@bartizan/contracts/client.ts';
import { CliError, EXIT } from '../exit.ts';
import { printable } from '../output.ts';
import type { Stored } from '../session.ts';
import type { Prepared } from './inputs.ts';

/** A run as the server keeps it. */
export interface RemoteRun {
  readonly id: string;
  readonly experimentId: string;
  /** `<experiment>/<run>/artifacts`. */
  readonly artifacts: string;
}

const pairs = (of: Readonly<Record<string, string>>): { key: string; value: string }[] =>
  Object.entries(of).map(([key, value]) => ({ key, value: value.slice(0, 5_000) }));

export async function experimentOf(api: Client, name: string | undefined): Promise<string> {
  if (name === undefined) return '0';
  const { experiments } = await api.call(mlflowRoutes.searchExperiments, {
    body: { filter: `name = '${name.replaceAll("'", "\\'")}'`, max_results: 1 },
  });
  const [known] = experiments ?? [];
  if (known) return known.experiment_id;
  return (await api.call(mlflowRoutes.createExperiment, { body: { name } })).experiment_id;
}

export async function beginRun(
  api: Client,
  given: {
    readonly experimentId: string;
    readonly name: string;
    readonly user: string;
    readonly startedAtMs: number;
    readonly tags: Readonly<Record<string, string>>;
  },
): Promise<RemoteRun> {
  const { run } = await api.call(mlflowRoutes.createRun, {
    body: {
      experiment_id: given.experimentId,
      user_id: given.user,
      run_name: given.name,
      start_time: given.startedAtMs,
      tags: pairs(given.tags),
    },
  });
  return {
    id: run.info.run_id,
    experimentId: run.info.experiment_id,
    artifacts: run.info.artifact_uri.replace(/^mlflow-artifacts:\/+/, ''),
  };
}

/** MLflow keeps 36 characters of a digest. */
const DIGEST_CHARS = 36;

/** Says which datasets a run reads; versions by their root, other files by their digest. */
export async function logInputs(api: Client, run: RemoteRun, inputs: readonly Prepared[]): Promise<void> {
  if (inputs.length === 0) return;
  await api.call(mlflowRoutes.logInputs, {
    body: {
      run_id: run.id,
      datasets: inputs.map(({ input: { name, dataset, files } }) => ({
        tags: [{ key: 'mlflow.data.context', value: 'training' }],
        dataset: {
          name: dataset?.name ?? name,
          digest: (dataset?.root ?? files[0]?.sha256 ?? 'empty').slice(0, DIGEST_CHARS),
          source_type: dataset === null ? 'local' : 'bartizan',
          source: JSON.stringify({
            uri: dataset === null ? name : `bartizan://datasets/${dataset.name}/versions/${dataset.version}`,
          }),
        },
      })),
    },
  });
}

/** Keeps a file with a run. */
export async function sendArtifact(
  session: Stored,
  run: RemoteRun,
  path: string,
  content: string | { readonly place: string },
): Promise<void> {
  const url = routeUrl(mlflowRoutes.putArtifact, { params: { '*': `${run.artifacts}/${path}` } });
  const { bytes, body } =
    typeof content === 'string'
      ? { bytes: Buffer.byteLength(content), body: content }
      : {
          bytes: (await stat(content.place)).size,
          body: Readable.toWeb(createReadStream(content.place)) as ReadableStream,
        };
  const response = await fetch(session.url + url, {
    method: 'PUT',
    headers: {
      authorization: `Bearer ${session.key}`,
      'content-type': 'application/octet-stream',
      'content-length': String(bytes),
    },
    body,
    duplex: 'half',
  } as RequestInit);
  const answer: unknown = await response.json().catch(() => null);
  if (response.ok) return;
  const { message } = (answer ?? {}) as { readonly message?: unknown };
  const why = typeof message === 'string' ? printable(message) : `the server answered ${response.status}`;
  throw new CliError(
    `${path} could not be kept with the run: ${why}`,
    response.status === 401 || response.status === 403 ? EXIT.denied : EXIT.failed,
  );
}

export async function endRun(
  api: Client,
  run: RemoteRun,
  {
    status,
    params,
    tags,
  }: {
    readonly status: 'FINISHED' | 'FAILED' | 'KILLED';
    readonly params: Readonly<Record<string, string>>;
    readonly tags: Readonly<Record<string, string>>;
  },
): Promise<void> {
  await api.call(mlflowRoutes.logBatch, {
    body: { run_id: run.id, metrics: [], params: pairs(params), tags: pairs(tags) },
  });
  await api.call(mlflowRoutes.updateRun, {
    body: { run_id: run.id, status, end_time: Date.now() },
  });
}

/** Registers what lies at `path` of the run as a version of a model. */
export async function registerModel(
  api: Client,
  run: RemoteRun,
  model: string,
  path: string,
): Promise<string> {
  try {
    await api.call(mlflowRoutes.createRegisteredModel, { body: { name: model } });
  } catch (error) {
    // There already.
    if (!(error instanceof ApiFailure) || (error.status !== 400 && error.status !== 409)) throw error;
  }
  const { model_version: made } = await api.call(mlflowRoutes.createVersion, {
    body: { name: model, source: `runs:/${run.id}/${path}`, run_id: run.id },
  });
  return made.version;
}
