import { Secret, TOTP } from 'otpauth';
import { createAuthenticator } from '../../../tests/support/authenticator.ts';
import { PASSWORD, type TestIdentity } from '../testing.ts';

/** Where a browser of the tests is: passkeys on 127.0.0.1 belong to `localhost`. */
export const ORIGIN = 'http://localhost:7600';

/** The code that an authenticator app shows at `nowMs`. */
export const codeOf = (secret: string, nowMs: number): string =>
  new TOTP({ secret: Secret.fromBase32(secret), digits: 6, period: 30 }).generate({ timestamp: nowMs });

/** What people do with their factors, over the routes. */
export function people(t: TestIdentity) {
  // In the middle of a time step, so that no code changes while a test uses it.
  t.time.frozenMs = Math.floor(Date.now() / 30_000) * 30_000 + 15_000;
  const frozenMs = t.time.frozenMs;
  const now = () => frozenMs + t.time.offsetMs;
  const login = (email: string, password = PASSWORD, extra = {}) =>
    t.call('POST', '/auth/login', { body: { email, password }, ...extra });

  return {
    now,
    login,
    /** Moves on to the next time step, so that the app shows a code that was not used. */
    nextStep: () => {
      t.time.offsetMs += 30_000;
    },

    /** Sets up an authenticator app; returns its secret and the recovery codes. */
    async enrolTotp(cookie: string) {
      const begun = await t.call('POST', '/auth/factors/totp', { cookie });
      if (begun.status !== 200) throw new Error(JSON.stringify(begun.body));
      const secret: string = begun.body.secret;
      const body = { code: codeOf(secret, now()) };
      const confirmed = await t.call('POST', '/auth/factors/totp/confirm', { cookie, body });
      if (confirmed.status !== 200) throw new Error(JSON.stringify(confirmed.body));
      return { secret, uri: begun.body.uri as string, codes: confirmed.body.recoveryCodes as string[] };
    },

    /** Makes a passkey; returns the authenticator that has it. */
    async enrolPasskey(cookie: string, authenticator = createAuthenticator(ORIGIN)) {
      const options = await t.call('POST', '/auth/factors/passkeys/options', { cookie });
      if (options.status !== 200) throw new Error(JSON.stringify(options.body));
      const body = { name: 'Laptop', registration: authenticator.create(options.body) };
      const added = await t.call('POST', '/auth/factors/passkeys', { cookie, body });
      if (added.status !== 200) throw new Error(JSON.stringify(added.body));
      return {
        authenticator,
        id: added.body.passkey.id as string,
        codes: added.body.recoveryCodes as string[],
      };
    },

    /** The second step with a typed code. */
    second: (cookie: string, kind: 'totp' | 'recovery', code: string, extra = {}) =>
      t.call('POST', '/auth/second-factor', { cookie, body: { kind, code }, ...extra }),

    /** The whole way in with password and app. */
    async loginWithTotp(email: string, secret: string) {
      t.time.offsetMs += 30_000;
      const first = await login(email);
      return t.call('POST', '/auth/second-factor', {
        cookie: first.cookie,
        body: { kind: 'totp', code: codeOf(secret, now()) },
      });
    },

    me: (cookie: string) => t.call('GET', '/auth/me', { cookie }),
  };
}
