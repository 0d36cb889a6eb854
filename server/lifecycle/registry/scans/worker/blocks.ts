import type { ByteSource } from '@bartizan/checks/artifacts/types.ts';

const BLOCK_BYTES = 1024 * 1024;
const MOST_BLOCKS = 24;
const MOST_AT_ONCE = 8 * BLOCK_BYTES;

/** Asks for exactly `length` bytes, which the source has. */
export type Fetch = (offset: number, length: number) => Promise<Uint8Array>;

/**
 * Bytes that lie elsewhere, read in blocks of 1 MiB of which the last 24 are kept. Where blocks are read one after
 * the other the next is asked for ahead of time. Long reads are asked for as they are, in parts of at most 8 MiB.
 */
export function blockSource(size: number, fetch: Fetch): ByteSource & { readonly reached: () => number } {
  const kept = new Map<number, Promise<Uint8Array>>();
  let last = -1;
  let reached = 0;

  function ask(index: number): Promise<Uint8Array> {
    const offset = index * BLOCK_BYTES;
    const asked = fetch(offset, Math.min(BLOCK_BYTES, size - offset));
    // Told where it is waited for; one that was only fetched ahead must not end the process.
    asked.catch(() => kept.delete(index));
    return asked;
  }

  function block(index: number): Promise<Uint8Array> {
    const known = kept.get(index) ?? ask(index);
    kept.delete(index);
    kept.set(index, known);
    for (const oldest of kept.keys()) {
      if (kept.size <= MOST_BLOCKS) break;
      kept.delete(oldest);
    }
    return known;
  }

  async function readLong(offset: number, length: number): Promise<Uint8Array> {
    const joined = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      const part = await fetch(offset + done, Math.min(MOST_AT_ONCE, length - done));
      joined.set(part, done);
      done += part.length;
    }
    return joined;
  }

  return Object.freeze({
    size,
    reached: () => reached,
    async read(offset: number, wanted: number): Promise<Uint8Array> {
      const length = Math.max(0, Math.min(wanted, size - offset));
      if (length === 0) return new Uint8Array(0);
      reached = Math.max(reached, offset + length);
      if (length > 4 * BLOCK_BYTES) return await readLong(offset, length);
      const first = Math.floor(offset / BLOCK_BYTES);
      const end = Math.floor((offset + length - 1) / BLOCK_BYTES);
      if (first === last + 1 && (end + 1) * BLOCK_BYTES < size) void block(end + 1);
      last = end;
      const from = offset - first * BLOCK_BYTES;
      if (first === end) return (await block(first)).subarray(from, from + length);
      const joined = new Uint8Array(length);
      for (let index = first, at = 0; index <= end; index += 1) {
        const bytes = await block(index);
        const start = index === first ? from : 0;
        const part = bytes.subarray(start, Math.min(bytes.length, start + length - at));
        joined.set(part, at);
        at += part.length;
      }
      return joined;
    },
  });
}
