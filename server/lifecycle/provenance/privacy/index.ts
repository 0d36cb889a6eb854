import type { RouteImplementation } from '../../../platform/http/types.ts';
import { privacyRoutes } from './routes.ts';
import { createPrivacy, type PrivacyDeps } from './service.ts';
import { createPrivacyStore } from './store.ts';

export { privacyMigrations } from './migrations.ts';

/** Statistics with differential privacy, and the budgets that they are paid from. */
export function createPrivacyPart(deps: Omit<PrivacyDeps, 'store'>): {
  readonly implementations: readonly RouteImplementation[];
} {
  const privacy = createPrivacy({ ...deps, store: createPrivacyStore(deps.database) });
  return Object.freeze({ implementations: privacyRoutes(privacy) });
}
