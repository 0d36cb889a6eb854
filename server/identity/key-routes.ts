import { keyRoutes as contracts } from '@bartizan/contracts';
import { implement, type RouteImplementation } from '../platform/http/index.ts';
import type { IdentityDeps } from './deps.ts';
import type { ServiceAccountService } from './federation/service-accounts.ts';
import { createSettingsStore } from './federation/settings.ts';
import type { KeyService } from './keys.ts';

export interface KeyRouteDeps extends Pick<IdentityDeps, 'db' | 'audit'> {
  readonly keys: KeyService;
  readonly serviceAccounts: ServiceAccountService;
}

/** The handlers of `contracts/keys.ts`. */
export function createKeyRoutes(deps: KeyRouteDeps): readonly RouteImplementation[] {
  const { keys, serviceAccounts, db, audit } = deps;
  return Object.freeze([
    implement(contracts.rotate, ({ params, body }, { principal }) => keys.rotate(params.id, body, principal)),
    implement(contracts.update, ({ params, body }, { principal }) => keys.update(params.id, body, principal)),
    implement(contracts.settings, async () => {
      const { max_key_days: maxLifetimeDays } = await createSettingsStore(db).read();
      return { maxLifetimeDays };
    }),
    implement(contracts.updateSettings, async ({ body }, { principal }) => {
      const actor = { kind: principal.kind, id: principal.id, name: principal.name };
      await db.transaction().execute(async (transaction) => {
        await createSettingsStore(transaction).write({ max_key_days: body.maxLifetimeDays });
        const entry = { actor, action: 'keys.settings-changed', subject: 'settings:keys', detail: body };
        await audit.record(entry, transaction);
      });
      return body;
    }),
    implement(contracts.serviceAccounts, async (_, { principal }) => ({
      items: await serviceAccounts.list(principal),
    })),
    implement(contracts.addServiceAccount, ({ body }, { principal }) => serviceAccounts.add(body, principal)),
    implement(contracts.updateServiceAccount, ({ params, body }, { principal }) =>
      serviceAccounts.update(params.id, body, principal),
    ),
    implement(contracts.removeServiceAccount, async ({ params }, { principal }) => {
      await serviceAccounts.remove(params.id, principal);
      return {};
    }),
  ]);
}
