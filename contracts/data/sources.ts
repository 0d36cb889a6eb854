import { z } from 'zod';
import { CursorQuery, Id, Instant, pageOf } from '../common.ts';
import { defineRoute } from '../route.ts';

/** `unreviewed`: registered, nobody has looked at it yet. `blocked`: nothing of it is taken in. */
export const SOURCE_TRUST = ['trusted', 'known', 'unreviewed', 'blocked'] as const;
export const SourceTrust = z.enum(SOURCE_TRUST);
export type SourceTrust = z.infer<typeof SourceTrust>;

export const COLLECTION_METHODS = [
  'manual-upload',
  'export',
  'api',
  'scrape',
  'purchase',
  'sensor',
  'user-generated',
  'crowd-work',
  'synthetic',
  'other',
] as const;

const Text = z.string().trim().max(2_000);

export const SourceInput = z.object({
  name: z
    .string()
    .trim()
    .regex(
      /^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,127}$/u,
      'use letters, digits, spaces, dots, hyphens; at most 128',
    ),
  /** Who answers for it. */
  owner: z.string().trim().min(1).max(200),
  method: z.enum(COLLECTION_METHODS),
  url: z.union([z.url({ protocol: /^https?$/ }).max(2_000), z.literal('')]).default(''),
  /** SPDX id, or its name. */
  license: Text.default(''),
  /** On what ground records of people are used: consent, contract, law. */
  consent: Text.default(''),
  contact: Text.default(''),
  description: Text.default(''),
  teamId: Id.nullable().optional(),
});
export type SourceInput = z.input<typeof SourceInput>;

export const Source = SourceInput.required().extend({
  id: Id,
  teamId: Id.nullable(),
  trust: SourceTrust,
  /** Who said so, and when; null while nobody has. */
  reviewedBy: z.string().nullable(),
  reviewedAt: Instant.nullable(),
  datasets: z.number().int().nonnegative(),
  /** Versions that are from it. */
  versions: z.number().int().nonnegative(),
  /** Records of the newest of them in each dataset. */
  delivered: z.number().int().nonnegative(),
  /** Records that came in with it: what another version had before is that one's. */
  records: z.number().int().nonnegative(),
  createdBy: z.string(),
  createdAt: Instant,
});
export type Source = z.infer<typeof Source>;

/** What must hold before a version may be used. */
export const DataPolicy = z.object({
  /** Only versions whose records all come from trusted sources. */
  trustedSourcesOnly: z.boolean().default(false),
  /** A version is used once a second person has approved it. */
  fourEyes: z.boolean().default(false),
  /** Records of a source that nobody has reviewed wait for that. */
  newSourceReview: z.boolean().default(true),
  /** A version is used once a scan has found nothing high or critical in it that is still open. */
  scanBeforeUse: z.boolean().default(false),
  /** For what records may be read; anything where empty. */
  purposes: z.array(z.string().trim().min(1).max(100)).max(50).default([]),
});
export type DataPolicy = z.infer<typeof DataPolicy>;

/** What is done with data. `released`: let out of quarantine, or given out as a private statistic. */
export const CUSTODY_ACTS = [
  'registered',
  'added',
  'changed',
  'approved',
  'rejected',
  'read',
  'verified',
  'scanned',
  'labelled',
  'quarantined',
  'released',
  'restored',
  'removed',
] as const;

export const CustodyEntry = z.object({
  id: Id,
  at: Instant,
  act: z.enum(CUSTODY_ACTS),
  by: z.string(),
  version: z.number().int().positive().nullable(),
  /** Records that it was about; null where that is not a number of records. */
  records: z.number().int().nonnegative().nullable(),
  /** Why, as the person said. */
  reason: z.string(),
  detail: z.string(),
  /** Entry of the audit log that proves it. */
  auditId: z.string().nullable(),
});
export type CustodyEntry = z.infer<typeof CustodyEntry>;

const DatasetParams = z.object({ dataset: z.string().min(1).max(256) });
const VersionParams = DatasetParams.extend({ version: z.string().min(1).max(20) });
const Params = z.object({ id: Id });
const Decision = z.object({ reason: z.string().trim().min(1).max(2_000) });
const DATASET = '/api/v1/data/datasets/:dataset';
const VERSION = `${DATASET}/versions/:version`;

/** Croissant 1.0 or 1.1, as JSON-LD. */
const Croissant = z.record(z.string(), z.unknown());

