import type { KeyObject } from 'node:crypto';
import type { Bundle } from './bundle.ts';
import { type Certificate, chainTo, readCertificate, requireForCodeSigning } from './certificate.ts';
import { SignatureError } from './error.ts';
import { fitsAny } from './identity.ts';
import { hashFor, keyFingerprint, readPublicKey } from './keys.ts';
import { verifyTimestamps } from './timestamps.ts';
import { verifyLogEntry } from './transparency.ts';
import type { Trust } from './trust.ts';
import { isWithin } from './trusted-root.ts';

/** Who signed. From {@link describeSigner} it is what the bundle claims, from {@link verifySigner} it is proven. */
export interface SignerFacts {
  readonly type: 'key' | 'certificate' | 'sigstore';
  /** SHA-256 of the normalised PEM of the public key, in hexadecimal. */
  readonly keyFingerprint: string | null;
  readonly identities: readonly string[];
  readonly issuer: string | null;
  /** When a transparency log took it in, in ms since the epoch. */
  readonly loggedAtMs: number | null;
}

const isKeyless = ({ log, material }: Bundle): boolean => material.kind === 'certificates' && log.length > 0;

function leafOf({ material }: Bundle): Certificate {
  const first = material.kind === 'certificates' ? material.certificates[0] : undefined;
  if (!first) throw new SignatureError('wrong_key', 'signed with a key, not with a certificate');
  return readCertificate(first);
}

/** What a bundle says of its signer; nothing is verified. */
export function describeSigner(bundle: Bundle): SignerFacts {
  if (bundle.material.kind === 'key') {
    const { hint, pem } = bundle.material;
    const named = hint && /^[0-9a-f]{64}$/.test(hint) ? hint : null;
    const fingerprint = named ?? (pem ? keyFingerprint(readPublicKey(pem)) : null);
    return { type: 'key', keyFingerprint: fingerprint, identities: [], issuer: null, loggedAtMs: null };
  }
  const leaf = leafOf(bundle);
  const seconds = bundle.log[0]?.integratedTime ?? 0;
  return {
    type: isKeyless(bundle) ? 'sigstore' : 'certificate',
    keyFingerprint: keyFingerprint(leaf.x509.publicKey),
    identities: leaf.identities,
    issuer: leaf.issuer,
    loggedAtMs: seconds > 0 ? seconds * 1000 : null,
  };
}

/** The key that must have signed, once it is established that `trust` accepts it. Throws a SignatureError otherwise. */
export function verifySigner(bundle: Bundle, trust: Trust): SignerFacts & { readonly key: KeyObject } {
  if (trust.type === 'key') return verifyKey(bundle, trust.key);
  if (trust.type === 'certificate') return verifyCertificate(bundle, trust);
  return verifyKeyless(bundle, trust);
}

function verifyKey(bundle: Bundle, key: KeyObject): SignerFacts & { readonly key: KeyObject } {
  const { material } = bundle;
  if (material.kind !== 'key') throw certificateGiven(bundle);
  const fingerprint = keyFingerprint(key);
  const claimed = material.pem ? keyFingerprint(readPublicKey(material.pem)) : fingerprint;
  if ((material.hint ?? fingerprint) !== fingerprint || claimed !== fingerprint)
    throw new SignatureError('wrong_key', 'signed with another key');
  return { type: 'key', key, keyFingerprint: fingerprint, identities: [], issuer: null, loggedAtMs: null };
}

const certificateGiven = (bundle: Bundle): SignatureError =>
  isKeyless(bundle)
    ? new SignatureError(
        'trust_root_needed',
        'signed by Sigstore: a Sigstore trusted root is needed to judge it',
      )
    : new SignatureError('wrong_key', 'signed with a certificate: give the roots that stand behind it');

type CertificateTrust = Extract<Trust, { type: 'certificate' }>;

function verifyCertificate(bundle: Bundle, { roots, identities, atMs }: CertificateTrust) {
  if (isKeyless(bundle)) throw certificateGiven(bundle);
  const leaf = leafOf(bundle);
  hashFor(leaf.x509.publicKey);
  requireForCodeSigning(leaf);
  const sent = bundle.material.kind === 'certificates' ? bundle.material.certificates.slice(1) : [];
  chainTo({ leaf, others: sent.map(readCertificate), roots, atMs });
  requireIdentity(leaf, identities);
  return { ...describeSigner(bundle), key: leaf.x509.publicKey };
}

type SigstoreTrust = Extract<Trust, { type: 'sigstore' }>;

/** Sigstore client specification, "Verification": time, certificate, log of certificates, identity, log entry. */
function verifyKeyless(bundle: Bundle, { root, identities, issuer, merkle }: SigstoreTrust) {
  const leaf = leafOf(bundle);
  const [entry] = bundle.log;
  if (!entry) throw new SignatureError('log_unproven', 'the bundle has no entry of a transparency log');
  hashFor(leaf.x509.publicKey);
  const atMs = verifyLogEntry({ entry, bundle, leaf }, root.logs, merkle);
  const authorities = root.authorities.filter(({ valid }) => isWithin(valid, atMs));
  const chain = chainTo({
    leaf,
    others: authorities.flatMap(({ intermediates }) => intermediates),
    roots: authorities.map((one) => one.root),
    atMs,
  });
  requireForCodeSigning(leaf);
  if (chain[1]) verifyTimestamps(leaf, chain[1], root.certificateLogs);
  if (identities.length === 0) throw new SignatureError('identity_differs', 'no identity is accepted');
  requireIdentity(leaf, identities);
  if (leaf.issuer !== issuer)
    throw new SignatureError('identity_differs', 'the identity was vouched for by another issuer');
  return { ...describeSigner(bundle), loggedAtMs: atMs, key: leaf.x509.publicKey };
}

function requireIdentity({ identities }: Certificate, accepted: readonly string[]): void {
  if (accepted.length === 0 || identities.some((one) => fitsAny(one, accepted))) return;
  throw new SignatureError('identity_differs', 'the certificate names somebody else');
}
