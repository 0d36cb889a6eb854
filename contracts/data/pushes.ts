import { z } from 'zod';
import { ArtifactPath, artifactPathClash } from '../artifact-paths.ts';
import { CursorQuery, Empty, Id, Instant, pageOf } from '../common.ts';
import { defineRoute } from '../route.ts';
import { Sha256 } from '../uploads.ts';
import { DatasetVersionSummary } from './datasets.ts';
import {
  DataBatch,
  DataFormat,
  DataProfile,
  DataReadOptions,
  DataReason,
  DataSchema,
  DataStorage,
  DatasetName,
} from './fields.ts';

/** Files of one push of texts or images; tables have one file. */
export const MAX_DATA_FILES = 100_000;
/** The two files of a push by reference. */
export const REFERENCE_LEAVES = 'leaves';
export const REFERENCE_MANIFEST = 'version.json';
export const MAX_REFERENCE_MANIFEST_BYTES = 32 * 1024 * 1024;

/** In bytes; what a double holds exactly. */
const Bytes = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

export const DataFileInput = z.object({
  path: ArtifactPath,
  size: Bytes,
  /** What the bytes must have. */
  sha256: Sha256.optional(),
});
export type DataFileInput = z.input<typeof DataFileInput>;

/** What a client that read data which stays where it is says of them, as the file `version.json`. */
export const ReferenceManifest = z.strictObject({
  schema: DataSchema,
  profile: DataProfile,
  rows: Bytes,
  /** Of the hashes in the leaf file. */
  root: Sha256,
  /** Where the data lie: a path or an address, without credentials. Nobody here opens it. */
  location: z
    .string()
    .trim()
    .min(1)
    .max(4_000)
    .refine((text) => text.isWellFormed() && !/\p{Cc}/u.test(text), 'has control characters')
    .refine((text) => !/^[a-z][a-z0-9+.-]*:\/\/[^/]*@/i.test(text), 'has credentials in it; leave them out'),
  /** Of the data, not of what is sent. */
  bytes: Bytes,
});
export type ReferenceManifest = z.input<typeof ReferenceManifest>;

const FILES = z
  .array(DataFileInput)
  .min(1, 'name at least one file')
  .max(MAX_DATA_FILES)
  .superRefine((files, context) => {
    const clash = artifactPathClash(files.map(({ path }) => path));
    if (clash)
      context.addIssue({ code: 'custom', path: [clash.index, 'path'], message: `the path ${clash.reason}` });
  });

const isFolder = (format: DataFormat): boolean => format === 'texts' || format === 'images';

export const DataPushInput = z
  .object({
    /** Name of the dataset that gets a new version; it is registered where there is none in reach. */
    dataset: DatasetName,
    /** Of a dataset that is registered by this. Absent: the caller's one team, or everybody's. Null: everybody's. */
    teamId: Id.nullable().optional(),
    storage: DataStorage.default('value'),
    format: DataFormat,
    options: DataReadOptions.default({}),
    files: FILES,
    /** A registered source, by its id or name. */
    source: z.string().trim().min(1).max(300).optional(),
    batch: DataBatch.optional(),
    reason: DataReason.default(''),
    /** Column with the label; the dataset's where absent. */
    label: z.string().min(1).max(1_000).optional(),
    /** Makes a new version also where the newest has the same records. */
    allowSame: z.boolean().default(false),
  })
  .superRefine(({ storage, format, files, options }, context) => {
    const paths = files.map(({ path }) => path).toSorted();
    if (storage === 'reference') {
      if (paths.join('\n') !== `${REFERENCE_LEAVES}\n${REFERENCE_MANIFEST}`)
        context.addIssue({
          code: 'custom',
          path: ['files'],
          message: `a reference has the files "${REFERENCE_LEAVES}" and "${REFERENCE_MANIFEST}"`,
        });
    } else if (!isFolder(format) && files.length > 1)
      context.addIssue({ code: 'custom', path: ['files'], message: `a dataset of ${format} is one file` });
    if (isFolder(format) && options.schema !== undefined)
      context.addIssue({
        code: 'custom',
        path: ['options', 'schema'],
        message: 'a folder has its own schema',
      });
  });
export type DataPushInput = z.input<typeof DataPushInput>;

/**
 * What two pushes have in common when one goes on with the other: everything that was asked for, in whatever order.
 * The fingerprint is the sha256 of this text.
 */
