import { z } from 'zod';
import { CursorQuery, Empty, Id, Instant, pageOf } from '../common.ts';
import { defineRoute } from '../route.ts';
import { Sha256 } from '../uploads.ts';
import {
  DataActor,
  DataFormat,
  DataProfile,
  DataReadOptions,
  DataReason,
  DataSchema,
  DataSourceBrief,
  DataStorage,
  DatasetName,
  DatasetRef,
  DatasetVersionRef,
} from './fields.ts';

const Count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const ColumnName = z.string().min(1).max(1_000);
const Words = (most: number) =>
  z
    .string()
    .max(most)
    .refine((text) => text.isWellFormed() && !text.includes('\0'), 'is not valid text');

/** What people say about a dataset. */
const Described = z.object({
  description: Words(10_000),
  /** As an SPDX expression, an address or in words. */
  license: Words(1_000),
  /** On what ground the data may be used: consent, contract, public record. */
  consent: Words(2_000),
  /** Of the dataset on the web, or where it is described. */
  homepage: Words(2_000),
  /** Column with the label, where there is one. */
  label: ColumnName.nullable(),
});

export const DatasetInput = z.object({
  name: DatasetName,
  /** Absent: the one team that bounds the caller's key, or else everybody's. Null: everybody's. */
  teamId: Id.nullable().optional(),
  description: Described.shape.description.default(''),
  license: Described.shape.license.default(''),
  consent: Described.shape.consent.default(''),
  homepage: Described.shape.homepage.default(''),
  label: Described.shape.label.default(null),
});
export type DatasetInput = z.input<typeof DatasetInput>;

export const DatasetChange = Described.partial().extend({
  name: DatasetName.optional(),
  teamId: Id.nullable().optional(),
  /**
   * Content of versions that are older than this and neither the newest nor needed by a version that is made from them
   * is removed; hashes, schema and profile stay. Null: kept for good. Needs data.manage.
   */
  retentionDays: z.number().int().min(1).max(36_500).nullable().optional(),
});
export type DatasetChange = z.input<typeof DatasetChange>;

export const DATA_VERSION_STATES = ['processing', 'ready', 'failed', 'awaiting-review', 'rejected'] as const;
/** `awaiting-review`: read and hashed, and kept out of use until somebody approves it. */
export const DataVersionState = z.enum(DATA_VERSION_STATES);
export type DataVersionState = z.infer<typeof DataVersionState>;

/** A version without its schema and profile, as lists have it. */
export const DatasetVersionSummary = z.object({
  id: Id,
  datasetId: Id,
  dataset: z.string(),
  number: z.number().int().positive(),
  state: DataVersionState,
  /** Why it failed or was rejected, and what to do. */
  failure: z.string().nullable(),
  /** Kept out of use: it is never `latest`, and its content is for data.manage only. */
  quarantined: z.boolean(),
  storage: DataStorage,
  /** Of a reference: where the data lie, as the client told; nobody here opens it. Null: here. */
  location: z.string().nullable(),
  format: DataFormat,
  /** Null until it is read. */
  rows: Count.nullable(),
  /** Of the content. */
  bytes: Count,
  files: Count,
  /**
   * RFC 6962 Merkle root over the hashes of its records. Who knows all records but one can test guesses of that one
   * against it; who knows less learns nothing.
   */
  root: Sha256.nullable(),
  /** SHA-256 of the schema as records are hashed under it. */
  schemaDigest: Sha256.nullable(),
  /** SHA-256 of the leaf file. */
  leaves: Sha256.nullable(),
  /** Who read and hashed the data: this server, or the client that pushed a reference. */
  measuredBy: z.enum(['server', 'client']),
  /** `removed`: retention or the removal of the dataset took it. `elsewhere`: of a reference. */
  content: z.enum(['here', 'removed', 'elsewhere']),
  /** The version that it was made from. */
  parent: z.object({ versionId: Id, number: z.number().int().positive() }).nullable(),
  /** Who delivered it; null where nobody did (it was made here of another one) or was named. */
  source: DataSourceBrief.nullable(),
  batch: z.string().nullable(),
  /** In lists, of one without a source: those that its records came in with in earlier versions, most records first. */
  recordsFrom: z.array(z.string()).optional(),
  /** In lists: what the newest verification that ended well found; null where it was never verified. */
  verified: z.enum(['intact', 'tampered']).nullable().optional(),
  reason: z.string(),
  label: z.string().nullable(),
  createdBy: DataActor,
  createdAt: Instant,
  readyAt: Instant.nullable(),
});
export type DatasetVersionSummary = z.infer<typeof DatasetVersionSummary>;

