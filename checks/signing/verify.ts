import { parseBundle } from './bundle.ts';
import { type Manifest, manifestOf } from './manifest.ts';
import { type SignerFacts, verifySigner } from './signer.ts';
import { openEnvelope, type Statement } from './statement.ts';
import type { Trust } from './trust.ts';

export interface VerifiedStatement {
  readonly statement: Statement;
  readonly signer: SignerFacts;
}

/** Verifies who signed the bundle and that they signed its statement. Throws a SignatureError. */
export function verifyStatement(bytes: Uint8Array, trust: Trust): VerifiedStatement {
  const bundle = parseBundle(bytes);
  const { key, ...signer } = verifySigner(bundle, trust);
  const statement = openEnvelope(bundle.envelope, key);
  return { statement, signer };
}

export interface VerifiedModel {
  /** What was signed; compare it with the model's files before anything else is done with them. */
  readonly manifest: Manifest;
  readonly signer: SignerFacts;
}

/**
 * Verifies an OpenSSF model signature, releases 0.2 to 1.1, up to the list of files that it vouches for. Throws a
 * SignatureError.
 */
export function verifyModel(bytes: Uint8Array, trust: Trust): VerifiedModel {
  const { statement, signer } = verifyStatement(bytes, trust);
  return { manifest: manifestOf(statement), signer };
}
