import { createHash, hash } from 'node:crypto';
import type { ByteSource } from '@bartizan/checks/artifacts/types.ts';
import { damaged, type ObjectStore } from '../../../platform/objects/index.ts';

const BLOCK_BYTES = 1024 * 1024;

/** Digests of the blocks of 1 MiB of content whose digest was right, 32 bytes each. */
export type Seal = readonly Buffer[];

/**
 * Reads all of a content once, which the store compares with its digest, and keeps the digests of its blocks. Rejects
 * with what the store throws (`isDamage` for other bytes) and with the signal's reason.
 */
export async function sealOf(
  objects: Pick<ObjectStore, 'open'>,
  sha256: string,
  signal: AbortSignal,
): Promise<Seal> {
  const blocks: Buffer[] = [];
  let running = createHash('sha256');
  let held = 0;
  for await (const chunk of objects.open(sha256)) {
    signal.throwIfAborted();
    for (let at = 0; at < chunk.byteLength; ) {
      const part = chunk.subarray(at, at + BLOCK_BYTES - held);
      running.update(part);
      held += part.byteLength;
      at += part.byteLength;
      if (held < BLOCK_BYTES) continue;
      blocks.push(running.digest());
      running = createHash('sha256');
      held = 0;
    }
  }
  if (held > 0) blocks.push(running.digest());
  return blocks;
}

/**
 * Content whose every read is compared with its seal, so that what is judged is what has the digest, also where
 * somebody exchanges the bytes in the store meanwhile; rejects (`isDamage`) for others.
 */
export function sealedSource(
  objects: Pick<ObjectStore, 'read'>,
  { sha256, size }: { readonly sha256: string; readonly size: number },
  seal: Seal,
): ByteSource {
  return Object.freeze({
    size,
    async read(offset: number, wanted: number): Promise<Uint8Array> {
      const length = Math.max(0, Math.min(wanted, size - offset));
      if (length === 0) return new Uint8Array(0);
      const first = Math.floor(offset / BLOCK_BYTES);
      const start = first * BLOCK_BYTES;
      const end = Math.min(size, Math.ceil((offset + length) / BLOCK_BYTES) * BLOCK_BYTES);
      const bytes = await objects.read(sha256, start, end - start);
      if (bytes.byteLength !== end - start) throw damaged();
      for (let at = 0; at < bytes.byteLength; at += BLOCK_BYTES) {
        const is = hash('sha256', bytes.subarray(at, at + BLOCK_BYTES), 'buffer');
        if (!seal[first + at / BLOCK_BYTES]?.equals(is)) throw damaged();
      }
      return bytes.subarray(offset - start, offset - start + length);
    },
  });
}
