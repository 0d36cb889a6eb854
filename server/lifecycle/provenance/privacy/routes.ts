import { privacyRoutes as contracts } from '@bartizan/contracts';
import { implement, type RouteImplementation } from '../../../platform/http/types.ts';
import type { Privacy } from './service.ts';

export const privacyRoutes = (privacy: Privacy): readonly RouteImplementation[] => [
  implement(contracts.budget, ({ params }, { principal }) => privacy.budget(principal, params.dataset)),
  implement(contracts.setBudget, ({ params, body }, { principal }) =>
    privacy.setBudget(principal, params.dataset, body),
  ),
  implement(contracts.release, ({ params, body }, { principal, purpose, signal }) =>
    privacy.release(principal, params.dataset, { ...body, purpose, signal }),
  ),
  implement(contracts.releases, ({ params, query }, { principal }) =>
    privacy.releases(principal, params.dataset, query),
  ),
  implement(contracts.account, ({ body }) => privacy.account(body)),
];
