import type { MasterKey } from '@bartizan/contracts/sealed.ts';
import type { RouteImplementation } from '../../platform/http/index.ts';
import type { Attempts } from '../attempts.ts';
import type { IdentityDeps } from '../deps.ts';
import type { EntryService } from '../factors/entry.ts';
import { createScimRoutes } from './scim/routes.ts';
import type { ScimTokens } from './scim/tokens.ts';
import { createSsoFlow } from './sso/flow.ts';
import { createProviderService } from './sso/providers.ts';
import { createSsoRoutes } from './sso/routes.ts';

export { isManagedByDirectory } from './directory.ts';
export { createScimTokens, SCIM_PREFIX, type ScimTokens } from './scim/tokens.ts';
export { createServiceAccountService } from './service-accounts.ts';
export { createSettingsStore } from './settings.ts';

export interface FederationDeps extends IdentityDeps {
  readonly masterKey: MasterKey;
  readonly https: boolean;
  /** Of the session cookie. */
  readonly cookieName: string;
  readonly attempts: Attempts;
  readonly entry: Pick<EntryService, 'begin'>;
  readonly tokens: ScimTokens;
}

/** Single sign-on and provisioning, ready to be served. */
export function createFederationRoutes(deps: FederationDeps): readonly RouteImplementation[] {
  return Object.freeze([
    ...createSsoRoutes({ flow: createSsoFlow(deps), providers: createProviderService(deps) }),
    ...createScimRoutes(deps),
  ]);
}
