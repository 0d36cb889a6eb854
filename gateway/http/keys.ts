import { hash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { SnapshotKey } from '@bartizan/contracts';
import type { LiveConfiguration } from '../ports.ts';
import { type Problem, problem } from './problem.ts';

const SHAPE = /^bz_[A-Za-z0-9_-]{16,200}$/;

/** The key that a request presents, as `Authorization: Bearer …` or `x-api-key`; null when it has none. */
export function presentedKey(headers: IncomingHttpHeaders): string | null {
  const authorization = headers.authorization ?? '';
  const bearer =
    authorization.length < 300 && authorization.slice(0, 7).toLowerCase() === 'bearer '
      ? authorization.slice(7).trim()
      : null;
  if (bearer?.startsWith('bz_')) return bearer;
  const header = headers['x-api-key'];
  return typeof header === 'string' && header !== '' ? header : bearer;
}

export type Authentication =
  | { readonly ok: true; readonly key: SnapshotKey }
  | { readonly ok: false; readonly problem: Problem };

const refused = (code: 'invalid_api_key' | 'expired_api_key', message: string): Authentication => ({
  ok: false,
  problem: problem(code, message),
});

/** Same length always: both are hex SHA-256. */
function sameHash(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a, 'latin1'), Buffer.from(b, 'latin1'));
}

/**
 * Looks a key up by its SHA-256, so that the look-up's time says nothing about any key, and compares the
 * stored hash in constant time.
 */
export function authenticate(
  headers: IncomingHttpHeaders,
  live: LiveConfiguration,
  nowMs: number,
): Authentication {
  const presented = presentedKey(headers);
  if (presented === null || presented === '') {
    return refused(
      'invalid_api_key',
      'No API key was sent. Send a Bartizan key as `Authorization: Bearer bz_…` or `x-api-key: bz_…`.',
    );
  }
  const digest = SHAPE.test(presented) ? hash('sha256', presented, 'hex') : '';
  const key = digest === '' ? undefined : live.keyByHash(digest);
  if (key === undefined || !sameHash(key.hash, digest)) {
    return refused(
      'invalid_api_key',
      'This API key is not known here. Use a Bartizan key (it begins with `bz_`), not one of the model provider.',
    );
  }
  if (key.expiresAt !== null && key.expiresAt <= nowMs) {
    return refused(
      'expired_api_key',
      'This API key has expired. Ask the operator of this gateway for a new one.',
    );
  }
  return { ok: true, key };
}
