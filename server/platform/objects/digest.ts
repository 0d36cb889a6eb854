import { createHash, type Hash } from 'node:crypto';
import { AppError } from '../../kernel/error.ts';
import type { ByteRange, PutOptions } from './types.ts';

const DIGEST = /^[0-9a-f]{64}$/;

/** Throws `invalid_input` for what is no sha256 in lower-case hexadecimal; nothing else ever becomes a name. */
export function demandDigest(sha256: string): string {
  if (DIGEST.test(sha256)) return sha256;
  throw new AppError('invalid_input', 'this is no sha256 in lower-case hexadecimal');
}

export const noSuchObject = (): AppError => new AppError('not_found', 'there is no such content');

export const otherDigest = (): AppError =>
  new AppError('invalid_input', 'the bytes do not have the sha256 that was told', {
    hint: 'They changed on the way, or the file changed since it was hashed. Send it again.',
  });

export const tooMany = (maxBytes: number): AppError =>
  new AppError('too_large', `there are more than ${maxBytes} bytes`);

/** Start and end in bytes, within an object of `size`; throws `invalid_input` for what is no range. */
export function boundsOf(range: ByteRange | undefined, size: number): { start: number; end: number } {
  const start = range?.start ?? 0;
  const end = range?.end ?? Math.max(size, start);
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < 0 || end < start) {
    throw new AppError('invalid_input', 'this is no range of bytes');
  }
  return { start: Math.min(start, size), end: Math.min(end, size) };
}

/** Passes chunks on and counts and hashes what passes; throws past `maxBytes` and when `signal` fires. */
export async function* measured(
  chunks: AsyncIterable<Uint8Array>,
  seen: { readonly hash: Hash; size: number },
  { maxBytes = Number.POSITIVE_INFINITY, signal }: Pick<PutOptions, 'maxBytes' | 'signal'>,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    signal?.throwIfAborted();
    if (seen.size + chunk.byteLength > maxBytes) throw tooMany(maxBytes);
    seen.size += chunk.byteLength;
    seen.hash.update(chunk);
    yield chunk;
  }
  signal?.throwIfAborted();
}

const damages = new WeakSet<Error>();

/** Whether an error says that stored content no longer has its digest, not that the store cannot be used. */
export const isDamage = (error: unknown): boolean => error instanceof Error && damages.has(error);

/** What is thrown for stored content that no longer has its digest; {@link isDamage} knows it. */
export function damaged(): AppError {
  const error = new AppError('unavailable', 'the stored content is damaged: it no longer has its digest', {
    hint: 'Restore it from a backup, or upload it again.',
  });
  damages.add(error);
  return error;
}

/**
 * Passes the chunks of a whole object on and throws `unavailable` when they are not those of `sha256`. The last chunk
 * is held back until the digest is known to be right: whoever counts bytes never gets all of something else.
 */
export async function* verified(
  chunks: AsyncIterable<Uint8Array>,
  sha256: string,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  let held: Uint8Array | null = null;
  for await (const chunk of chunks) {
    if (chunk.byteLength === 0) continue;
    hash.update(chunk);
    if (held !== null) yield held;
    held = chunk;
  }
  if (hash.digest('hex') !== sha256) throw damaged();
  if (held !== null) yield held;
}
