import type { PasskeyCreationOptions, PasskeyRequestOptions } from '@bartizan/contracts';
import { PasskeyAssertion, PasskeyRegistration } from '@bartizan/contracts';
import type { z } from 'zod';

/** Passkeys are bound to a name: at an IP address there are none (WebAuthn Level 3 §5.1.3). */
const isAddress = (host: string): boolean => host.startsWith('[') || /^\d+(?:\.\d+){3}$/.test(host);

/** True where the browser can use passkeys on this page: by https at a name, or at localhost. */
export const passkeysWork = (): boolean =>
  window.isSecureContext &&
  !isAddress(window.location.hostname) &&
  typeof PublicKeyCredential === 'function' &&
  typeof PublicKeyCredential.parseRequestOptionsFromJSON === 'function';

/** What the browser's dialog ended with, in words that a person can act on. */
export class PasskeyFailure extends Error {}

function inWords(error: unknown): PasskeyFailure {
  const name = error instanceof DOMException ? error.name : '';
  if (name === 'NotAllowedError' || name === 'AbortError')
    return new PasskeyFailure('No passkey was given. Try again, or choose another way.');
  if (name === 'InvalidStateError')
    return new PasskeyFailure('This device has a passkey for this account already.');
  if (name === 'SecurityError')
    return new PasskeyFailure('Passkeys work only at the address that Bartizan was configured with.');
  return new PasskeyFailure('The browser could not use a passkey.');
}

/** Has the person choose a passkey. Throws {@link PasskeyFailure}. */
export async function givePasskey(options: z.infer<typeof PasskeyRequestOptions>): Promise<PasskeyAssertion> {
  try {
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options);
    const credential = await navigator.credentials.get({ publicKey });
    return PasskeyAssertion.parse((credential as PublicKeyCredential).toJSON());
  } catch (error) {
    throw inWords(error);
  }
}

/** Has the person make a passkey. Throws {@link PasskeyFailure}. */
export async function makePasskey(
  options: z.infer<typeof PasskeyCreationOptions>,
): Promise<PasskeyRegistration> {
  try {
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(
      options as unknown as PublicKeyCredentialCreationOptionsJSON,
    );
    const credential = await navigator.credentials.create({ publicKey });
    return PasskeyRegistration.parse((credential as PublicKeyCredential).toJSON());
  } catch (error) {
    throw inWords(error);
  }
}

/** The same page under a name of this machine at which passkeys work; null where that would not help. */
export function pageForPasskeys(): string | null {
  const { hostname, port, pathname, search } = window.location;
  const loopback = hostname === '[::1]' || hostname.startsWith('127.');
  return loopback ? `http://localhost${port ? `:${port}` : ''}${pathname}${search}` : null;
}
