import { createHash } from 'node:crypto';
import { type UploadInput, uploadFingerprintText } from '@bartizan/contracts';
import type { z } from 'zod';
import type { Principal } from '../../../platform/http/types.ts';

export type ParsedUpload = z.output<typeof UploadInput>;

/** An upload that got no part for this long is given up. */
export const IDLE_MS = 3 * 24 * 3_600_000;
/** Even one that goes on is given up after this; content in parts is swept only later than that. */
export const LIFETIME_MS = 7 * 24 * 3_600_000;
/** A finished one answers `finish` again for this long. */
export const REMEMBERED_MS = 24 * 3_600_000;
export const MAX_OPEN_UPLOADS = 20;
/** Of the configured limit of one upload, for what all open ones of an owner announce together. */
export const OPEN_BYTES_FACTOR = 2;

/**
 * Who an upload belongs to: the person, so that their own key goes on with it. A service account is somebody of its
 * own, for accounts that one person answers for are of different teams.
 */
export const ownerOf = ({
  id,
  ownerId,
  serviceAccountId,
}: Pick<Principal, 'id' | 'ownerId' | 'serviceAccountId'>): string => serviceAccountId ?? ownerId ?? id;

/** See `uploadFingerprintText`. Lower-case hexadecimal. */
export const fingerprintOf = (upload: ParsedUpload): string =>
  createHash('sha256').update(uploadFingerprintText(upload)).digest('hex');

export const totalOf = (files: readonly { readonly size: number }[]): number =>
  files.reduce((sum, { size }) => sum + size, 0);
