import { hash } from 'node:crypto';
import { ROW } from './encoder/protocol.ts';

/** What an entry takes, about: the digest as a key, the numbers, and what the map needs. */
const ENTRY_BYTES = 64 + 4 * ROW + 160;
export const DEFAULT_CACHE_BYTES = 8 * 1024 * 1024;

/** What the encoder said of texts, by the SHA-256 of the text; forgets what was not asked for longest. */
export interface ScoreCache {
  readonly get: (text: string) => Float32Array | undefined;
  readonly set: (text: string, row: Float32Array) => void;
  readonly size: () => number;
}

export function createScoreCache(maxBytes: number = DEFAULT_CACHE_BYTES): ScoreCache {
  const most = Math.max(1, Math.floor(maxBytes / ENTRY_BYTES));
  const rows = new Map<string, Float32Array>();
  // A text's lone surrogates all become the same bytes in UTF-8; in UTF-16 no two texts share a digest.
  const keyOf = (text: string): string => hash('sha256', Buffer.from(text, 'utf16le'), 'base64');
  return Object.freeze({
    get: (text: string) => {
      const key = keyOf(text);
      const row = rows.get(key);
      if (row === undefined) return undefined;
      rows.delete(key);
      rows.set(key, row);
      return row;
    },
    set: (text: string, row: Float32Array) => {
      const key = keyOf(text);
      rows.delete(key);
      rows.set(key, row.slice());
      if (rows.size <= most) return;
      const [oldest] = rows.keys();
      if (oldest !== undefined) rows.delete(oldest);
    },
    size: () => rows.size,
  });
}
