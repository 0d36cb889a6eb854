import { z } from 'zod';
import { CursorQuery, Empty, Id, pageOf } from './common.ts';
import {
  AliasTarget,
  BaseInput,
  Model,
  ModelDetail,
  ModelName,
  RegistryTags,
  TagChange,
  VersionAlias,
  VersionDetail,
  VersionFile,
  VersionRef,
  VersionStage,
  VersionStatus,
  VersionSummary,
} from './registry-fields.ts';
import { CompareQuery, Lineage, LineageQuery, VersionComparison } from './registry-lineage.ts';
import { defineRoute } from './route.ts';
import { ScanVerdict } from './scans.ts';

const Description = z.string().max(10_000);

export const ModelInput = z.object({
  name: ModelName,
  description: Description.default(''),
  /** Null: everybody's. Absent: the team that bounds the caller's key, where one does; otherwise everybody's. */
  teamId: Id.nullable().optional(),
  tags: RegistryTags.default({}),
});
export type ModelInput = z.input<typeof ModelInput>;

/** What is absent stays as it is. */
export const ModelChange = z.object({
  name: ModelName.optional(),
  description: Description.optional(),
  teamId: Id.nullable().optional(),
});
export type ModelChange = z.input<typeof ModelChange>;

/** What is absent stays as it is. A base that is there already is changed or taken away with `models.manage` only. */
export const VersionChange = z.object({
  description: Description.optional(),
  base: BaseInput.nullable().optional(),
});
export type VersionChange = z.input<typeof VersionChange>;

/** A verdict, or `none`: not scanned yet. */
export const VerdictFilter = z.union([ScanVerdict, z.literal('none')]);
/** `key`, or `key=value`. */
const TagFilter = z.string().min(1).max(8_300);

export const ModelQuery = CursorQuery.extend({
  cursor: z.string().max(2_000).optional(),
  /** The whole name. */
  name: z.string().max(256).optional(),
  prefix: z.string().max(256).optional(),
  /** Anywhere in the name or description; upper and lower case are the same. */
  q: z.string().max(256).optional(),
  tag: TagFilter.optional(),
  /** Id of a team, or `none`: everybody's. */
  team: z.union([Id, z.literal('none')]).optional(),
  /** Models with a version like this. */
  verdict: VerdictFilter.optional(),
  stage: VersionStage.optional(),
  quarantined: z.enum(['yes', 'no']).optional(),
  order: z.enum(['name', 'updated', 'created']).default('name'),
  /** Absent: names upwards, instants newest first. */
  direction: z.enum(['asc', 'desc']).optional(),
});

export const VersionQuery = CursorQuery.extend({
  cursor: z.string().max(2_000).optional(),
  stage: VersionStage.optional(),
  status: VersionStatus.optional(),
  verdict: VerdictFilter.optional(),
  quarantined: z.enum(['yes', 'no']).optional(),
  tag: TagFilter.optional(),
  run: z.string().max(100).optional(),
});

/** Id or name of a model. */
const ModelParams = z.object({ model: z.string().min(1).max(256) });
const VersionParams = ModelParams.extend({ version: VersionRef });
const AliasParams = ModelParams.extend({ alias: VersionAlias });
/** `true` also removes what is in production. */
const Removal = z.object({ force: z.enum(['true', 'false']).default('false') });

/** Which model an endpoint serves: `version` is a number, an alias or `latest`. */
export const ServedModel = z.object({ modelId: Id, version: VersionRef });
export const ServedModelView = ServedModel.extend({
  modelName: z.string(),
  /** What it stands for now; null where no version does. */
  resolved: z
    .object({ versionId: Id, version: z.number().int().positive(), verdict: ScanVerdict.nullable() })
    .nullable(),
});

const BASE = '/api/v1/models';
const MODEL = `${BASE}/:model`;
const VERSION = `${MODEL}/versions/:version`;

