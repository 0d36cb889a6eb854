import { createHmac, hkdfSync } from 'node:crypto';
import type { MasterKey } from '@bartizan/contracts/sealed.ts';
import { betterAuth } from 'better-auth';
import type { Clock } from '../kernel/clock.ts';
import { uuidv7 } from '../kernel/id.ts';
import type { Database } from '../platform/database/index.ts';

export interface AuthDeps {
  readonly database: Database;
  readonly masterKey: MasterKey;
  readonly clock: Clock;
  /** People come by https: cookies are then bound to it and to this host. */
  readonly https: boolean;
}

/** What of a request signing in gets to see. */
export interface Caller {
  readonly address: string;
  readonly userAgent: string;
  readonly cookie: string | undefined;
}

/** Cookies that we set beside the session's. */
export type SideCookie = 'pending' | 'browser' | 'device';

/** Sessions by their cookie, kept by better-auth, and the cookies themselves. */
export interface Auth {
  readonly cookieName: string;
  /** Set-Cookie header for a session whose token is in the table `sessions`. */
  readonly sessionCookie: (token: string, lifeSeconds: number) => string;
  /** Set-Cookie header of a cookie beside the session's; life 0 removes it. */
  readonly sideCookie: (kind: SideCookie, value: string, lifeSeconds: number) => string;
  /** The value of such a cookie, if the caller sends exactly one that looks like ours. */
  readonly readSide: (kind: SideCookie, caller: Pick<Caller, 'cookie'>) => string | undefined;
  /** Set-Cookie headers that end the session. */
  readonly signOut: (caller: Caller) => Promise<string[]>;
  /** Whose session the one session cookie in a Cookie header is; null for none, or several. */
  readonly session: (cookie: string) => Promise<{ sessionId: string; personId: string } | null>;
}

/**
 * Instances on one machine share their cookies, whatever the port: the name tells them apart.
 * `__Host-` makes browsers refuse it without Secure, with a Domain, or from a sibling host.
 */
const cookieNameOf = (masterKey: MasterKey, https: boolean): string =>
  `${https ? '__Host-' : ''}bartizan-${masterKey.id}`;

/** A key of its own for `purpose`, from the master key: 32 bytes. */
export const deriveKey = (masterKey: MasterKey, purpose: string): Buffer =>
  Buffer.from(hkdfSync('sha256', masterKey.bytes, Buffer.alloc(0), `bartizan:${purpose}`, 32));

function createBetterAuth({ database, masterKey, clock, https }: AuthDeps, secret: string) {
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
      disableSessionRefresh: true,
      cookieCache: { enabled: false },
    },
    emailAndPassword: { enabled: false },
    advanced: {
      useSecureCookies: false,
      cookies: { session_token: { name: cookieNameOf(masterKey, https) } },
      defaultCookieAttributes: { httpOnly: true, sameSite: 'strict', secure: https, path: '/' },
      database: { generateId: () => uuidv7(clock.now()), validateSchema: false },
    },
  });
}

/** What our own cookies hold: tokens, and parts of them joined by dots. */
const SIDE_VALUE = /^[\w.-]{20,300}$/;

export function createAuth(deps: AuthDeps): Auth {
  const cookieName = cookieNameOf(deps.masterKey, deps.https);
  const secret = deriveKey(deps.masterKey, 'session-cookies').toString('hex');
  const { api } = createBetterAuth(deps, secret);
  const setCookie = (name: string, value: string, lifeSeconds: number) =>
    `${name}=${value}; Max-Age=${lifeSeconds}; Path=/; HttpOnly; SameSite=Strict${deps.https ? '; Secure' : ''}`;
  return Object.freeze({
    cookieName,
    sessionCookie(token: string, lifeSeconds: number) {
      // As better-auth signs and reads it: HMAC-SHA-256 in base64 after a dot, the whole percent-encoded.
      const mac = createHmac('sha256', secret).update(token).digest('base64');
      return setCookie(cookieName, encodeURIComponent(`${token}.${mac}`), lifeSeconds);
    },
    sideCookie: (kind: SideCookie, value: string, lifeSeconds: number) =>
      setCookie(`${cookieName}-${kind}`, value, lifeSeconds),
    readSide(kind: SideCookie, { cookie }: Pick<Caller, 'cookie'>) {
      const prefix = `${cookieName}-${kind}=`;
      const found = (cookie ?? '').split(/; ?/).filter((pair) => pair.startsWith(prefix));
      const value = found.length === 1 ? found[0]?.slice(prefix.length) : undefined;
      return value !== undefined && SIDE_VALUE.test(value) ? value : undefined;
    },
    async signOut({ cookie }: Caller) {
      const headers = new Headers(cookie ? { cookie } : {});
      const answer = await api.signOut({ headers, returnHeaders: true });
      return answer.headers.getSetCookie();
    },
    async session(cookie: string) {
      const sent = cookie.split(/;\s*/).filter((pair) => pair.startsWith(`${cookieName}=`));
      // Two of one name mean that somebody planted one, and nobody can tell which.
      const [only] = sent;
      if (only === undefined || sent.length > 1) return null;
      const found = await api.getSession({ headers: new Headers({ cookie: only }) });
      return found && { sessionId: found.session.id, personId: found.user.id };
    },
  });
}
