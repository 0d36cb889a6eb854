import type { KeyObject } from 'node:crypto';
import { createPublicKey } from 'node:crypto';
import { BUNDLE_MEDIA_TYPE } from './bundle.ts';
import { type Certificate, requireForCodeSigning } from './certificate.ts';
import { IN_TOTO, preAuthEncoding } from './dsse.ts';
import { SignatureError } from './error.ts';
import { hashFor, keyFingerprint, normalPem, signBytes } from './keys.ts';

export interface SigningKey {
  /** Private, on P-256, P-384 or P-521. */
  readonly key: KeyObject;
  /** The signer's certificate and those towards the root; empty: signed with the bare key. */
  readonly certificates: readonly Certificate[];
}

/**
 * Signs the text of an in-toto statement: a Sigstore bundle v0.3 with a DSSE envelope, as model-signing 1.1 writes
 * it. Throws `weak_key`, `wrong_key` when the certificate is not that of the key, `certificate_unfit`.
 */
export function signStatement(statement: string, { key, certificates }: SigningKey): string {
  hashFor(key);
  const [leaf] = certificates;
  if (leaf) {
    if (normalPem(leaf.x509.publicKey) !== normalPem(key))
      throw new SignatureError('wrong_key', 'the certificate is not that of the key');
    requireForCodeSigning(leaf);
  }
  const payload = Buffer.from(statement, 'utf8');
  const signature = signBytes(key, preAuthEncoding(IN_TOTO, payload));
  const chain = certificates.map(({ x509 }) => ({ rawBytes: x509.raw.toString('base64') }));
  return JSON.stringify({
    mediaType: BUNDLE_MEDIA_TYPE,
    verificationMaterial: {
      ...(leaf
        ? { x509CertificateChain: { certificates: chain } }
        : { publicKey: { hint: keyFingerprint(createPublicKey(key)) } }),
      tlogEntries: [],
    },
    dsseEnvelope: {
      payload: payload.toString('base64'),
      payloadType: IN_TOTO,
      signatures: [{ sig: signature.toString('base64'), keyid: '' }],
    },
  });
}
