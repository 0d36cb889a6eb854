import type { KeyObject } from 'node:crypto';
import { type Certificate, readCertificate } from './certificate.ts';
import { SignatureError } from './error.ts';
import type { Merkle } from './transparency.ts';
import type { TrustedRoot } from './trusted-root.ts';

/** Whose signature is accepted. */
export type Trust =
  | { readonly type: 'key'; readonly key: KeyObject }
  | {
      readonly type: 'certificate';
      readonly roots: readonly Certificate[];
      /** Patterns for the names in the certificate; empty: whomever the roots vouch for. */
      readonly identities: readonly string[];
      /** When the certificates must be valid, in ms since the epoch: when the signature is known to have been made. */
      readonly atMs: number;
    }
  | {
      readonly type: 'sigstore';
      readonly root: TrustedRoot;
      /** Patterns for the names in the certificate; at least one. */
      readonly identities: readonly string[];
      /** The OpenID Connect issuer, exactly. */
      readonly issuer: string;
      /** RFC 6962 trees, from whoever has them. */
      readonly merkle: Merkle;
    };

const CERTIFICATE = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]{1,100000}?)-----END CERTIFICATE-----/g;
const MOST_CERTIFICATES = 200;

/** Reads the certificates of a PEM, one after the other; throws `malformed` when there is none. */
export function readCertificates(pem: string): Certificate[] {
  if (pem.length > 1_000_000) throw new SignatureError('too_large', 'too many certificates');
  const found = [...pem.matchAll(CERTIFICATE)].slice(0, MOST_CERTIFICATES + 1);
  if (found.length > MOST_CERTIFICATES) throw new SignatureError('too_large', 'too many certificates');
  if (found.length === 0) throw new SignatureError('malformed', 'there is no PEM of a certificate');
  return found.map(([, base64 = '']) => readCertificate(Buffer.from(base64.replace(/\s/g, ''), 'base64')));
}

/** As {@link readCertificates}, of authorities: throws `certificate_unfit` for a certificate that cannot issue. */
export function readRoots(pem: string): Certificate[] {
  const roots = readCertificates(pem);
  if (roots.every(({ isAuthority }) => isAuthority)) return roots;
  throw new SignatureError('certificate_unfit', 'a certificate is not that of an authority');
}
