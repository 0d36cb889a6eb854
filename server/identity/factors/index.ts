import type { MasterKey } from '@bartizan/contracts/sealed.ts';
import type { RouteImplementation } from '../../platform/http/index.ts';
import type { Attempts } from '../attempts.ts';
import type { Auth } from '../auth.ts';
import type { IdentityDeps } from '../deps.ts';
import type { Passwords } from '../passwords.ts';
import { createSessionService, type SessionService } from '../sessions.ts';
import { createSignInService, type SignInService } from '../sign-in.ts';
import { createAlarms } from './alarms.ts';
import { createBreakGlass } from './break-glass.ts';
import { challenges } from './challenges.ts';
import { createDevices } from './devices.ts';
import { createEntry, type EntryService } from './entry.ts';
import { createForOthers } from './for-others.ts';
import { createOwnFactors } from './own-factors.ts';
import { createPasskeys } from './passkeys.ts';
import { createProofs } from './proofs.ts';
import { createRecoveryCodes } from './recovery.ts';
import { createFactorRoutes } from './routes.ts';
import { createSettingsService } from './settings.ts';
import { createStepUp } from './step-up.ts';
import { createTotp } from './totp.ts';

export type { EntryService } from './entry.ts';
export type { Entry, SignedInBy } from './start.ts';

export interface FactorsOptions extends IdentityDeps {
  readonly auth: Auth;
  readonly attempts: Attempts;
  readonly passwords: Passwords;
  readonly masterKey: MasterKey;
  /** Whether passwords and passkeys are off: only single sign-on and emergency accounts are left. */
  readonly singleSignOnOnly: () => Promise<boolean>;
}

/** Ways in, and what is asked of people on the way. */
export interface Factors {
  readonly entry: EntryService;
  readonly signIn: SignInService;
  readonly sessions: SessionService;
  readonly implementations: readonly RouteImplementation[];
  /** Forgets what expired. */
  readonly tidy: () => Promise<void>;
}

export function createFactors(options: FactorsOptions): Factors {
  const { db, clock, masterKey, attempts, auth } = options;
  const passkeys = createPasskeys(options);
  const kinds = { totp: createTotp(masterKey), recovery: createRecoveryCodes(masterKey), passkeys };
  const devices = createDevices({ auth, masterKey, clock });
  const alarms = createAlarms(options);
  const proofs = createProofs({ ...kinds, clock });
  const entry = createEntry({ ...options, devices, proofs, passkeys, alarms });
  const signIn = createSignInService({ ...options, entry, devices });
  const sessions = createSessionService(options);
  return Object.freeze({
    entry,
    signIn,
    sessions,
    implementations: createFactorRoutes({
      entry,
      signIn,
      sessions,
      alarms,
      stepUp: createStepUp({ ...options, signIn, devices, proofs, passkeys, alarms }),
      own: createOwnFactors({ ...options, ...kinds }),
      others: createForOthers({ ...options, ...kinds }),
      settings: createSettingsService(options),
      breakGlass: createBreakGlass(options),
    }),
    async tidy() {
      await sessions.endExpired();
      await attempts.tidy();
      await challenges.dropExpired(db, clock.now());
      await db.deleteFrom('pending_sign_ins').where('expires_at', '<', new Date(clock.now())).execute();
    },
  });
}