export const registryRoutes = {
  list: defineRoute({
    id: 'models.list',
    method: 'GET',
    path: BASE,
    summary: 'Registered models',
    access: 'models.read',
    query: ModelQuery,
    response: pageOf(Model),
  }),
  create: defineRoute({
    id: 'models.create',
    method: 'POST',
    path: BASE,
    summary: 'Register a model; versions come with uploads and from MLflow',
    access: 'models.write',
    body: ModelInput,
    response: Model,
  }),
  get: defineRoute({
    id: 'models.get',
    method: 'GET',
    path: MODEL,
    summary: 'One model',
    access: 'models.read',
    params: ModelParams,
    response: ModelDetail,
  }),
  update: defineRoute({
    id: 'models.update',
    method: 'PATCH',
    path: MODEL,
    summary: 'Change name, description or team of a model',
    access: 'models.write',
    params: ModelParams,
    body: ModelChange,
    response: Model,
  }),
  tag: defineRoute({
    id: 'models.tag',
    method: 'PATCH',
    path: `${MODEL}/tags`,
    summary: 'Set and remove tags of a model; the others stay',
    access: 'models.write',
    params: ModelParams,
    body: TagChange,
    response: Model,
  }),
  remove: defineRoute({
    id: 'models.remove',
    method: 'DELETE',
    path: MODEL,
    summary: 'Remove a model with its versions; refused while one is in production, unless forced',
    access: 'models.manage',
    params: ModelParams,
    query: Removal,
    response: Empty,
  }),
  setAlias: defineRoute({
    id: 'models.setAlias',
    method: 'PUT',
    path: `${MODEL}/aliases/:alias`,
    summary: 'Let an alias name a version; it names no other any more',
    access: 'models.write',
    params: AliasParams,
    body: z.object({ version: z.number().int().positive().max(2_147_483_647) }),
    response: AliasTarget,
  }),
  removeAlias: defineRoute({
    id: 'models.removeAlias',
    method: 'DELETE',
    path: `${MODEL}/aliases/:alias`,
    summary: 'Take an alias away',
    access: 'models.write',
    params: AliasParams,
    response: Empty,
  }),
  compare: defineRoute({
    id: 'models.compare',
    method: 'GET',
    path: `${MODEL}/compare`,
    summary: 'Two versions side by side: files, metrics, tags, findings',
    access: 'models.read',
    params: ModelParams,
    query: CompareQuery,
    response: VersionComparison,
  }),
  versions: defineRoute({
    id: 'models.versions',
    method: 'GET',
    path: `${MODEL}/versions`,
    summary: 'Versions of a model, newest first',
    access: 'models.read',
    params: ModelParams,
    query: VersionQuery,
    response: pageOf(VersionSummary),
  }),
  version: defineRoute({
    id: 'models.version',
    method: 'GET',
    path: VERSION,
    summary: 'One version, by number, alias or "latest"',
    access: 'models.read',
    params: VersionParams,
    response: VersionDetail,
  }),
  updateVersion: defineRoute({
    id: 'models.updateVersion',
    method: 'PATCH',
    path: VERSION,
    summary: 'Change the description of a version, or say what it was made from',
    access: 'models.write',
    params: VersionParams,
    body: VersionChange,
    response: VersionDetail,
  }),
  tagVersion: defineRoute({
    id: 'models.tagVersion',
    method: 'PATCH',
    path: `${VERSION}/tags`,
    summary: 'Set and remove tags of a version; the others stay',
    access: 'models.write',
    params: VersionParams,
    body: TagChange,
    response: VersionSummary,
  }),
  stage: defineRoute({
    id: 'models.stage',
    method: 'POST',
    path: `${VERSION}/stage`,
    summary: 'Move a version to a stage; on request the others in that stage are archived',
    access: 'models.write',
    params: VersionParams,
    body: z.object({ stage: VersionStage, archiveExisting: z.boolean().default(false) }),
    response: VersionSummary,
  }),
  removeVersion: defineRoute({
    id: 'models.removeVersion',
    method: 'DELETE',
    path: VERSION,
    summary:
      'Remove a version; refused while it is in production, unless forced. Its number is not given again',
    access: 'models.manage',
    params: VersionParams,
    query: Removal,
    response: Empty,
  }),
  files: defineRoute({
    id: 'models.files',
    method: 'GET',
    path: `${VERSION}/files`,
    summary: 'Files of a version in the order of their paths, with what was found in them',
    access: 'models.read',
    params: VersionParams,
    query: CursorQuery.extend({
      cursor: z.string().max(4_000).optional(),
      limit: z.coerce.number().int().min(1).max(1_000).default(200),
      /** Of the path, e.g. `weights/`. */
      prefix: z.string().max(1_024).optional(),
    }),
    response: pageOf(VersionFile),
  }),
  lineage: defineRoute({
    id: 'models.lineage',
    method: 'GET',
    path: `${VERSION}/lineage`,
    summary: 'What a version comes from and what comes of it, with their verdicts',
    access: 'models.read',
    params: VersionParams,
    query: LineageQuery,
    response: Lineage,
  }),
  served: defineRoute({
    id: 'endpoints.models',
    method: 'GET',
    path: '/api/v1/endpoints/:id/models',
    summary: 'Registered models that an endpoint says it serves',
    access: 'models.read',
    params: z.object({ id: Id }),
    response: z.object({ items: z.array(ServedModelView) }),
  }),
  setServed: defineRoute({
    id: 'endpoints.setModels',
    method: 'PUT',
    path: '/api/v1/endpoints/:id/models',
    summary: 'Say which registered models an endpoint serves',
    access: 'endpoints.manage',
    params: z.object({ id: Id }),
    body: z.object({ items: z.array(ServedModel).max(50) }),
    response: z.object({ items: z.array(ServedModelView) }),
  }),
} as const;
