import { z } from 'zod';
import { ArtifactPath, artifactPathClash, MAX_ARTIFACT_FILES } from './artifact-paths.ts';
import { Empty, Id, Instant } from './common.ts';
import { BaseInput, ModelName, RegistryTags, VersionAlias, VersionRef } from './registry-fields.ts';
import { defineRoute } from './route.ts';

/** Lower-case hexadecimal. */
export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be a sha256 in lower-case hexadecimal');
/** In bytes; what a double holds exactly. */
const Bytes = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

export const UploadFileInput = z.object({
  path: ArtifactPath,
  size: Bytes,
  /** What the bytes must have; where given, content that is there already need not be sent. */
  sha256: Sha256.optional(),
});
export type UploadFileInput = z.input<typeof UploadFileInput>;

export const UploadInput = z.object({
  /** Name of the model that gets a new version; it is registered where there is none in reach. */
  model: ModelName,
  /** Of a model that is registered by this. Absent or null: everybody's. */
  teamId: Id.nullable().optional(),
  description: z.string().max(10_000).default(''),
  /** Of the version. */
  tags: RegistryTags.default({}),
  /** Alias to set on the new version. */
  alias: VersionAlias.optional(),
  /** What it was made from. */
  base: BaseInput.optional(),
  files: z
    .array(UploadFileInput)
    .min(1, 'name at least one file')
    .max(MAX_ARTIFACT_FILES)
    .superRefine((files, context) => {
      const clash = artifactPathClash(files.map(({ path }) => path));
      if (clash) {
        context.addIssue({
          code: 'custom',
          path: [clash.index, 'path'],
          message: `the path ${clash.reason}`,
        });
      }
    }),
});
export type UploadInput = z.input<typeof UploadInput>;

/**
 * What two uploads have in common when one goes on with the other: everything that was asked for, in whatever order.
 * The fingerprint is the sha256 of this text.
 */
export function uploadFingerprintText(upload: z.output<typeof UploadInput>): string {
  const { model, teamId = null, description, tags, alias = null, base = null, files } = upload;
  const sorted = <T>(lines: readonly T[]) => lines.map((line) => JSON.stringify(line)).toSorted();
  return [
    JSON.stringify([model, teamId, description, alias, base]),
    ...sorted(Object.entries(tags)),
    ...sorted(files.map(({ path, size, sha256 = null }) => [path, size, sha256])),
  ].join('\n');
}

export const UploadFile = z.object({
  path: z.string(),
  size: Bytes,
  /** As told when the upload began, or as found once it is complete. */
  sha256: Sha256.nullable(),
  /** Bytes that are kept: where to go on from. */
  received: Bytes,
  /** Nothing more is to be sent. */
  complete: z.boolean(),
});
export type UploadFile = z.infer<typeof UploadFile>;

/** The model version that an upload became. */
export const UploadedVersion = z.object({
  modelId: Id,
  model: z.string(),
  versionId: Id,
  version: z.number().int().positive(),
  /** Of the whole version: sha256 over the digests of its files in the order of their paths. */
  digest: Sha256,
});
export type UploadedVersion = z.infer<typeof UploadedVersion>;

export const UploadSummary = z.object({
  id: Id,
  model: z.string(),
  state: z.enum(['open', 'finished']),
  /** The same for the same paths, sizes and digests: how a client finds what it had begun. */
  fingerprint: Sha256,
  createdAt: Instant,
  /** Put off with every part that comes. */
  expiresAt: Instant,
  fileCount: z.number().int(),
  totalBytes: Bytes,
  receivedBytes: Bytes,
  /** Null until it is finished. */
  version: UploadedVersion.nullable(),
});
export type UploadSummary = z.infer<typeof UploadSummary>;

export const Upload = UploadSummary.extend({ files: z.array(UploadFile) });
export type Upload = z.infer<typeof Upload>;

const Params = z.object({ id: Id });
const FileParams = z.object({ id: Id, '*': z.string().min(1).max(4096) });
const LIST_BYTES = 32 * 1024 * 1024;

export const uploadRoutes = {
  list: defineRoute({
    id: 'uploads.list',
    method: 'GET',
    path: '/api/v1/uploads',
    summary: 'Your own uploads that are under way',
    access: 'models.write',
    response: z.object({ items: z.array(UploadSummary) }),
  }),
  create: defineRoute({
    id: 'uploads.create',
    method: 'POST',
    path: '/api/v1/uploads',
    summary: 'Begin to upload a new model version; answers which files need not be sent',
    access: 'models.write',
    body: UploadInput,
    response: Upload,
    bodyLimitBytes: LIST_BYTES,
  }),
  get: defineRoute({
    id: 'uploads.get',
    method: 'GET',
    path: '/api/v1/uploads/:id',
    summary: 'How far each file of an upload is',
    access: 'models.write',
    params: Params,
    response: Upload,
  }),
  sendFile: defineRoute({
    id: 'uploads.sendFile',
    method: 'PUT',
    path: '/api/v1/uploads/:id/files/*',
    summary: 'Send bytes of a file from `offset` on, which must be how far it is; what arrived is kept',
    access: 'models.write',
    params: FileParams,
    query: z.object({ offset: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0) }),
    receives: 'application/octet-stream',
    response: UploadFile,
  }),
  finish: defineRoute({
    id: 'uploads.finish',
    method: 'POST',
    path: '/api/v1/uploads/:id/finish',
    summary: 'Make the model version, once all files are complete; asked again, answers the same',
    access: 'models.write',
    params: Params,
    response: UploadedVersion,
  }),
  discard: defineRoute({
    id: 'uploads.discard',
    method: 'DELETE',
    path: '/api/v1/uploads/:id',
    summary: 'Give an upload up and remove what arrived',
    access: 'models.write',
    params: Params,
    response: Empty,
  }),
  download: defineRoute({
    id: 'models.downloadFile',
    method: 'GET',
    path: '/api/v1/models/:model/versions/:version/files/*',
    summary:
      'The bytes of a file of a version, or a range of them (`range: bytes=…`); its digest is the ETag. Refused in quarantine',
    access: 'models.download',
    params: z.object({
      model: z.string().min(1).max(256),
      version: VersionRef,
      '*': z.string().min(1).max(4096),
    }),
    streams: 'application/octet-stream',
  }),
} as const;
