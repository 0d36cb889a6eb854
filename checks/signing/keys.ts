import { createPublicKey, hash, type KeyObject, sign, verify } from 'node:crypto';
import { SignatureError } from './error.ts';

/** The curves that signatures may use, each with the one hash that goes with it (Sigstore's PublicKeyDetails). */
const HASH_OF_CURVE: Readonly<Record<string, 'sha256' | 'sha384' | 'sha512'>> = Object.freeze({
  prime256v1: 'sha256',
  secp384r1: 'sha384',
  secp521r1: 'sha512',
});
const LONGEST_PEM = 10_000;

/** The hash that a key signs with; throws `weak_key` for anything but an elliptic-curve key on P-256, P-384, P-521. */
export function hashFor(key: KeyObject): 'sha256' | 'sha384' | 'sha512' {
  const curve = key.asymmetricKeyType === 'ec' ? (key.asymmetricKeyDetails?.namedCurve ?? '') : '';
  const name = HASH_OF_CURVE[curve];
  if (name) return name;
  const kind = curve || key.asymmetricKeyType || key.type;
  throw new SignatureError(
    'weak_key',
    `keys of the kind ${kind} do not sign models: use P-256, P-384 or P-521`,
  );
}

/**
 * Reads a PEM of a public key (SubjectPublicKeyInfo), with or without text around it; anything else, private keys
 * among it, is refused.
 */
export function readPublicKey(pem: string): KeyObject {
  if (pem.length > LONGEST_PEM)
    throw new SignatureError('too_large', 'the PEM of the public key is too large');
  const labels = [...pem.matchAll(/-----BEGIN ([A-Z0-9 ]{1,40})-----/g)].map(([, label = '']) => label);
  if (labels.length !== 1 || labels[0] !== 'PUBLIC KEY') {
    const isPrivate = labels.some((label) => label.includes('PRIVATE'));
    const what = isPrivate ? 'this is a private key: give the public one' : 'no PEM of one public key';
    throw new SignatureError('malformed', what);
  }
  let key: KeyObject;
  try {
    key = createPublicKey(pem.slice(pem.indexOf('-----BEGIN')));
  } catch (cause) {
    throw new SignatureError('malformed', 'the public key cannot be read', { cause });
  }
  hashFor(key);
  return key;
}

/** The key as every tool writes it: PEM of the SubjectPublicKeyInfo, 64 characters a line. */
export const normalPem = (key: KeyObject): string =>
  (key.type === 'private' ? createPublicKey(key) : key).export({ type: 'spki', format: 'pem' }).toString();

/** SHA-256 of the normalised PEM in hexadecimal: `publicKey.hint` of model-signing 1.1 bundles. */
export const keyFingerprint = (key: KeyObject): string => hash('sha256', normalPem(key), 'hex');

/** Signs with the hash of the key's curve; DER. The key is private. */
export const signBytes = (key: KeyObject, bytes: Uint8Array): Buffer => sign(hashFor(key), bytes, key);

/** Whether `signature` (DER) is this key's over `bytes`; `digest` only where an old release used another one. */
export function signedBy(
  key: KeyObject,
  { bytes, signature, digest }: { bytes: Uint8Array; signature: Uint8Array; digest?: 'sha256' },
): boolean {
  const name = digest ?? hashFor(key);
  hashFor(key);
  try {
    return verify(name, bytes, key, signature);
  } catch {
    return false;
  }
}
