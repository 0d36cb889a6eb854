import type { MasterKey } from '@bartizan/contracts/sealed.ts';
import { createRecordedEntries } from '../../../audit/index.ts';
import type { RouteImplementation } from '../../../platform/http/types.ts';
import { privacyRoutes } from './routes.ts';
import { createPrivacy, type PrivacyDeps } from './service.ts';
import { createPrivacyStore } from './store.ts';

export { privacyMigrations } from './migrations.ts';

/** Statistics with differential privacy, and the budgets that they are paid from. */
export function createPrivacyPart(
  deps: Omit<PrivacyDeps, 'store' | 'recorded'> & { readonly masterKey: MasterKey },
): {
  readonly implementations: readonly RouteImplementation[];
} {
  const { database, masterKey } = deps;
  const recorded = createRecordedEntries({ database, masterKey });
  const privacy = createPrivacy({ ...deps, store: createPrivacyStore(database), recorded });
  return Object.freeze({ implementations: privacyRoutes(privacy) });
}
