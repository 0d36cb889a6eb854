import { z } from 'zod';
import { defineRoute } from '../route.ts';
import { list, maybe, Nothing, Pair, RegisteredModelOut, SearchQuery, text, VersionOut } from './shapes.ts';

const MODELS = '/api/2.0/mlflow/registered-models';
const VERSIONS = '/api/2.0/mlflow/model-versions';
const Name = text(2_000);
/** Decimal digits, or the number itself. */
const Version = z.union([text(20), z.number().int().transform(String)]);
const OfModel = z.object({ name: Name });
const OfVersion = z.object({ name: Name, version: Version });

const read = { access: 'models.read', errors: 'mlflow' } as const;
const write = { access: 'models.write', errors: 'mlflow' } as const;
const manage = { access: 'models.manage', errors: 'mlflow' } as const;

const OneModel = z.object({ registered_model: RegisteredModelOut });
const OneVersion = z.object({ model_version: VersionOut });
const Versions = z.object({ model_versions: z.array(VersionOut) });

const models = {
  createRegisteredModel: defineRoute({
    ...write,
    id: 'mlflow.models.create',
    method: 'POST',
    path: `${MODELS}/create`,
    summary: 'MLflow: register a model',
    body: OfModel.extend({ tags: list(Pair, 1_000), description: maybe(text(100_000)) }),
    response: OneModel,
  }),
  renameRegisteredModel: defineRoute({
    ...write,
    id: 'mlflow.models.rename',
    method: 'POST',
    path: `${MODELS}/rename`,
    summary: 'MLflow: rename a registered model',
    body: OfModel.extend({ new_name: Name }),
    response: OneModel,
  }),
  updateRegisteredModel: defineRoute({
    ...write,
    id: 'mlflow.models.update',
    method: 'PATCH',
    path: `${MODELS}/update`,
    summary: 'MLflow: describe a registered model',
    body: OfModel.extend({ description: maybe(text(100_000)) }),
    response: OneModel,
  }),
  deleteRegisteredModel: defineRoute({
    ...manage,
    id: 'mlflow.models.delete',
    method: 'DELETE',
    path: `${MODELS}/delete`,
    summary: 'MLflow: delete a registered model with its versions',
    body: OfModel,
    response: Nothing,
  }),
  getRegisteredModel: defineRoute({
    ...read,
    id: 'mlflow.models.get',
    method: 'GET',
    path: `${MODELS}/get`,
    summary: 'MLflow: one registered model',
    query: OfModel,
    response: OneModel,
  }),
  searchRegisteredModels: defineRoute({
    ...read,
    id: 'mlflow.models.search',
    method: 'GET',
    path: `${MODELS}/search`,
    summary: 'MLflow: registered models that match',
    query: z.object(SearchQuery),
    response: z.object({
      registered_models: z.array(RegisteredModelOut),
      next_page_token: z.string().optional(),
    }),
  }),
  latestVersions: defineRoute({
    ...read,
    id: 'mlflow.models.latestVersions',
    method: 'POST',
    path: `${MODELS}/get-latest-versions`,
    summary: 'MLflow: the newest version in each stage',
    body: OfModel.extend({ stages: list(text(100), 20) }),
    response: Versions,
  }),
  latestVersionsAsked: defineRoute({
    ...read,
    id: 'mlflow.models.latestVersionsAsked',
    method: 'GET',
    path: `${MODELS}/get-latest-versions`,
    summary: 'MLflow: the newest version in each stage, asked as a query',
    query: OfModel.extend({
      stages: z
        .union([text(100).transform((one) => [one]), z.array(text(100)).max(20)])
        .nullish()
        .transform((value) => value ?? []),
    }),
    response: Versions,
  }),
  setModelTag: defineRoute({
    ...write,
    id: 'mlflow.models.setTag',
    method: 'POST',
    path: `${MODELS}/set-tag`,
    summary: 'MLflow: set a tag of a registered model',
    body: OfModel.extend(Pair.shape),
    response: Nothing,
  }),
  deleteModelTag: defineRoute({
    ...write,
    id: 'mlflow.models.deleteTag',
    method: 'DELETE',
    path: `${MODELS}/delete-tag`,
    summary: 'MLflow: remove a tag of a registered model',
    body: OfModel.extend({ key: text(1_000) }),
    response: Nothing,
  }),
  setAlias: defineRoute({
    ...write,
    id: 'mlflow.models.setAlias',
    method: 'POST',
    path: `${MODELS}/alias`,
    summary: 'MLflow: point an alias at a version',
    body: OfVersion.extend({ alias: text(1_000) }),
    response: Nothing,
  }),
  deleteAlias: defineRoute({
    ...write,
    id: 'mlflow.models.deleteAlias',
    method: 'DELETE',
    path: `${MODELS}/alias`,
    summary: 'MLflow: remove an alias',
    body: OfModel.extend({ alias: text(1_000) }),
    response: Nothing,
  }),
  getByAlias: defineRoute({
    ...read,
    id: 'mlflow.models.getByAlias',
    method: 'GET',
    path: `${MODELS}/alias`,
    summary: 'MLflow: the version that an alias points at',
    query: OfModel.extend({ alias: text(1_000) }),
    response: OneVersion,
  }),
} as const;

