import type { KeyObject } from 'node:crypto';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { decryptBytes, encryptBytes } from '@bartizan/contracts/sealed.ts';

/** First byte of the plaintext. */
const PLAIN = 0;
const ZSTD = 1;
const COMPRESS_FROM_BYTES = 1024;
/** Larger than anything a gateway ships (its request limit is 256 MiB): stops a corrupt frame. */
const MAX_BYTES = 600 * 1024 * 1024;

export type Part = 'excerpt' | 'body' | 'raw';

/** Binds a sealed part to its row and column: elsewhere it does not open. */
const contextOf = (id: string, part: Part): string => `interaction:${id}:${part}`;

/** Compresses and encrypts a JSON value. */
export function sealPart(key: KeyObject, id: string, part: Part, value: unknown): Buffer {
  const json = Buffer.from(JSON.stringify(value));
  const small = json.length < COMPRESS_FROM_BYTES;
  const framed = Buffer.concat([Buffer.of(small ? PLAIN : ZSTD), small ? json : zstdCompressSync(json)]);
  return encryptBytes(key, framed, contextOf(id, part));
}

/** Inverse of {@link sealPart}; throws when the bytes are not those that were sealed for this row. */
export function openPart(key: KeyObject, id: string, part: Part, sealed: Buffer): unknown {
  const framed = decryptBytes(key, sealed, contextOf(id, part));
  const rest = framed.subarray(1);
  const json = framed[0] === ZSTD ? zstdDecompressSync(rest, { maxOutputLength: MAX_BYTES }) : rest;
  return JSON.parse(json.toString('utf8'));
}
