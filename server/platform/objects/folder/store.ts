import { createHash } from 'node:crypto';
import { type FileHandle, open, readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { boundsOf, measured, noSuchObject, otherDigest, verified } from '../digest.ts';
import type { ByteRange, ObjectStore, Objects } from '../types.ts';
import { ifThere, onDisk } from './failure.ts';
import { createPlaces, type Places } from './places.ts';
import type { spaceOf } from './room.ts';
import { createFolderStaging } from './staging.ts';
import { createFileWriter } from './writer.ts';

const READ_BYTES = 512 * 1024;

async function* readChunks(file: FileHandle, start: number, end: number): AsyncGenerator<Uint8Array> {
  for (let at = start; at < end; ) {
    const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, end - at));
    const { bytesRead } = await onDisk(file.read(buffer, 0, buffer.byteLength, at));
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    at += bytesRead;
  }
}

async function openFile(places: Places, sha256: string): Promise<FileHandle> {
  const file = await ifThere(open(places.objectPath(sha256), 'r'));
  if (file === null) throw noSuchObject();
  return file;
}

async function* openObject(places: Places, sha256: string, range?: ByteRange): AsyncGenerator<Uint8Array> {
  const file = await openFile(places, sha256);
  try {
    const { size } = await onDisk(file.stat());
    const { start, end } = boundsOf(range, size);
    const chunks = readChunks(file, start, end);
    yield* range === undefined ? verified(chunks, sha256) : chunks;
  } finally {
    await file.close();
  }
}

/** Writes beside, hashes on the way, and moves the file to its digest's name once all of it is on the disk. */
async function putObject(places: Places, ...[chunks, options = {}]: Parameters<ObjectStore['put']>) {
  await places.make(places.incoming);
  const path = places.newIncoming();
  const file = await onDisk(open(path, 'wx', 0o600));
  try {
    const seen = { hash: createHash('sha256'), size: 0 };
    try {
      const writer = createFileWriter(file, 0);
      const room = places.newRoom();
      for await (const chunk of measured(chunks, seen, options)) {
        await room(chunk.byteLength);
        await writer.write(chunk);
      }
      await writer.flush();
      await onDisk(file.sync());
    } finally {
      await file.close();
    }
    const sha256 = seen.hash.digest('hex');
    if (options.expect !== undefined && options.expect !== sha256) throw otherDigest();
    await places.settle(path, sha256);
    return { sha256, size: seen.size };
  } catch (error) {
    await ifThere(unlink(path));
    throw error;
  }
}

async function sweepFolder(folder: string, beforeMs: number): Promise<number> {
  let removed = 0;
  for (const name of (await ifThere(readdir(folder))) ?? []) {
    const path = join(folder, name);
    const found = await ifThere(stat(path));
    if (found === null || !found.isFile() || found.mtimeMs >= beforeMs) continue;
    await ifThere(unlink(path));
    removed++;
  }
  return removed;
}

/**
 * Objects as files in a folder of this server (0700, files 0600), named by their digest. Takes nothing that would
 * fill the disk. `space`: how full that is, where not the file system is asked.
 */
export function createFolderObjects(root: string, space?: typeof spaceOf): Objects {
  const places = createPlaces(root, space);
  const sizeOf = async (sha256: string) => (await ifThere(stat(places.objectPath(sha256))))?.size ?? null;
  const store: Objects = {
    place: `the folder ${root}`,
    staging: createFolderStaging(places),
    put: (chunks, options) => putObject(places, chunks, options),
    open: (sha256, range) => openObject(places, sha256, range),
    async read(sha256, offset, length) {
      const file = await openFile(places, sha256);
      try {
        const { size } = await onDisk(file.stat());
        const { start, end } = boundsOf({ start: offset, end: offset + length }, size);
        const parts: Uint8Array[] = [];
        for await (const chunk of readChunks(file, start, end)) parts.push(chunk);
        return Buffer.concat(parts);
      } finally {
        await file.close();
      }
    },
    has: async (sha256) => (await sizeOf(sha256)) !== null,
    async size(sha256) {
      const size = await sizeOf(sha256);
      if (size === null) throw noSuchObject();
      return size;
    },
    async remove(sha256) {
      await ifThere(unlink(places.objectPath(sha256)));
    },
    async check() {
      await places.make(places.incoming);
      const path = places.newIncoming();
      const file = await onDisk(open(path, 'wx', 0o600));
      try {
        await onDisk(file.writeFile('Bartizan looks whether it can write here.\n'));
        await onDisk(file.sync());
      } finally {
        await file.close();
        await ifThere(unlink(path));
      }
    },
    async sweep(beforeMs) {
      const removed =
        (await sweepFolder(places.incoming, beforeMs)) + (await sweepFolder(places.staging, beforeMs));
      return { removed };
    },
  };
  return Object.freeze(store);
}
