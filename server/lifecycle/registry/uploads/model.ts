import { createHash } from 'node:crypto';
import type {
  Upload,
  UploadedVersion,
  UploadFile,
  UploadInput,
  UploadInput as UploadSchema,
} from '@bartizan/contracts';
import type { z } from 'zod';
import type { Principal } from '../../../platform/http/types.ts';

export type ParsedUpload = z.output<typeof UploadSchema>;
export type { Upload, UploadedVersion, UploadFile, UploadInput };

/** An upload that got no part for this long is given up. */
export const IDLE_MS = 3 * 24 * 3_600_000;
/** Even one that goes on is given up after this; content in parts is swept only later than that. */
export const LIFETIME_MS = 7 * 24 * 3_600_000;
/** A finished one answers `finish` again for this long. */
export const REMEMBERED_MS = 24 * 3_600_000;
export const MAX_OPEN_UPLOADS = 20;
/** Of the configured limit of one upload, for what all open ones of an owner announce together. */
export const OPEN_BYTES_FACTOR = 2;

/** Who an upload belongs to: the person who answers for the caller, so that their key goes on with it. */
export const ownerOf = (principal: Pick<Principal, 'id' | 'ownerId'>): string =>
  principal.ownerId ?? principal.id;

/** The same for the same model, paths, sizes and digests, in whatever order. */
export function fingerprintOf(upload: Pick<ParsedUpload, 'model' | 'files'>): string {
  const hash = createHash('sha256').update(JSON.stringify([upload.model]));
  const lines = upload.files.map(({ path, size, sha256 }) => JSON.stringify([path, size, sha256 ?? null]));
  for (const line of lines.toSorted()) hash.update(`\n${line}`);
  return hash.digest('hex');
}

export const totalOf = (files: readonly { readonly size: number }[]): number =>
  files.reduce((sum, { size }) => sum + size, 0);
