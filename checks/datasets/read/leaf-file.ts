import { open } from 'node:fs/promises';
import { type Leaves, leafFileHead, openLeaves } from '../records/index.ts';
import { regularFile } from './engine.ts';

export interface LeafFileWriter {
  /** Adds hashes of records, 32 bytes each; one call at a time. */
  readonly append: (hashes: Uint8Array) => Promise<void>;
  /** Writes through to the disk and closes. */
  readonly close: () => Promise<void>;
}

/** Hashes are written so many bytes at a time. */
const WRITE_BYTES = 1 << 20;

/** Creates a leaf file; throws where `path` exists already. */
export async function createLeafFile(path: string, schemaDigest: Uint8Array): Promise<LeafFileWriter> {
  const file = await open(path, 'wx', 0o600);
  await file.writeFile(leafFileHead(schemaDigest));
  const waiting = Buffer.allocUnsafeSlow(WRITE_BYTES);
  let filled = 0;
  async function flush(): Promise<void> {
    const bytes = waiting.subarray(0, filled);
    filled = 0;
    await file.writeFile(bytes);
  }
  return Object.freeze({
    append: async (hashes: Uint8Array) => {
      for (let at = 0; at < hashes.length; ) {
        const taken = Math.min(WRITE_BYTES - filled, hashes.length - at);
        waiting.set(hashes.subarray(at, at + taken), filled);
        at += taken;
        filled += taken;
        if (filled === WRITE_BYTES) await flush();
      }
    },
    close: async () => {
      await flush();
      await file.sync();
      await file.close();
    },
  });
}

/** Opens a leaf file for reading. */
export async function openLeafFile(path: string): Promise<Leaves & { readonly close: () => Promise<void> }> {
  const { path: real, bytes } = await regularFile(path);
  const file = await open(real, 'r');
  try {
    const leaves = await openLeaves({
      length: bytes,
      read: async (offset, into) => {
        for (let at = 0; at < into.length; ) {
          const { bytesRead } = await file.read(into, at, into.length - at, offset + at);
          if (bytesRead === 0) throw new RangeError('the leaf file was cut off while it was read');
          at += bytesRead;
        }
      },
    });
    return Object.freeze({ ...leaves, close: () => file.close() });
  } catch (error) {
    await file.close();
    throw error;
  }
}
