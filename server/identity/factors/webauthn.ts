import type { PasskeyAssertion, PasskeyRegistration } from '@bartizan/contracts';
import {
  type AuthenticationResponseJSON,
  type RegistrationResponseJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';
import { decodeAttestationObject } from '@simplewebauthn/server/helpers';
import type { RelyingParty } from './relying-party.ts';

/** Ed25519, P-256 and RSA (IANA COSE algorithms): what authenticators in use speak. */
export const ALGORITHMS = Object.freeze([-8, -7, -257]);

export interface NewCredential {
  readonly credentialId: string;
  readonly publicKey: Buffer;
  readonly counter: number;
  readonly synced: boolean;
}

/**
 * We ask for no attestation, and take none but a self-signed one: certificates that came along would be
 * followed to addresses that they name (revocation lists).
 */
function isPlainAttestation(attestationObject: string): boolean {
  const decoded = decodeAttestationObject(Uint8Array.from(Buffer.from(attestationObject, 'base64url')));
  const format = decoded.get('fmt');
  if (format === 'none') return true;
  return format === 'packed' && decoded.get('attStmt').get('x5c') === undefined;
}

/** Null unless a browser on our origin made the credential for `challenge`, with its user verified. */
export async function verifyRegistration(
  registration: PasskeyRegistration,
  challenge: string,
  party: RelyingParty,
): Promise<NewCredential | null> {
  try {
    if (!isPlainAttestation(registration.response.attestationObject)) return null;
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      response: registration as RegistrationResponseJSON,
      expectedChallenge: challenge,
      expectedOrigin: party.origin,
      expectedRPID: party.id,
      requireUserVerification: true,
      supportedAlgorithmIDs: [...ALGORITHMS],
    });
    if (!verified) return null;
    const { credential, credentialBackedUp } = registrationInfo;
    return {
      credentialId: credential.id,
      publicKey: Buffer.from(credential.publicKey),
      counter: credential.counter,
      synced: credentialBackedUp,
    };
  } catch {
    // The library throws on whatever does not fit; nothing of what it says is for the caller.
    return null;
  }
}

/** The signature counter, or null unless the credential signed `challenge` on our origin, its user verified. */
export async function verifyAssertion(
  assertion: PasskeyAssertion,
  challenge: string,
  party: RelyingParty,
  credential: { readonly id: string; readonly publicKey: Buffer },
): Promise<{ counter: number } | null> {
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response: assertion as AuthenticationResponseJSON,
      expectedChallenge: challenge,
      expectedOrigin: party.origin,
      expectedRPID: party.id,
      requireUserVerification: true,
      // Zero: the counter is compared where it is kept, so that two answers at once are told apart.
      credential: { id: credential.id, publicKey: Uint8Array.from(credential.publicKey), counter: 0 },
    });
    return verified ? { counter: authenticationInfo.newCounter } : null;
  } catch {
    return null;
  }
}
