import { hash } from 'node:crypto';
import {
  keyFingerprint,
  outcomeOf,
  readPublicKey,
  readRoots,
  readTrustedRoot,
  type Trust,
} from '@bartizan/checks/signing/index.ts';
import type { SignerTrust } from '@bartizan/contracts';
import { leafHash } from '@bartizan/contracts/tlog/hash.ts';
import { verifyInclusion } from '@bartizan/contracts/tlog/proof.ts';
import { AppError } from '../../../kernel/error.ts';

/** What a stored trust means; `atMs`: when a signature arrived, which is when it was made at the latest. */
export function trustOf(trust: SignerTrust, atMs: number): Trust {
  if (trust.type === 'key') return { type: 'key', key: readPublicKey(trust.publicKey) };
  if (trust.type === 'certificate') {
    return { type: 'certificate', roots: readRoots(trust.roots), identities: trust.identities, atMs };
  }
  const root = readTrustedRoot(Buffer.from(trust.trustedRoot));
  const { identities, issuer } = trust;
  return { type: 'sigstore', root, identities, issuer, merkle: { leafHash, verifyInclusion } };
}

/** Checks a trust that somebody gives, and names it by a fingerprint; throws `invalid_input`. */
export function fingerprintOf(trust: SignerTrust): string {
  const read = outcomeOf(() => {
    const usable = trustOf(trust, 0);
    if (usable.type === 'key') return keyFingerprint(usable.key);
    if (usable.type === 'certificate')
      return hash('sha256', usable.roots[0]?.x509.raw ?? Buffer.alloc(0), 'hex');
    return hash('sha256', trust.type === 'sigstore' ? trust.trustedRoot : '', 'hex');
  });
  if (read.ok) return read.value;
  throw new AppError('invalid_input', `this cannot be trusted: ${read.message}`, {
    issues: [{ path: 'trust', message: read.message }],
  });
}
