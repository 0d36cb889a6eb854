import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import type { ByteSource } from '@bartizan/checks/artifacts/types.ts';

/** A file as bytes that can be read anywhere; `close` when done. */
export interface FileSource extends ByteSource {
  /** The end of the furthest read so far. */
  readonly reached: () => number;
  /** True when the file is another than when it was opened. */
  readonly hasChanged: () => boolean;
  readonly close: () => void;
}

export interface OpenOptions {
  /** Whether the last part of the path may be a symbolic link. */
  readonly followLink: boolean;
}

/**
 * Opens a regular file for reading. Never waits for a pipe that appeared in its place. Throws the system's error, or
 * one that says that it is no regular file. Reads are synchronous: each answers a buffer of its own.
 */
export function openFileSource(path: string, { followLink }: OpenOptions): FileSource {
  const flags =
    constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (followLink ? 0 : (constants.O_NOFOLLOW ?? 0));
  const file = openSync(path, flags);
  const opened = fstatSync(file);
  if (!opened.isFile()) {
    closeSync(file);
    throw new Error('no regular file');
  }
  let reached = 0;
  return Object.freeze({
    size: opened.size,
    read(offset: number, length: number): Uint8Array {
      const wanted = Math.max(0, Math.min(length, opened.size - offset));
      const buffer = new Uint8Array(wanted);
      let got = 0;
      while (got < wanted) {
        const count = readSync(file, buffer, got, wanted - got, offset + got);
        if (count === 0) break;
        got += count;
      }
      if (got < wanted) throw new Error('the file became shorter while it was read');
      reached = Math.max(reached, offset + got);
      return buffer;
    },
    reached: () => reached,
    hasChanged() {
      const now = fstatSync(file);
      return now.size !== opened.size || now.mtimeMs !== opened.mtimeMs;
    },
    close: () => closeSync(file),
  });
}
