import { z } from 'zod';
import { defineRoute, type HttpMethod } from '../route.ts';
import { ErrorOut, FileOut, maybe, Nothing, text } from './shapes.ts';

const ARTIFACTS = '/api/2.0/mlflow-artifacts';
const V2 = '/api/2.0/mlflow';
const Path = z.object({ '*': text(4_000) });

const read = { access: 'models.read', errors: 'mlflow' } as const;

const Files = z.object({
  root_uri: z.string(),
  files: z.array(FileOut),
  next_page_token: z.string().optional(),
});

const artifacts = {
  putArtifact: defineRoute({
    id: 'mlflow.artifacts.put',
    method: 'PUT',
    path: `${ARTIFACTS}/artifacts/*`,
    summary: 'MLflow: upload a file of a run or a logged model, of any size',
    access: 'models.write',
    errors: 'mlflow',
    params: Path,
    receives: 'application/octet-stream',
    response: Nothing,
  }),
  getArtifact: defineRoute({
    id: 'mlflow.artifacts.get',
    method: 'GET',
    path: `${ARTIFACTS}/artifacts/*`,
    summary: 'MLflow: download a file of a run, a logged model or a version',
    access: 'models.download',
    errors: 'mlflow',
    params: Path,
    streams: 'application/octet-stream',
  }),
  deleteArtifact: defineRoute({
    id: 'mlflow.artifacts.delete',
    method: 'DELETE',
    path: `${ARTIFACTS}/artifacts/*`,
    summary: 'MLflow: delete a file, or a folder, of a run or a logged model',
    access: 'models.manage',
    errors: 'mlflow',
    params: Path,
    response: Nothing,
  }),
  listArtifacts: defineRoute({
    ...read,
    id: 'mlflow.artifacts.list',
    method: 'GET',
    path: `${ARTIFACTS}/artifacts`,
    summary: 'MLflow: files and folders below a path',
    query: z.object({ path: maybe(text(4_000)) }),
    response: z.object({ files: z.array(FileOut) }),
  }),
  listRunArtifacts: defineRoute({
    ...read,
    id: 'mlflow.runs.listArtifacts',
    method: 'GET',
    path: `${V2}/artifacts/list`,
    summary: 'MLflow: files and folders of a run',
    query: z.object({
      run_id: maybe(text(256)),
      run_uuid: maybe(text(256)),
      path: maybe(text(4_000)),
      page_token: maybe(text(4_000)),
    }),
    response: Files,
  }),
  listModelArtifacts: defineRoute({
    ...read,
    id: 'mlflow.loggedModels.listArtifacts',
    method: 'GET',
    path: `${V2}/logged-models/:modelId/artifacts/directories`,
    summary: 'MLflow: files and folders of a logged model',
    params: z.object({ modelId: text(200) }),
    query: z.object({ artifact_directory_path: maybe(text(4_000)), page_token: maybe(text(4_000)) }),
    response: Files,
  }),
  multipart: defineRoute({
    id: 'mlflow.artifacts.multipart',
    method: 'POST',
    path: `${ARTIFACTS}/mpu/*`,
    summary: 'MLflow: multipart uploads are not offered; one PUT takes any size',
    access: 'models.write',
    errors: 'mlflow',
    params: Path,
    response: ErrorOut,
  }),
  serverInfo: defineRoute({
    ...read,
    id: 'mlflow.serverInfo',
    method: 'GET',
    path: '/api/3.0/mlflow/server-info',
    summary: 'MLflow: what this server offers',
    response: z.object({
      store_type: z.string(),
      workspaces_enabled: z.boolean(),
      trace_archival_enabled: z.boolean(),
      multipart_uploads_enabled: z.boolean(),
      multipart_downloads_enabled: z.boolean(),
    }),
  }),
} as const;

/** What clients may ask for and is not here: answered 404 in words that they show. */
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const satisfies readonly HttpMethod[];
const PREFIXES = {
  tracking: '/api/2.0/mlflow/*',
  artifacts: '/api/2.0/mlflow-artifacts/*',
  tracking3: '/api/3.0/mlflow/*',
  pages: '/ajax-api/*',
  traces: '/v1/traces',
} as const;

const absent = (method: HttpMethod, name: keyof typeof PREFIXES) =>
  defineRoute({
    id: `mlflow.absent.${name}.${method.toLowerCase()}`,
    method,
    path: PREFIXES[name],
    summary: 'MLflow: not offered here',
    access: 'signed-in',
    errors: 'mlflow',
    response: ErrorOut,
  });

/** One for each method and prefix. */
export const mlflowAbsentRoutes = Object.fromEntries(
  Object.keys(PREFIXES).flatMap((name) =>
    METHODS.map((method) => {
      const route = absent(method, name as keyof typeof PREFIXES);
      return [route.id, route];
    }),
  ),
) as Readonly<Record<string, ReturnType<typeof absent>>>;

export const mlflowArtifactRoutes = artifacts;
