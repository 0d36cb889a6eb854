import { statfs } from 'node:fs/promises';
import { AppError } from '../../../kernel/error.ts';
import { onDisk } from './failure.ts';

/** What stays free for everything else on the disk, the database among it: this part of it, up to so many bytes. */
const RESERVED_PART = 0.02;
const RESERVED_BYTES = 1024 ** 3;
/** Bytes that are written between two looks at the disk. */
const LOOK_EVERY_BYTES = 16 * 1024 * 1024;

/** Of the disk that a folder lies on, in bytes; a total of 0 means that it does not say. */
export interface Space {
  readonly free: number;
  readonly total: number;
}

/** As the file system tells, without what is reserved for its administrator. */
export async function spaceOf(folder: string): Promise<Space> {
  const { bavail, blocks, bsize } = await onDisk(statfs(folder));
  return { free: bavail * bsize, total: blocks * bsize };
}

const noRoom = (): AppError =>
  new AppError('unavailable', 'the object store takes nothing more: its disk is almost full', {
    hint: 'Free space on the disk of the folder "objects", or move the objects to a larger one.',
  });

/** Asked before bytes are written. Throws `unavailable` where no more than the reserve is free. */
export type Room = (bytes: number) => Promise<void>;

/** For one piece of content: looks at the disk before its first bytes, and now and then as it grows. */
export function createRoom(folder: string, space: (folder: string) => Promise<Space>): Room {
  let left = 0;
  return async (bytes) => {
    left -= bytes;
    if (left > 0) return;
    const { free, total } = await space(folder);
    if (total > 0 && free - bytes < Math.min(RESERVED_BYTES, total * RESERVED_PART)) throw noRoom();
    left = LOOK_EVERY_BYTES;
  };
}