export const sourceRoutes = {
  list: defineRoute({
    id: 'dataSources.list',
    method: 'GET',
    path: '/api/v1/data/sources',
    summary: 'Where data comes from',
    access: 'data.read',
    query: CursorQuery.extend({
      trust: SourceTrust.optional(),
      /** Anywhere in name, owner or description. */
      q: z.string().max(200).optional(),
    }),
    response: pageOf(Source),
  }),
  create: defineRoute({
    id: 'dataSources.create',
    method: 'POST',
    path: '/api/v1/data/sources',
    summary: 'Register a source; somebody else says how far it is trusted',
    access: 'data.write',
    body: SourceInput,
    response: Source,
  }),
  get: defineRoute({
    id: 'dataSources.get',
    method: 'GET',
    path: '/api/v1/data/sources/:id',
    summary: 'One source',
    access: 'data.read',
    params: Params,
    response: Source,
  }),
  update: defineRoute({
    id: 'dataSources.update',
    method: 'PATCH',
    path: '/api/v1/data/sources/:id',
    summary: 'Describe a source anew',
    access: 'data.manage',
    params: Params,
    body: SourceInput.omit({ teamId: true }).partial(),
    response: Source,
  }),
  trust: defineRoute({
    id: 'dataSources.trust',
    method: 'POST',
    path: '/api/v1/data/sources/:id/trust',
    summary: 'Say how far a source is trusted; not by who registered it',
    access: 'data.approve',
    params: Params,
    body: Decision.extend({ trust: SourceTrust }),
    response: Source,
  }),
  policy: defineRoute({
    id: 'dataPolicies.get',
    method: 'GET',
    path: '/api/v1/data/policy',
    summary: 'What must hold before data may be used, where a dataset says nothing else',
    access: 'data.read',
    response: DataPolicy,
  }),
  setPolicy: defineRoute({
    id: 'dataPolicies.set',
    method: 'PUT',
    path: '/api/v1/data/policy',
    summary: 'Change what must hold before data may be used',
    access: 'data.manage',
    body: DataPolicy,
    response: DataPolicy,
    stepUp: true,
  }),
  datasetPolicy: defineRoute({
    id: 'dataPolicies.getOfDataset',
    method: 'GET',
    path: `${DATASET}/policy`,
    summary: 'What must hold before versions of a dataset may be used',
    access: 'data.read',
    params: DatasetParams,
    response: z.object({ own: DataPolicy.nullable(), effective: DataPolicy }),
  }),
  setDatasetPolicy: defineRoute({
    id: 'dataPolicies.setOfDataset',
    method: 'PUT',
    path: `${DATASET}/policy`,
    summary: 'Change what must hold before versions of a dataset may be used; null: as everywhere',
    access: 'data.manage',
    params: DatasetParams,
    body: z.object({ policy: DataPolicy.nullable() }),
    response: z.object({ own: DataPolicy.nullable(), effective: DataPolicy }),
    stepUp: true,
  }),
  custody: defineRoute({
    id: 'dataCustody.list',
    method: 'GET',
    path: `${DATASET}/custody`,
    summary: 'Who added, changed, approved and read what, newest first',
    access: 'data.read',
    params: DatasetParams,
    query: CursorQuery.extend({ act: z.enum(CUSTODY_ACTS).optional() }),
    response: pageOf(CustodyEntry),
  }),
  approve: defineRoute({
    id: 'dataVersions.approve',
    method: 'POST',
    path: `${VERSION}/approve`,
    summary: 'Approve a version for use; not by who pushed it',
    access: 'data.approve',
    params: VersionParams,
    body: Decision,
    response: z.object({ state: z.string() }),
  }),
  reject: defineRoute({
    id: 'dataVersions.reject',
    method: 'POST',
    path: `${VERSION}/reject`,
    summary: 'Refuse a version: it is never used',
    access: 'data.approve',
    params: VersionParams,
    body: Decision,
    response: z.object({ state: z.string() }),
  }),
  croissant: defineRoute({
    id: 'datasets.croissant',
    method: 'GET',
    path: `${VERSION}/croissant`,
    summary: 'A version as Croissant 1.1 metadata',
    access: 'data.read',
    params: VersionParams,
    response: Croissant,
  }),
  importCroissant: defineRoute({
    id: 'datasets.importCroissant',
    method: 'POST',
    path: '/api/v1/data/croissant',
    summary: 'Register or describe a dataset from Croissant metadata; its data is pushed by itself',
    access: 'data.write',
    body: z.object({ document: Croissant, dataset: z.string().min(1).max(256).optional() }),
    response: z.object({ datasetId: Id, dataset: z.string(), warnings: z.array(z.string()) }),
    bodyLimitBytes: 8 * 1024 * 1024,
  }),
} as const;
