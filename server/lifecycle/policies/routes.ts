import { policyRoutes as contracts } from '@bartizan/contracts';
import { implement, type RouteImplementation } from '../../platform/http/types.ts';
import type { PolicyService } from './service.ts';

export function policyRoutes(policies: PolicyService): RouteImplementation[] {
  return [
    implement(contracts.checks, async () => ({ items: policies.checks() })),
    implement(contracts.list, async (_, { principal }) => ({ items: await policies.list(principal) })),
    implement(contracts.get, ({ params }, { principal }) => policies.get(principal, params.id)),
    implement(contracts.create, ({ body }, { principal }) => policies.create(principal, body)),
    implement(contracts.addVersion, ({ params, body }, { principal }) =>
      policies.addVersion(principal, params.id, body),
    ),
    implement(contracts.activate, ({ params, body }, { principal }) =>
      policies.activate(principal, params.id, body.version),
    ),
    implement(contracts.remove, async ({ params }, { principal }) => {
      await policies.remove(principal, params.id);
      return {};
    }),
    implement(contracts.dryRun, ({ body }, { principal, signal }) =>
      policies.dryRun(principal, body, {
        showExcerpts: principal.permissions.has('interactions.read'),
        signal,
      }),
    ),
    implement(contracts.tryOut, ({ body }, { principal }) => policies.tryOut(principal, body)),
  ];
}
