import { hkdfSync } from 'node:crypto';
import type { MasterKey } from '@bartizan/contracts/sealed.ts';
import { betterAuth } from 'better-auth';
import type { Clock } from '../kernel/clock.ts';
import { uuidv7 } from '../kernel/id.ts';
import type { Database } from '../platform/database/index.ts';
import type { Passwords } from './passwords.ts';

/** A session ends this long after signing in, whatever happens. */
export const SESSION_SECONDS = 24 * 60 * 60;
/** Carries the client's address to better-auth; set by us on headers that we make, never read from a request. */
const ADDRESS_HEADER = 'x-bartizan-address';

export interface AuthDeps {
  readonly database: Database;
  readonly masterKey: MasterKey;
  readonly passwords: Passwords;
  readonly clock: Clock;
  /** People come by https: cookies are then bound to it and to this host. */
  readonly https: boolean;
  /** True when the person may not sign in. */
  readonly isDisabled: (personId: string) => Promise<boolean>;
}

/** What of a request better-auth gets to see. */
export interface Caller {
  readonly address: string;
  readonly userAgent: string;
  readonly cookie: string | undefined;
}

export interface SignedIn {
  readonly personId: string;
  /** Set-Cookie headers for the answer. */
  readonly cookies: string[];
}

/** Sessions and passwords, kept by better-auth. */
export interface Auth {
  readonly cookieName: string;
  /** Null when e-mail and password do not match an account that may sign in; equal effort either way. */
  readonly signIn: (email: string, password: string, caller: Caller) => Promise<SignedIn | null>;
  /** Set-Cookie headers that end the session. */
  readonly signOut: (caller: Caller) => Promise<string[]>;
  readonly session: (
    cookie: string,
  ) => Promise<{ sessionId: string; personId: string; createdAt: number } | null>;
  /** Set-Cookie headers of the fresh session, all others being ended; null when `current` is wrong. */
  readonly changePassword: (current: string, next: string, caller: Caller) => Promise<string[] | null>;
}

/**
 * Instances on one machine share their cookies, whatever the port: the name tells them apart.
 * `__Host-` makes browsers refuse it without Secure, with a Domain, or from a sibling host.
 */
const cookieNameOf = (masterKey: MasterKey, https: boolean): string =>
  `${https ? '__Host-' : ''}bartizan-${masterKey.id}`;

function createBetterAuth(deps: AuthDeps) {
  const { database, masterKey, passwords, clock, https } = deps;
  const secret = Buffer.from(
    hkdfSync('sha256', masterKey.bytes, Buffer.alloc(0), 'bartizan:session-cookies', 32),
  ).toString('hex');
  return betterAuth({
    appName: 'Bartizan',
    // Only its functions are called, its own routes are not served; the address appears nowhere.
    baseURL: https ? 'https://localhost' : 'http://localhost',
    secret,
    database: { db: database, type: 'postgres' },
    telemetry: { enabled: false },
    logger: { disabled: true },
    rateLimit: { enabled: false },
    user: {
      modelName: 'people',
      fields: { emailVerified: 'email_verified', createdAt: 'created_at', updatedAt: 'updated_at' },
    },
    account: {
      modelName: 'people_credentials',
      fields: {
        userId: 'person_id',
        providerId: 'provider_id',
        accountId: 'account_id',
        accessToken: 'access_token',
        refreshToken: 'refresh_token',
        idToken: 'id_token',
        accessTokenExpiresAt: 'access_token_expires_at',
        refreshTokenExpiresAt: 'refresh_token_expires_at',
        createdAt: 'created_at',
        updatedAt: 'updated_at',
      },
    },
    session: {
      modelName: 'sessions',
      fields: {
        userId: 'person_id',
        ipAddress: 'ip_address',
        userAgent: 'user_agent',
        expiresAt: 'expires_at',
        createdAt: 'created_at',
        updatedAt: 'updated_at',
      },
      expiresIn: SESSION_SECONDS,
      disableSessionRefresh: true,
      cookieCache: { enabled: false },
    },
    emailAndPassword: {
      enabled: true,
      disableSignUp: true,
      minPasswordLength: 12,
      maxPasswordLength: 256,
      password: passwords,
    },
    databaseHooks: {
      session: { create: { before: async ({ userId }) => !(await deps.isDisabled(userId)) } },
    },
    advanced: {
      useSecureCookies: false,
      cookies: { session_token: { name: cookieNameOf(masterKey, https) } },
      defaultCookieAttributes: { httpOnly: true, sameSite: 'strict', secure: https, path: '/' },
      ipAddress: { ipAddressHeaders: [ADDRESS_HEADER] },
      database: { generateId: () => uuidv7(clock.now()), validateSchema: false },
    },
  });
}

function headersFor(caller: Caller): Headers {
  const headers = new Headers({ [ADDRESS_HEADER]: caller.address });
  if (caller.userAgent) headers.set('user-agent', caller.userAgent.replace(/[^\x20-\x7e]/g, ''));
  if (caller.cookie) headers.set('cookie', caller.cookie);
  return headers;
}

/** True for better-auth's "no" (4xx), as opposed to a fault. */
function isRefusal(error: unknown): boolean {
  return (
    error instanceof Error &&
    error.name === 'APIError' &&
    'statusCode' in error &&
    typeof error.statusCode === 'number' &&
    error.statusCode < 500
  );
}

async function orNull<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (isRefusal(error)) return null;
    throw error;
  }
}

export function createAuth(deps: AuthDeps): Auth {
  const cookieName = cookieNameOf(deps.masterKey, deps.https);
  const { api } = createBetterAuth(deps);
  return Object.freeze({
    cookieName,
    async signIn(email: string, password: string, caller: Caller) {
      // Without the cookie: a session that the browser already holds has no part in the new one.
      const headers = headersFor({ ...caller, cookie: undefined });
      const answer = await orNull(
        api.signInEmail({ body: { email, password }, headers, returnHeaders: true }),
      );
      return answer && { personId: answer.response.user.id, cookies: answer.headers.getSetCookie() };
    },
    async signOut(caller: Caller) {
      const answer = await api.signOut({ headers: headersFor(caller), returnHeaders: true });
      return answer.headers.getSetCookie();
    },
    async session(cookie: string) {
      if (!cookie.includes(`${cookieName}=`)) return null;
      const found = await api.getSession({ headers: new Headers({ cookie }) });
      return (
        found && {
          sessionId: found.session.id,
          personId: found.user.id,
          createdAt: found.session.createdAt.getTime(),
        }
      );
    },
    async changePassword(current: string, next: string, caller: Caller) {
      const answer = await orNull(
        api.changePassword({
          body: { currentPassword: current, newPassword: next, revokeOtherSessions: true },
          headers: headersFor(caller),
          returnHeaders: true,
        }),
      );
      return answer && answer.headers.getSetCookie();
    },
  });
}
