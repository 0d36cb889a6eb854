import { isIP } from 'node:net';
import { AppError } from '../../kernel/error.ts';

/** Under which name passkeys are made, and on which origin they may be used (WebAuthn Level 3 §5.1.2, RP ID). */
export interface RelyingParty {
  readonly id: string;
  readonly origin: string;
}

/**
 * From the address that people open. Browsers refuse passkeys on bare addresses, so on this machine's own
 * (127.0.0.1, ::1) they belong to `localhost`; any other bare address throws `conflict`.
 */
export function relyingPartyOf(publicUrl: string): RelyingParty {
  const url = new URL(publicUrl);
  const name = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(name) === 0) return { id: name, origin: url.origin };
  if (isOwnAddress(name)) {
    const { origin } = new URL(addressForPeople(publicUrl));
    return { id: 'localhost', origin };
  }
  throw new AppError('conflict', 'passkeys need a name, and Bartizan is reached by a bare address here', {
    hint: 'Set BARTIZAN_PUBLIC_URL to the name that people use, with https.',
  });
}

/**
 * The address that links for people begin with: this machine's own, 127.0.0.1 or ::1, by its name, for passkeys
 * need one; every other as it is.
 */
export function addressForPeople(publicUrl: string): string {
  const url = new URL(publicUrl);
  if (!isOwnAddress(url.hostname.replace(/^\[|\]$/g, ''))) return publicUrl;
  url.hostname = 'localhost';
  return url.href.replace(/\/$/, '');
}

const isOwnAddress = (name: string): boolean =>
  name === '::1' || (isIP(name) === 4 && name.startsWith('127.'));