const versions = {
  createVersion: defineRoute({
    ...write,
    id: 'mlflow.versions.create',
    method: 'POST',
    path: `${VERSIONS}/create`,
    summary: 'MLflow: register a version from the files of a run or a logged model',
    body: OfModel.extend({
      source: text(4_000),
      run_id: maybe(text(256)),
      model_id: maybe(text(300)),
      run_link: maybe(text(2_000)),
      description: maybe(text(100_000)),
      tags: list(Pair, 1_000),
    }),
    response: OneVersion,
  }),
  updateVersion: defineRoute({
    ...write,
    id: 'mlflow.versions.update',
    method: 'PATCH',
    path: `${VERSIONS}/update`,
    summary: 'MLflow: describe a version',
    body: OfVersion.extend({ description: maybe(text(100_000)) }),
    response: OneVersion,
  }),
  transitionStage: defineRoute({
    ...write,
    id: 'mlflow.versions.transitionStage',
    method: 'POST',
    path: `${VERSIONS}/transition-stage`,
    summary: 'MLflow: move a version to a stage',
    body: OfVersion.extend({ stage: text(100), archive_existing_versions: maybe(z.boolean()) }),
    response: OneVersion,
  }),
  deleteVersion: defineRoute({
    ...manage,
    id: 'mlflow.versions.delete',
    method: 'DELETE',
    path: `${VERSIONS}/delete`,
    summary: 'MLflow: delete a version',
    body: OfVersion,
    response: Nothing,
  }),
  getVersion: defineRoute({
    ...read,
    id: 'mlflow.versions.get',
    method: 'GET',
    path: `${VERSIONS}/get`,
    summary: 'MLflow: one version',
    query: OfVersion,
    response: OneVersion,
  }),
  searchVersions: defineRoute({
    ...read,
    id: 'mlflow.versions.search',
    method: 'GET',
    path: `${VERSIONS}/search`,
    summary: 'MLflow: versions that match',
    query: z.object(SearchQuery),
    response: z.object({ model_versions: z.array(VersionOut), next_page_token: z.string().optional() }),
  }),
  getDownloadUri: defineRoute({
    ...read,
    id: 'mlflow.versions.getDownloadUri',
    method: 'GET',
    path: `${VERSIONS}/get-download-uri`,
    summary: 'MLflow: where the files of a version are read',
    query: OfVersion,
    response: z.object({ artifact_uri: z.string() }),
  }),
  setVersionTag: defineRoute({
    ...write,
    id: 'mlflow.versions.setTag',
    method: 'POST',
    path: `${VERSIONS}/set-tag`,
    summary: 'MLflow: set a tag of a version',
    body: OfVersion.extend(Pair.shape),
    response: Nothing,
  }),
  deleteVersionTag: defineRoute({
    ...write,
    id: 'mlflow.versions.deleteTag',
    method: 'DELETE',
    path: `${VERSIONS}/delete-tag`,
    summary: 'MLflow: remove a tag of a version',
    body: OfVersion.extend({ key: text(1_000) }),
    response: Nothing,
  }),
} as const;

export const mlflowRegistryRoutes = { ...models, ...versions } as const;
