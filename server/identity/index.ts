import { allows, type Permission, ROLES } from '@bartizan/contracts';
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
import { createDirectory, type Directory } from './directory.ts';
import { type AlarmDraft, createAlarms } from './factors/alarms.ts';
import { createFactors } from './factors/index.ts';
import { readSessionFacts } from './factors/session-facts.ts';
import {
  createFederationRoutes,
  createScimTokens,
  createServiceAccountService,
  createSettingsStore,
} from './federation/index.ts';
import { standBehind } from './key-backers.ts';
import { createKeyRoutes } from './key-routes.ts';
import { createKeyService, type GatewayKey } from './keys.ts';
import { createPasswords, type Passwords } from './passwords.ts';
import { createPeopleService } from './people.ts';
import { createPeopleStore } from './people-store.ts';
import { createRoutes } from './routes.ts';
import type { IdentityTables } from './tables.ts';
import { createTeamRoutes, createTeamService } from './teams/index.ts';

export type { IdentityEvents } from './deps.ts';
export { createDirectory, type Directory, type DirectoryPerson } from './directory.ts';
export { createAlarms } from './factors/alarms.ts';
export { secretContext as clientSecretContext } from './federation/sso/provider-store.ts';
export type { GatewayKey } from './keys.ts';
export { identityMigrations } from './migrations.ts';
export type { IdentityTables } from './tables.ts';

export interface IdentityOptions {
  readonly database: Database;
  readonly audit: AuditLog;
  /** Ids of the endpoints that are there for a caller; `*` where all are. */
  readonly endpointsSeen: IdentityDeps['endpointsSeen'];
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
  readonly passwords?: Passwords;
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
  readonly gatewayKeys: () => Promise<readonly GatewayKey[]>;
  /** People with an account in use whose roles grant `permission`. */
  readonly whoMay: (permission: Permission) => Promise<readonly { id: string; name: string }[]>;
  /** Ids of the people who may hold the secret of a key, or answer for it. */
  readonly standBehind: (keyId: string, within: Database) => Promise<ReadonlySet<string>>;
  /**
   * Writes an alarm that somebody must look into and tells whoever listens; where the same kind and subject is
   * still open, only with `always`.
   */
  readonly raiseAlarm: (alarm: AlarmDraft, always: boolean) => Promise<void>;
  /** Writes an alarm within a change, each time anew; what it gives back tells whoever listens, after that. */
  readonly writeAlarm: (alarm: AlarmDraft, within: Database) => Promise<() => void>;
  /** Ends open alarms of a kind about something that is over by itself, within a change. */
  readonly clearAlarm: (
    alarm: Pick<AlarmDraft, 'kind' | 'subject'> & { readonly note: string },
    within: Database,
  ) => Promise<void>;
  /** Notes that keys were used, `atMs` being the newest use. Unknown ids are ignored. */
  readonly touchKeys: (ids: readonly string[], atMs: number) => Promise<void>;
  /** Who there is, for domains that name people and teams. */
  readonly directory: Directory;
  /** Forgets what expired; to be called now and then. */
  readonly tidy: () => Promise<void>;
}

export function createIdentity(options: IdentityOptions): Identity {
  const { audit, events, clock, publicUrl } = options;
  const db = options.database.withTables<IdentityTables>();
  const { endpointsSeen } = options;
  const deps: IdentityDeps = { db, audit, events, clock, endpointsSeen, publicUrl };
  const store = createPeopleStore(db);
  const passwords = options.passwords ?? createPasswords();
  const { masterKey, https } = options;
  const auth = createAuth({ database: options.database, masterKey, clock, https });
  const attempts = createAttempts({ db, clock });
  const factors = createFactors({
    ...deps,
    auth,
    attempts,
    passwords,
    masterKey,
    singleSignOnOnly: async () => (await createSettingsStore(db).read()).sso_only,
  });
  const { signIn, sessions, entry } = factors;
  const keys = createKeyService(deps);
  const people = createPeopleService(deps);
  const tokens = createScimTokens(deps);
  const alarms = createAlarms(deps);
  const { cookieName } = auth;

  return Object.freeze({
    implementations: Object.freeze([
      ...createRoutes({ auth, signIn, people, sessions, keys, version: options.version }),
      ...factors.implementations,
      ...createTeamRoutes(createTeamService(deps)),
      ...createKeyRoutes({ ...deps, keys, serviceAccounts: createServiceAccountService(deps) }),
      ...createFederationRoutes({ ...deps, masterKey, https, cookieName, attempts, entry, tokens }),
    ]),
    authenticate: createAuthenticate({
      auth,
      keys,
      scimTokens: tokens,
      people: store,
      sessionFacts: (sessionId, person) => readSessionFacts(db, sessionId, person, clock.now()),
      attempts,
      clock,
      internalToken: options.internalToken,
    }),
    ensureSetupToken: signIn.ensureSetupToken,
    ensureDemoKey: (endpoint: () => Promise<string>, path: string) => ensureDemoKey(keys, endpoint, path),
    gatewayKeys: keys.forGateways,
    whoMay: (permission: Permission) => store.withRoles(ROLES.filter((role) => allows([role], permission))),
    standBehind,
    async raiseAlarm(alarm: AlarmDraft, always: boolean) {
      const raised = await db.transaction().execute((within) => alarms.raise(within, alarm, always));
      alarms.announce(raised);
    },
    async writeAlarm(alarm: AlarmDraft, within: Database) {
      const raised = await alarms.raise(within.withTables<IdentityTables>(), alarm, true);
      return () => alarms.announce(raised);
    },
    clearAlarm: (over: Pick<AlarmDraft, 'kind' | 'subject'> & { readonly note: string }, within: Database) =>
      alarms.clear(within.withTables<IdentityTables>(), over),
    touchKeys: keys.touch,
    directory: createDirectory(db),
    tidy: factors.tidy,
  });
}
