import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** What API keys begin with, so that people and secret scanners recognise them. */
export const KEY_PREFIX = 'bz_';
/** Characters of a key that are kept to recognise it: 5 of 43 random ones. */
const SHOWN = KEY_PREFIX.length + 5;

/** 32 random bytes as base64url: 43 characters. */
export const newToken = (): string => randomBytes(32).toString('base64url');

/**
 * Hex SHA-256. A fast hash suffices because what is hashed is 256 random bits, not a password.
 */
export const hashToken = (token: string): string => createHash('sha256').update(token).digest('hex');

export interface NewKey {
  readonly secret: string;
  readonly hash: string;
  readonly prefix: string;
}

export function newKey(): NewKey {
  const secret = KEY_PREFIX + newToken();
  return { secret, hash: hashToken(secret), prefix: secret.slice(0, SHOWN) };
}

/** Compares in a time that depends on neither text. */
export function sameSecret(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
