import type { Permission, Role } from '@bartizan/contracts';
import type { Clock } from '../kernel/clock.ts';
import type { Authenticate, Principal } from '../platform/http/index.ts';
import type { Attempts } from './attempts.ts';
import type { Auth } from './auth.ts';
import type { SessionFacts } from './factors/session-facts.ts';
import { SCIM_PREFIX, type ScimTokens } from './federation/index.ts';
import type { KeyService } from './keys.ts';
import { bylineOf, keyPermissions, keyReach, type PersonRow, permissionsOf, reachOf } from './model.ts';
import type { PeopleStore } from './people-store.ts';
import { hashToken, KEY_PREFIX, sameSecret } from './tokens.ts';

/** A use of a key or session is written down at most this often. */
const TOUCH_STEP_MS = 60_000;
/** Remembered touches; beyond, all are forgotten and written anew. */
const MAX_TOUCHED = 10_000;

export interface AuthenticateDeps {
  readonly auth: Pick<Auth, 'session'>;
  readonly keys: Pick<KeyService, 'live' | 'touch'>;
  readonly scimTokens: Pick<ScimTokens, 'live' | 'touch'>;
  readonly people: Pick<PeopleStore, 'byId' | 'seen'>;
  /** Null when the session is over. */
  readonly sessionFacts: (sessionId: string, person: PersonRow) => Promise<SessionFacts | null>;
  readonly attempts: Pick<Attempts, 'take'>;
  readonly clock: Clock;
  readonly internalToken: string;
}

const NO_PERMISSIONS: ReadonlySet<Permission> = Object.freeze(new Set<Permission>());
const NO_ROLES: readonly Role[] = Object.freeze([]);
const NO_TEAMS: ReadonlySet<string> = Object.freeze(new Set<string>());

/** Lets the first call in each step of time through, by id. */
function createThrottle(clock: Clock): (id: string) => boolean {
  const touched = new Map<string, number>();
  return (id) => {
    const nowMs = clock.now();
    if (nowMs - (touched.get(id) ?? Number.NEGATIVE_INFINITY) < TOUCH_STEP_MS) return false;
    if (touched.size >= MAX_TOUCHED) touched.clear();
    touched.set(id, nowMs);
    return true;
  };
}

/**
 * Tells who calls: a gateway by the internal token, a key or a directory's token by its hash, a person by the
 * session cookie.
 * An Authorization header that is not good means nobody, whatever cookie comes with it. Roles, scopes and
 * owners are read anew on every request, so a change holds at once.
 */
export function createAuthenticate(deps: AuthenticateDeps): Authenticate {
  const { auth, keys, scimTokens, people, attempts, clock } = deps;
  const isDue = createThrottle(clock);
  /** Last-use times are worth a write, not a failed request. */
  const later = (write: Promise<void>) => void write.catch(() => undefined);

  /** An identity provider: it opens the routes of provisioning and nothing else. */
  async function byScimToken(token: string): Promise<Principal | null> {
    const known = await scimTokens.live(hashToken(token));
    if (!known) return null;
    if (isDue(known.id)) later(scimTokens.touch(known.id, new Date(clock.now())));
    return { kind: 'scim', ...known, roles: NO_ROLES, permissions: NO_PERMISSIONS, teams: NO_TEAMS };
  }

  async function byToken(token: string): Promise<Principal | null> {
    if (token.startsWith(SCIM_PREFIX)) return byScimToken(token);
    if (!token.startsWith(KEY_PREFIX)) {
      if (!sameSecret(token, deps.internalToken)) return null;
      return {
        kind: 'gateway',
        id: 'gateway',
        name: 'gateway',
        roles: NO_ROLES,
        permissions: NO_PERMISSIONS,
        teams: NO_TEAMS,
      };
    }
    const key = await keys.live(hashToken(token));
    if (!key) return null;
    if (isDue(key.id)) later(keys.touch([key.id], clock.now()));
    return {
      kind: 'key',
      id: key.id,
      name: bylineOf(key),
      roles: NO_ROLES,
      permissions: keyPermissions(key),
      teams: keyReach(key),
      // A key that names none was made for the control plane alone: its owner's teams are its bound.
      ...(key.endpoints === null || key.endpoints.length === 0 ? {} : { endpoints: new Set(key.endpoints) }),
      ownerId: key.answers_id,
      ...(key.service_account_id === null ? {} : { serviceAccountId: key.service_account_id }),
    };
  }

  async function byCookie(cookie: string): Promise<Principal | null> {
    const session = await auth.session(cookie);
    if (!session) return null;
    const person = await people.byId(session.personId);
    if (!person || person.disabled) return null;
    const facts = await deps.sessionFacts(session.sessionId, person);
    if (!facts) return null;
    if (isDue(session.sessionId)) later(people.seen(person.id, session.sessionId, new Date(clock.now())));
    return {
      kind: 'person',
      id: person.id,
      name: person.name,
      roles: person.roles,
      permissions: permissionsOf(person.roles),
      sessionId: session.sessionId,
      teams: reachOf(person.roles, person.teams),
      ownerId: person.id,
      breakGlass: person.break_glass,
      confirmedAt: facts.confirmedAt,
      mustEnrol: facts.mustEnrol,
    };
  }

  /** A token that is nobody's counts against the address that sent it; good ones are never held up. */
  async function byAuthorization(authorization: string, address: string): Promise<Principal | null> {
    const token = /^Bearer ([\x21-\x7e]{1,512})$/i.exec(authorization)?.[1];
    const principal = token === undefined ? null : await byToken(token);
    if (!principal) await attempts.take({ kind: 'bearer', address });
    return principal;
  }

  return async ({ header, address }) => {
    const authorization = header('authorization');
    if (authorization !== undefined) return byAuthorization(authorization, address);
    const cookie = header('cookie');
    return cookie === undefined ? null : byCookie(cookie);
  };
}
