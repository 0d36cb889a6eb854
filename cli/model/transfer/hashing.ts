import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { CliError } from '../../exit.ts';
import { printable } from '../../output.ts';
import type { LocalFile } from './files.ts';

export interface HashedFile extends LocalFile {
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}

const READ_BYTES = 1024 * 1024;

/** Hashes files one after the other; `read` is told of the bytes as they come. */
export async function hashFiles(
  files: readonly LocalFile[],
  read: (bytes: number) => void,
): Promise<readonly HashedFile[]> {
  const hashed: HashedFile[] = [];
  for (const file of files) {
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const chunk of createReadStream(file.place, { highWaterMark: READ_BYTES })) {
      hash.update(chunk as Uint8Array);
      bytes += (chunk as Uint8Array).byteLength;
      read((chunk as Uint8Array).byteLength);
    }
    if (bytes !== file.size) throw changed(file.path);
    hashed.push({ ...file, sha256: hash.digest('hex') });
  }
  return hashed;
}

export const changed = (path: string): CliError =>
  new CliError(`${printable(path)} changed meanwhile; push again once nothing writes to it`);
