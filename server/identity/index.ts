import type { SnapshotKey } from '@bartizan/contracts';
import type { MasterKey } from '@bartizan/contracts/sealed.ts';
import type { AuditLog } from '../audit/index.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Events } from '../kernel/events.ts';
import type { Database } from '../platform/database/index.ts';
import type { Authenticate, RouteImplementation } from '../platform/http/index.ts';
import { createAttempts } from './attempts.ts';
import { createAuth } from './auth.ts';
import { createAuthenticate } from './authenticate.ts';
import { ensureDemoKey } from './demo-key.ts';
import type { IdentityDeps, IdentityEvents } from './deps.ts';
import { createServiceAccountService } from './federation/service-accounts.ts';
import { createKeyRoutes } from './key-routes.ts';
import { createKeyService } from './keys.ts';
import { createPasswords, type PasswordCost } from './passwords.ts';
import { createPeopleService } from './people.ts';
import { createPeopleStore } from './people-store.ts';
import { createRoutes } from './routes.ts';
import { createSessionService } from './sessions.ts';
import { createSignInService } from './sign-in.ts';
import type { IdentityTables } from './tables.ts';
import { createTeamRoutes, createTeamService } from './teams/index.ts';

export type { IdentityEvents } from './deps.ts';
export { identityMigrations } from './migrations.ts';

export interface IdentityOptions {
  readonly database: Database;
  readonly audit: AuditLog;
  readonly events: Pick<Events<IdentityEvents>, 'emit'>;
  readonly clock: Clock;
  readonly masterKey: MasterKey;
  readonly internalToken: string;
  /** Address that people open, without a trailing slash; asked when a link is made. */
  readonly publicUrl: () => string;
  /** People come by https, so cookies are bound to it. */
  readonly https: boolean;
  readonly version: string;
  /** Weaker for tests only. */
  readonly passwordCost?: PasswordCost;
}

/** People, sessions, roles and API keys. */
export interface Identity {
  readonly implementations: readonly RouteImplementation[];
  readonly authenticate: Authenticate;
  /** A one-time link that makes the first administrator; null once there is one. */
  readonly ensureSetupToken: () => Promise<string | null>;
  /**
   * The demo key's secret, kept in the file `path`; null when people revoked it. `endpoint` makes or finds
   * the endpoint and is asked only when there is no key yet.
   */
  readonly ensureDemoKey: (endpoint: () => Promise<string>, path: string) => Promise<string | null>;
  /** Keys that may call endpoints, neither revoked nor expired nor of a disabled person. */
  readonly gatewayKeys: () => Promise<readonly SnapshotKey[]>;
  /** Notes that keys were used, `atMs` being the newest use. Unknown ids are ignored. */
  readonly touchKeys: (ids: readonly string[], atMs: number) => Promise<void>;
  /** Forgets what expired; to be called now and then. */
  readonly tidy: () => Promise<void>;
}

export function createIdentity(options: IdentityOptions): Identity {
  const { audit, events, clock, publicUrl } = options;
  const db = options.database.withTables<IdentityTables>();
  const deps: IdentityDeps = { db, audit, events, clock, publicUrl };
  const store = createPeopleStore(db);
  const passwords = createPasswords(options.passwordCost);
  const auth = createAuth({
    database: options.database,
    masterKey: options.masterKey,
    passwords,
    clock,
    https: options.https,
    isDisabled: async (personId) => (await store.byId(personId))?.disabled ?? true,
  });
  const signIn = createSignInService({ ...deps, auth, passwords, attempts: createAttempts(clock) });
  const keys = createKeyService(deps);
  const sessions = createSessionService(deps);
  const people = createPeopleService(deps);

  return Object.freeze({
    implementations: Object.freeze([
      ...createRoutes({ auth, signIn, people, sessions, keys, version: options.version }),
      ...createTeamRoutes(createTeamService(deps)),
      ...createKeyRoutes({ ...deps, keys, serviceAccounts: createServiceAccountService(deps) }),
    ]),
    authenticate: createAuthenticate({
      auth,
      keys,
      people: store,
      clock,
      internalToken: options.internalToken,
    }),
    ensureSetupToken: signIn.ensureSetupToken,
    ensureDemoKey: (endpoint: () => Promise<string>, path: string) => ensureDemoKey(keys, endpoint, path),
    gatewayKeys: keys.forGateways,
    touchKeys: keys.touch,
    tidy: sessions.endExpired,
  });
}
