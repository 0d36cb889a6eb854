import type { ByteSource } from '@bartizan/checks/artifacts/types.ts';

const BLOCK_BYTES = 1024 * 1024;
const MOST_BLOCKS = 24;
const MOST_AT_ONCE = 8 * BLOCK_BYTES;

/** Asks for exactly `length` bytes, which the source has. */
export type Fetch = (offset: number, length: number) => Promise<Uint8Array>;

/** Files that are read in one task; what is kept of them is kept for all together. */
export interface Blocks {
  readonly source: (size: number, fetch: Fetch) => ByteSource;
  /** The sum, over the files, of the furthest byte that was read. */
  readonly reached: () => number;
}

/**
 * Bytes that lie elsewhere, read in blocks of 1 MiB of which the last 24 over all files are kept. Where blocks are read
 * one after the other the next is asked for ahead of time. Long reads are asked for as they are, in parts of at most
 * 8 MiB.
 */
export function createBlocks(): Blocks {
  const kept = new Map<string, Promise<Uint8Array>>();
  const reached: number[] = [];
  return Object.freeze({
    source(size: number, fetch: Fetch): ByteSource {
      const file = reached.push(0) - 1;
      return blockSource({ size, fetch, file, kept, reached });
    },
    reached: () => reached.reduce((sum, offset) => sum + offset, 0),
  });
}

interface Place {
  readonly size: number;
  readonly fetch: Fetch;
  readonly file: number;
  readonly kept: Map<string, Promise<Uint8Array>>;
  readonly reached: number[];
}

function blockSource({ size, fetch, file, kept, reached }: Place): ByteSource {
  let last = -1;

  function ask(index: number): Promise<Uint8Array> {
    const offset = index * BLOCK_BYTES;
    const asked = fetch(offset, Math.min(BLOCK_BYTES, size - offset));
    // Told where it is waited for; one that was only fetched ahead must not end the process.
    asked.catch(() => kept.delete(`${file}:${index}`));
    return asked;
  }

  function block(index: number): Promise<Uint8Array> {
    const name = `${file}:${index}`;
    const known = kept.get(name) ?? ask(index);
    kept.delete(name);
    kept.set(name, known);
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
    async read(offset: number, wanted: number): Promise<Uint8Array> {
      const length = Math.max(0, Math.min(wanted, size - offset));
      if (length === 0) return new Uint8Array(0);
      reached[file] = Math.max(reached[file] ?? 0, offset + length);
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
