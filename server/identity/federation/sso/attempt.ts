import { type MasterKey, seal, unseal } from '@bartizan/contracts/sealed.ts';
import { z } from 'zod';
import type { Clock } from '../../../kernel/clock.ts';
import { sameSecret } from '../../tokens.ts';

/** From the click on the button until the way back. */
export const ATTEMPT_MS = 10 * 60_000;
const CONTEXT = 'sso-attempt';

const Attempt = z.object({
  providerId: z.string(),
  /** Of the provider's settings when it began: an answer to older settings does not count. */
  settingsAt: z.number(),
  state: z.string().min(40),
  nonce: z.string().min(40),
  codeVerifier: z.string().min(40),
  returnTo: z.string(),
  startedAt: z.number(),
});
/** One sign-in under way. It lives in a cookie of the browser that began it, sealed, and nowhere else. */
export type Attempt = z.infer<typeof Attempt>;

export interface AttemptCookies {
  /** Set-Cookie header that ties the attempt to the browser. */
  readonly set: (attempt: Attempt) => string;
  /** Set-Cookie header that removes it. */
  readonly clear: string;
  /** The attempt of this browser that `state` belongs to; null when there is none, or it is too old. */
  readonly read: (cookie: string | undefined, state: string) => Attempt | null;
}

export interface AttemptCookieDeps {
  readonly masterKey: MasterKey;
  readonly clock: Clock;
  readonly https: boolean;
  /** Of the session cookie; this one's is made from it. */
  readonly cookieName: string;
}

/**
 * SameSite=Lax, unlike the session's cookie: the browser must send it when the provider, another site, leads it
 * back. It says nothing about who somebody is, so that does no harm.
 */
export function createAttemptCookies(deps: AttemptCookieDeps): AttemptCookies {
  const { masterKey, clock, https } = deps;
  const name = `${deps.cookieName}-sso`;
  const attributes = `Path=/; HttpOnly; SameSite=Lax${https ? '; Secure' : ''}`;

  function open(value: string): Attempt | null {
    try {
      return Attempt.parse(JSON.parse(unseal(masterKey, value, CONTEXT)));
    } catch {
      return null;
    }
  }

  return Object.freeze({
    set: (attempt: Attempt) =>
      `${name}=${seal(masterKey, JSON.stringify(attempt), CONTEXT)}; Max-Age=${ATTEMPT_MS / 1000}; ${attributes}`,
    clear: `${name}=; Max-Age=0; ${attributes}`,
    read(cookie: string | undefined, state: string) {
      const found = (cookie ?? '').split(/; ?/).filter((pair) => pair.startsWith(`${name}=`));
      // Two of one name mean that somebody planted one.
      const value = found.length === 1 ? found[0]?.slice(name.length + 1) : undefined;
      const attempt = value !== undefined && value.length <= 4_000 ? open(value) : null;
      if (!attempt || !sameSecret(state, attempt.state)) return null;
      const ageMs = clock.now() - attempt.startedAt;
      return ageMs >= 0 && ageMs <= ATTEMPT_MS ? attempt : null;
    },
  });
}

const BASE = 'https://console.invalid';
const MAX_PATH = 1_500;

/** A path of the console, or `/` for anything that could lead elsewhere. */
export function localPath(wanted: unknown): string {
  if (typeof wanted !== 'string' || wanted.length > MAX_PATH) return '/';
  if (!/^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(wanted)) return '/';
  const url = URL.parse(wanted, BASE);
  if (
    url === null ||
    url.origin !== BASE ||
    /^\/(?:\/|api(?:\/|$)|internal(?:\/|$)|scim(?:\/|$))/.test(url.pathname)
  )
    return '/';
  return url.pathname + url.search + url.hash;
}
