import { createHash, type Hash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, readFile, rename, stat, truncate, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../../kernel/error.ts';
import { noSuchObject, otherDigest, tooMany } from '../digest.ts';
import type { Staging, StagingId } from '../types.ts';
import { ifThere, onDisk } from './failure.ts';
import type { Places } from './places.ts';
import { createFileWriter } from './writer.ts';

/** So much may have to be sent again after a crash. */
const MARK_EVERY_BYTES = 64 * 1024 * 1024;
/** Pieces whose hash is kept in memory between two parts; of others the file is read once more. */
const KNOWN_HASHES = 1_000;

interface Progress {
  readonly hash: Hash;
  offset: number;
}

/**
 * Pieces as files that grow. Beside each lies how much of it was on the disk for certain (`.kept`): after a crash
 * of the machine the rest of the file may be anything. The running hash stays in memory; after a restart it is
 * made once from the file.
 */
export function createFolderStaging(places: Places): Staging {
  const running = new Map<StagingId, Progress>();

  function pathOf(id: StagingId): string {
    if (!/^[0-9a-f-]{36}$/.test(id)) throw noSuchObject();
    return join(places.staging, id);
  }
  const markOf = (id: StagingId): string => `${pathOf(id)}.kept`;

  async function keptOf(id: StagingId): Promise<number> {
    const file = await ifThere(stat(pathOf(id)));
    if (file === null) throw noSuchObject();
    const text = (await ifThere(readFile(markOf(id), 'utf8'))) ?? '';
    const mark = /^\d{1,16}$/.test(text) ? Number(text) : 0;
    return Math.min(mark, file.size);
  }

  async function mark(id: StagingId, file: FileHandle, offset: number): Promise<void> {
    await onDisk(file.datasync());
    const fresh = `${markOf(id)}.new`;
    await onDisk(writeFile(fresh, String(offset), { mode: 0o600 }));
    await onDisk(rename(fresh, markOf(id)));
  }

  /** The hash of what is kept, from memory or by reading it. */
  async function progressOf(id: StagingId, offset: number): Promise<Progress> {
    const known = running.get(id);
    running.delete(id);
    if (known?.offset === offset) return known;
    const hash = createHash('sha256');
    if (offset > 0) {
      const bytes = createReadStream(pathOf(id), { end: offset - 1, highWaterMark: 1024 * 1024 });
      await onDisk(
        (async () => {
          for await (const chunk of bytes) hash.update(chunk as Uint8Array);
        })(),
      );
    }
    return { hash, offset };
  }

  function remember(id: StagingId, progress: Progress): void {
    running.set(id, progress);
    for (const oldest of running.keys()) {
      if (running.size <= KNOWN_HASHES) break;
      running.delete(oldest);
    }
  }

  /** Takes what comes; ends with everything taken on the disk, also when the source throws. */
  async function take(
    id: StagingId,
    file: FileHandle,
    {
      progress,
      chunks,
      maxBytes,
    }: {
      readonly progress: Progress;
      readonly chunks: AsyncIterable<Uint8Array>;
      readonly maxBytes: number;
    },
  ): Promise<void> {
    const writer = createFileWriter(file, progress.offset);
    const room = places.newRoom();
    let marked = progress.offset;
    const keep = async () => {
      await writer.flush();
      await mark(id, file, progress.offset);
      marked = progress.offset;
    };
    let failure: { readonly error: unknown } | null = null;
    try {
      for await (const chunk of chunks) {
        if (progress.offset + chunk.byteLength > maxBytes) throw tooMany(maxBytes);
        await room(chunk.byteLength);
        progress.hash.update(chunk);
        progress.offset += chunk.byteLength;
        await writer.write(chunk);
        if (progress.offset - marked >= MARK_EVERY_BYTES) await keep();
      }
    } catch (error) {
      failure = { error };
    }
    if (marked < progress.offset) await keep();
    if (failure) throw failure.error;
  }

  return Object.freeze({
    async begin() {
      await places.make(places.staging);
      const id = randomUUID();
      await onDisk(writeFile(pathOf(id), '', { mode: 0o600, flag: 'wx' }));
      return id;
    },
    offset: keptOf,
    async append(id, offset, chunks, { maxBytes }) {
      const kept = await keptOf(id);
      if (offset !== kept) {
        throw new AppError('conflict', `${kept} bytes are here; go on from there`);
      }
      const progress = await progressOf(id, offset);
      await onDisk(truncate(pathOf(id), offset));
      const file = await onDisk(open(pathOf(id), 'r+'));
      try {
        await take(id, file, { progress, chunks, maxBytes });
        remember(id, progress);
      } catch (error) {
        // Known only where all that was hashed is on the disk.
        if ((await keptOf(id)) === progress.offset) remember(id, progress);
        throw error;
      } finally {
        await file.close();
      }
      return progress.offset;
    },
    async finish(id, { expect, signal } = {}) {
      const size = await keptOf(id);
      const { hash } = await progressOf(id, size);
      signal?.throwIfAborted();
      const sha256 = hash.digest('hex');
      if (expect !== undefined && sha256 !== expect) {
        await this.discard(id);
        throw otherDigest();
      }
      await onDisk(truncate(pathOf(id), size));
      await places.settle(pathOf(id), sha256);
      await ifThere(unlink(markOf(id)));
      return { sha256, size };
    },
    async discard(id) {
      running.delete(id);
      await ifThere(unlink(pathOf(id)));
      await ifThere(unlink(markOf(id)));
    },
  } satisfies Staging);
}
