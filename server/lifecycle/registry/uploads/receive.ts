import { AppError } from '../../../kernel/error.ts';
import type { RecordedObjects, StoredObject } from '../../../platform/objects/index.ts';
import { IDLE_MS } from './model.ts';
import type { FilePlace, StoredFile, UploadStore } from './store.ts';
import type { Writing } from './writing.ts';

/** A file that comes whole and is no larger is not kept in parts: a broken one is sent again. */
const SMALL_BYTES = 8 * 1024 * 1024;

export interface Part {
  readonly path: string;
  /** Where in the file the bytes begin. */
  readonly offset: number;
  readonly bytes: AsyncIterable<Uint8Array>;
  /** How many the client announces; null where it does not say. */
  readonly announced: number | null;
}

export interface ReceivingDeps {
  readonly objects: RecordedObjects;
  readonly store: Pick<UploadStore, 'file' | 'putOff' | 'setStaging' | 'complete'>;
  readonly writing: Pick<Writing, 'exclusively'>;
  readonly now: () => number;
}

type Guard = (chunks: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;

const isNotFound = (error: unknown): boolean => error instanceof AppError && error.code === 'not_found';

const goOnAt = (received: number): AppError =>
  new AppError('conflict', `${received} bytes of this file are here`, {
    hint: `Go on with offset=${received}.`,
  });

/** Takes parts of files in and makes objects of those that are whole. */
export function createReceiving({ objects, store, writing, now }: ReceivingDeps) {
  /** Bytes that are here, of a file that may have been cut off by a crash. */
  async function keptOf(file: StoredFile): Promise<number> {
    if (file.staging === null) return file.received;
    try {
      return await objects.staging.offset(file.staging);
    } catch (error) {
      if (isNotFound(error)) return 0;
      throw error;
    }
  }

  /** A file that comes in one piece; nothing of it is kept when it breaks off. */
  async function whole(place: FilePlace, file: StoredFile, bytes: AsyncIterable<Uint8Array>): Promise<void> {
    const stored = await objects.put(bytes, {
      maxBytes: file.size,
      ...(file.expected === null ? {} : { expect: file.expected }),
    });
    if (stored.size !== file.size) throw new AppError('invalid_input', 'the file is shorter than was told');
    await store.complete(place, stored.sha256);
  }

  async function finished(place: FilePlace, staging: string, file: StoredFile): Promise<void> {
    let stored: StoredObject;
    try {
      stored = await objects.staging.finish(staging, file.expected === null ? {} : { expect: file.expected });
    } catch (error) {
      // Thrown away: other bytes than were told, or taken out of the store by a crash in the middle of this.
      if (error instanceof AppError && (error.code === 'invalid_input' || error.code === 'not_found')) {
        await store.setStaging(place, null, 0);
      }
      throw error;
    }
    await store.complete(place, stored.sha256);
  }

  async function inParts(
    place: FilePlace,
    file: StoredFile,
    { offset, bytes }: { readonly offset: number; readonly bytes: AsyncIterable<Uint8Array> },
  ): Promise<void> {
    const kept = await keptOf(file);
    if (offset !== kept) throw goOnAt(kept);
    const known = file.staging !== null && (kept > 0 || (await exists(file.staging))) ? file.staging : null;
    const staging = known ?? (await objects.staging.begin());
    if (known === null) await store.setStaging(place, staging, 0);
    let received = kept;
    try {
      received = await objects.staging.append(staging, kept, bytes, { maxBytes: file.size });
    } catch (error) {
      await store.setStaging(place, staging, await keptOf({ ...file, staging }));
      throw error;
    }
    await store.setStaging(place, staging, received);
    if (received === file.size) await finished(place, staging, file);
  }

  async function exists(staging: string): Promise<boolean> {
    try {
      await objects.staging.offset(staging);
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }

  function take(place: FilePlace, part: Part) {
    return async (file: StoredFile, guard: Guard): Promise<void> => {
      // Sent by somebody else meanwhile, or once more by a client that did not hear the answer.
      if (file.sha256 !== null) return;
      const bytes = guard(part.bytes);
      const inOne = part.offset === 0 && file.staging === null && part.announced === file.size;
      if (inOne && file.size <= SMALL_BYTES) await whole(place, file, bytes);
      else await inParts(place, file, { offset: part.offset, bytes });
    };
  }

  return Object.freeze({
    keptOf,
    /** Takes one part; gives the file as it is then. Only one request writes a file at a time, the newest. */
    async part(uploadId: string, part: Part): Promise<StoredFile> {
      const file = await store.file(uploadId, part.path);
      if (!file) {
        throw new AppError('not_found', 'this upload has no such file', {
          hint: 'Paths are those that were told when it began.',
        });
      }
      if (part.offset > file.size) throw goOnAt(await keptOf(file));
      const place = { uploadId, position: file.position };
      await store.putOff(uploadId, now() + IDLE_MS);
      if (file.sha256 === null) await writing.exclusively(place, take(place, part));
      await store.putOff(uploadId, now() + IDLE_MS);
      return (await store.file(uploadId, part.path)) ?? file;
    },
  });
}
export type Receiving = ReturnType<typeof createReceiving>;