export function dataPushFingerprintText(push: z.output<typeof DataPushInput>): string {
  const { files, options, ...asked } = push;
  const named = Object.entries(asked).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return [
    JSON.stringify(named.filter(([, value]) => value !== undefined)),
    JSON.stringify([options.delimiter ?? null, options.header ?? null, options.schema ?? null]),
    ...files.map(({ path, size, sha256 = null }) => JSON.stringify([path, size, sha256])).toSorted(),
  ].join('\n');
}

export const DataPushFile = z.object({
  path: z.string(),
  size: Bytes,
  /** As told when the push began, or as found once it is complete. */
  sha256: Sha256.nullable(),
  /** Bytes that are kept: where to go on from. */
  received: Bytes,
  /** Nothing more is to be sent. */
  complete: z.boolean(),
});
export type DataPushFile = z.infer<typeof DataPushFile>;

/** `open`: files are awaited. `reading`: being read and hashed. `done`: `version` is what it became. */
export const DATA_PUSH_STATES = ['open', 'reading', 'done', 'failed'] as const;

export const DataPush = z.object({
  id: Id,
  dataset: z.string(),
  /** Null until it is finished, of a dataset that is registered by it. */
  datasetId: Id.nullable(),
  state: z.enum(DATA_PUSH_STATES),
  storage: DataStorage,
  format: DataFormat,
  /** The same for the same files and settings: how a client finds what it had begun. */
  fingerprint: Sha256,
  createdAt: Instant,
  /** Put off with every part that comes. */
  expiresAt: Instant,
  fileCount: z.number().int(),
  totalBytes: Bytes,
  receivedBytes: Bytes,
  /** How far reading is; null unless it is being read. */
  progress: z.object({ rows: Bytes, stage: z.string() }).nullable(),
  /** What it became: a new version, or the one that has the same records already. */
  version: DatasetVersionSummary.nullable(),
  /** The records are those of a version that was there. */
  same: z.boolean(),
  /** Why it failed, and what to do. */
  failure: z.string().nullable(),
});
export type DataPush = z.infer<typeof DataPush>;

const Params = z.object({ id: Id });
const FileParams = z.object({ id: Id, '*': z.string().min(1).max(4096) });
const LIST_BYTES = 64 * 1024 * 1024;
const BASE = '/api/v1/data/pushes';

export const dataPushRoutes = {
  list: defineRoute({
    id: 'data.pushes.list',
    method: 'GET',
    path: BASE,
    summary: 'Your own pushes that are under way, newest first',
    access: 'data.write',
    response: z.object({ items: z.array(DataPush) }),
  }),
  create: defineRoute({
    id: 'data.pushes.create',
    method: 'POST',
    path: BASE,
    summary: 'Begin to push a version of a dataset',
    access: 'data.write',
    body: DataPushInput,
    response: DataPush,
    bodyLimitBytes: LIST_BYTES,
  }),
  get: defineRoute({
    id: 'data.pushes.get',
    method: 'GET',
    path: `${BASE}/:id`,
    summary: 'How far a push is: its bytes, then its rows, then its version',
    access: 'data.write',
    params: Params,
    response: DataPush,
  }),
  files: defineRoute({
    id: 'data.pushes.files',
    method: 'GET',
    path: `${BASE}/:id/files`,
    summary: 'How far each file of a push is',
    access: 'data.write',
    params: Params,
    query: CursorQuery.extend({ limit: z.coerce.number().int().min(1).max(5_000).default(1_000) }),
    response: pageOf(DataPushFile),
  }),
  sendFile: defineRoute({
    id: 'data.pushes.sendFile',
    method: 'PUT',
    path: `${BASE}/:id/files/*`,
    summary: 'Send bytes of a file from `offset` on, which must be how far it is; what arrived is kept',
    access: 'data.write',
    params: FileParams,
    query: z.object({ offset: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0) }),
    receives: 'application/octet-stream',
    response: DataPushFile,
  }),
  finish: defineRoute({
    id: 'data.pushes.finish',
    method: 'POST',
    path: `${BASE}/:id/finish`,
    summary:
      'Have the data read and hashed, once all files are complete; asked again, answers how far that is',
    access: 'data.write',
    params: Params,
    response: DataPush,
  }),
  discard: defineRoute({
    id: 'data.pushes.discard',
    method: 'DELETE',
    path: `${BASE}/:id`,
    summary: 'Give a push up and remove what arrived; a version that it became stays',
    access: 'data.write',
    params: Params,
    response: Empty,
  }),
} as const;