/** What brought records of a version in. */
export const DataOrigin = z.object({
  /** The version in which they came. */
  versionId: Id,
  number: z.number().int().positive(),
  source: DataSourceBrief.nullable(),
  batch: z.string().nullable(),
  at: Instant,
});
export type DataOrigin = z.infer<typeof DataOrigin>;

export const DatasetVersion = DatasetVersionSummary.extend({
  schema: DataSchema.nullable(),
  profile: DataProfile.nullable(),
  options: DataReadOptions,
  /** Where its records came from, most records first; at most 1,000. Empty until it is read. */
  origins: z.array(DataOrigin.extend({ rows: Count })),
  /** Of a version that is being read. */
  progress: z.object({ rows: Count, stage: z.string() }).nullable(),
});
export type DatasetVersion = z.infer<typeof DatasetVersion>;

export const Dataset = Described.extend({
  id: Id,
  name: z.string(),
  teamId: Id.nullable(),
  retentionDays: z.number().int().nullable(),
  createdBy: DataActor,
  createdAt: Instant,
  updatedAt: Instant,
  versions: Count,
  /** Bytes of what is kept of all its versions. */
  storedBytes: Count,
  /** The one that `latest` stands for; null where none is ready. */
  latest: DatasetVersionSummary.nullable(),
});
export type Dataset = z.infer<typeof Dataset>;

/** A value as JSON has it: whole numbers past 2^53 and decimals as texts, bytes in hexadecimal, not finite: as texts. */
export const DataCell: z.ZodType<unknown> = z.unknown();

export const MAX_RECORDS_PAGE = 500;
export const DataRecords = z.object({
  schema: DataSchema,
  rows: Count,
  items: z.array(
    z.object({
      /** Place in the version, from 0. */
      row: Count,
      values: z.array(DataCell),
      /** Columns whose value was cut, for its length. */
      cut: z.array(z.string()),
      /** Place in `origins`. */
      origin: z.number().int().nonnegative().nullable(),
    }),
  ),
  origins: z.array(DataOrigin),
});
export type DataRecords = z.infer<typeof DataRecords>;

/** That a record is in a version: RFC 6962, section 2.1.1. */
export const DataProof = z.object({
  row: Count,
  rows: Count,
  /** Of the record. */
  hash: Sha256,
  /** The hashes that lead from it to the root, lowest first. */
  path: z.array(Sha256),
  root: Sha256,
});
export type DataProof = z.infer<typeof DataProof>;

export const MAX_DIFF_LISTED = 10_000;
export const DatasetDiffEntry = z.object({
  /** `changed`: by place between its neighbours, or, with `key`, by the key. `moved`: only without `key`. */
  kind: z.enum(['added', 'removed', 'changed', 'moved']),
  /** Place in the earlier version, from 0; null of what was added. */
  was: Count.nullable(),
  /** Place in the later version; null of what was removed. */
  now: Count.nullable(),
  /** Columns that differ, where records are told apart by a key. */
  columns: z.array(z.string()),
});
export type DatasetDiffEntry = z.infer<typeof DatasetDiffEntry>;

export const DatasetDiff = z.object({
  from: DatasetVersionSummary,
  to: DatasetVersionSummary,
  key: z.array(z.string()),
  same: z.boolean(),
  counts: z.object({ added: Count, removed: Count, changed: Count, moved: Count, unchanged: Count }),
  schema: z.object({
    added: z.array(z.string()),
    removed: z.array(z.string()),
    /** In both, of another type. */
    retyped: z.array(z.string()),
  }),
  /** The first of each kind, `limit` of each at most. Empty for who may not read records. */
  entries: z.array(DatasetDiffEntry),
  /** Why no entries are listed, though records differ; null where they are. */
  withheld: z.string().nullable(),
  /** Whether `entries` are all. */
  complete: z.boolean(),
});
export type DatasetDiff = z.infer<typeof DatasetDiff>;

