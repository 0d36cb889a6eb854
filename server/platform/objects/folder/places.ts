import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { demandDigest } from '../digest.ts';
import { ifThere, onDisk } from './failure.ts';
import { createRoom, type Room, spaceOf } from './room.ts';

/** Where what lies in the folder: `ab/cdef…` objects, `incoming/` being written, `staging/` in parts. */
export interface Places {
  readonly root: string;
  readonly objectPath: (sha256: string) => string;
  readonly incoming: string;
  readonly staging: string;
  /** A name for a file that is being written. */
  readonly newIncoming: () => string;
  /** For one piece of content, whether the disk has room for it. */
  readonly newRoom: () => Room;
  /** Makes a folder (0700) that is not there yet. */
  readonly make: (folder: string) => Promise<void>;
  /** Moves a file that is whole and on the disk to its digest's name, also where the object is there; durable. */
  readonly settle: (from: string, sha256: string) => Promise<void>;
}

/** Makes names that were added or removed in a folder outlast a crash, where the system can do that. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export function createPlaces(root: string, space: typeof spaceOf = spaceOf): Places {
  const objectPath = (sha256: string) => {
    const digest = demandDigest(sha256);
    return join(root, digest.slice(0, 2), digest.slice(2));
  };
  const make = async (folder: string) => {
    await onDisk(mkdir(folder, { recursive: true, mode: 0o700 }));
  };
  return Object.freeze({
    root,
    objectPath,
    incoming: join(root, 'incoming'),
    staging: join(root, 'staging'),
    newIncoming: () => join(root, 'incoming', randomUUID()),
    newRoom: () => createRoom(root, space),
    make,
    async settle(from: string, sha256: string) {
      const to = objectPath(sha256);
      // Over what may be there: the new bytes are known to be right, and those on the disk may have been damaged.
      const fresh = (await ifThere(stat(dirname(to)))) === null;
      await make(dirname(to));
      await onDisk(rename(from, to));
      await onDisk(syncFolder(dirname(to)));
      if (fresh) await onDisk(syncFolder(root));
    },
  });
}