export const DATA_TAMPERINGS = [
  'record-altered',
  'record-added',
  'record-removed',
  'record-moved',
  /** 256 records of which some were changed: named where the leaves can tell no more. */
  'block-changed',
  /** The stored hashes of records are not those of the version. */
  'leaf-changed',
  'leaves-damaged',
  'content-damaged',
  'content-missing',
  'content-unreadable',
  /** A row of the database is not what the audit log holds of it. */
  'row-changed',
  /** A row that the audit log holds is gone from the database. */
  'row-missing',
  /** A row of the database that the audit log holds nothing of. */
  'row-added',
  'audit-missing',
  'audit-changed',
] as const;

export const DataTampering = z.object({
  kind: z.enum(DATA_TAMPERINGS),
  /** Place of the record when the version was made, from 0; of a block, its first record. */
  was: Count.nullable(),
  /** Place in what lies there now. */
  now: Count.nullable(),
  /** Of what was changed: a path, a table or column of the database, a file. Empty for records. */
  where: z.string(),
  message: z.string(),
  /** Entry of the audit log that says otherwise. */
  entry: z.string().optional(),
});
export type DataTampering = z.infer<typeof DataTampering>;

export const MAX_TAMPERINGS_LISTED = 10_000;
export const DataVerification = z.object({
  id: Id,
  versionId: Id,
  /** `error`: it could not be told. */
  state: z.enum(['running', 'intact', 'tampered', 'error']),
  /** Whether the stored content was read; of a reference only hashes are here. */
  contentRead: z.boolean(),
  rows: Count.nullable(),
  /** By kind of tampering, all of them. */
  counts: z.record(z.string(), Count),
  /** The first {@link MAX_TAMPERINGS_LISTED}. */
  tamperings: z.array(DataTampering),
  /** What could not be checked, in words: facts that the audit log does not hold of what was made by an older Bartizan. */
  notes: z.array(z.string()),
  failure: z.string().nullable(),
  progress: z.object({ rows: Count, stage: z.string() }).nullable(),
  by: DataActor,
  startedAt: Instant,
  endedAt: Instant.nullable(),
});
export type DataVerification = z.infer<typeof DataVerification>;

/** A file of a version of texts or images, or the one file of a table. */
export const DatasetFile = z.object({ path: z.string(), size: Count, sha256: Sha256 });
export type DatasetFile = z.infer<typeof DatasetFile>;

export const DatasetParams = z.object({ dataset: DatasetRef });
export const DatasetVersionParams = z.object({ dataset: DatasetRef, version: DatasetVersionRef });

const BASE = '/api/v1/data/datasets';
const VERSION = `${BASE}/:dataset/versions/:version`;

export const datasetRoutes = {
  list: defineRoute({
    id: 'data.datasets.list',
    method: 'GET',
    path: BASE,
    summary: 'Datasets, newest first',
    access: 'data.read',
    query: CursorQuery.extend({ search: z.string().max(200).optional() }),
    response: pageOf(Dataset),
  }),
  create: defineRoute({
    id: 'data.datasets.create',
    method: 'POST',
    path: BASE,
    summary: 'Register a dataset; it has no versions yet',
    access: 'data.write',
    body: DatasetInput,
    response: Dataset,
  }),
  get: defineRoute({
    id: 'data.datasets.get',
    method: 'GET',
    path: `${BASE}/:dataset`,
    summary: 'A dataset by its id or name',
    access: 'data.read',
    params: DatasetParams,
    response: Dataset,
  }),
  update: defineRoute({
    id: 'data.datasets.update',
    method: 'PATCH',
    path: `${BASE}/:dataset`,
    summary: 'Change what is said of a dataset, its team, or how long old content is kept',
    access: 'data.write',
    params: DatasetParams,
    body: DatasetChange,
    response: Dataset,
  }),
  remove: defineRoute({
    id: 'data.datasets.remove',
    method: 'DELETE',
    path: `${BASE}/:dataset`,
    summary:
      'Remove a dataset with the content of all its versions; what is known of them stays for the record',
    access: 'data.manage',
    stepUp: true,
    params: DatasetParams,
    response: Empty,
  }),
  versions: defineRoute({
    id: 'data.versions.list',
    method: 'GET',
    path: `${BASE}/:dataset/versions`,
    summary: 'Versions of a dataset, newest first',
    access: 'data.read',
    params: DatasetParams,
    query: CursorQuery,
    response: pageOf(DatasetVersionSummary),
  }),
  version: defineRoute({
    id: 'data.versions.get',
    method: 'GET',
    path: VERSION,
    summary: 'A version with its schema, profile and where its records came from',
    access: 'data.read',
    params: DatasetVersionParams,
    response: DatasetVersion,
  }),
  updateVersion: defineRoute({
    id: 'data.versions.update',
    method: 'PATCH',
    path: VERSION,
    summary: 'Put a version into quarantine, or take it out',
    access: 'data.manage',
    params: DatasetVersionParams,
    body: z.object({ quarantined: z.boolean(), reason: DataReason.min(10) }),
    response: DatasetVersionSummary,
  }),
  leaves: defineRoute({
    id: 'data.versions.leaves',
    method: 'GET',
    path: `${VERSION}/leaves`,
    summary:
      'The leaf file of a version: the hash of every record. Who can guess a record can test the guess against its hash, so the reason is recorded',
    access: 'data.content',
    purpose: true,
    params: DatasetVersionParams,
    streams: 'application/octet-stream',
  }),
  files: defineRoute({
    id: 'data.versions.files',
    method: 'GET',
    path: `${VERSION}/files`,
    summary: 'The files of a version; their names are content of folders, so the reason is recorded',
    access: 'data.content',
    purpose: true,
    params: DatasetVersionParams,
    query: z.object({
      cursor: z.string().max(200).optional(),
      limit: z.coerce.number().int().min(1).max(5_000).default(500),
    }),
    response: pageOf(DatasetFile),
  }),
  content: defineRoute({
    id: 'data.versions.content',
    method: 'GET',
    path: `${VERSION}/content`,
    summary:
      'The bytes of a version as they were pushed: its one file, or with `path` a file of a folder, or without it a tar archive of the folder. The reason is recorded',
    access: 'data.content',
    purpose: true,
    params: DatasetVersionParams,
    query: z.object({ path: z.string().max(4096).optional() }),
    streams: 'application/octet-stream',
  }),
  records: defineRoute({
    id: 'data.versions.records',
    method: 'GET',
    path: `${VERSION}/records`,
    summary: 'Records of a version from `offset` on; the reason is recorded',
    access: 'data.content',
    purpose: true,
    params: DatasetVersionParams,
    query: z.object({
      offset: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0),
      limit: z.coerce.number().int().min(1).max(MAX_RECORDS_PAGE).default(50),
    }),
    response: DataRecords,
  }),
  proof: defineRoute({
    id: 'data.versions.proof',
    method: 'GET',
    path: `${VERSION}/proof`,
    summary:
      'Proves that the record at a place is in the version, by its hash; the reason is recorded, as for all hashes',
    access: 'data.content',
    purpose: true,
    params: DatasetVersionParams,
    query: z.object({ row: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER) }),
    response: DataProof,
  }),
  diff: defineRoute({
    id: 'data.datasets.diff',
    method: 'GET',
    path: `${BASE}/:dataset/diff`,
    summary:
      'How many records differ between two versions; for who may read records (data.content) also at which places and in which columns, no values',
    access: 'data.read',
    params: DatasetParams,
    query: z.object({
      from: DatasetVersionRef,
      to: DatasetVersionRef.default('latest'),
      /**
       * Columns that tell records apart, separated by commas; by place and content where absent. Takes data.content, and
       * is recorded as reading the keys of both versions; a reason in `bartizan-purpose` is recorded with it.
       */
      key: z.string().max(10_000).optional(),
      limit: z.coerce.number().int().min(0).max(MAX_DIFF_LISTED).default(1_000),
    }),
    response: DatasetDiff,
  }),
  verify: defineRoute({
    id: 'data.versions.verify',
    method: 'POST',
    path: `${VERSION}/verify`,
    summary:
      'Begin to read the stored content again and to hold it, the stored hashes and the database against the audit log; every record that was changed is named',
    access: 'data.read',
    params: DatasetVersionParams,
    response: DataVerification,
  }),
  verifications: defineRoute({
    id: 'data.versions.verifications',
    method: 'GET',
    path: `${VERSION}/verifications`,
    summary: 'Verifications of a version, newest first, without the list of what was tampered with',
    access: 'data.read',
    params: DatasetVersionParams,
    query: CursorQuery,
    response: pageOf(DataVerification.omit({ tamperings: true })),
  }),
  verification: defineRoute({
    id: 'data.versions.verification',
    method: 'GET',
    path: `${VERSION}/verifications/:id`,
    summary: 'One verification of a version, with every record that was changed',
    access: 'data.read',
    params: DatasetVersionParams.extend({ id: Id }),
    response: DataVerification,
  }),
} as const;
