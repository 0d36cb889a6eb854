import { labellingRoutes as contracts } from '@bartizan/contracts';
import { implement, type RouteImplementation } from '../../../platform/http/types.ts';
import type { Labelling } from './service.ts';

export const labellingRoutes = (labelling: Labelling): readonly RouteImplementation[] => [
  implement(contracts.list, ({ query }, { principal }) => labelling.list(principal, query)),
  implement(contracts.create, ({ body }, { principal }) => labelling.create(principal, body)),
  implement(contracts.get, ({ params }, { principal }) => labelling.get(principal, params.id)),
  implement(contracts.items, ({ params, query }, { principal }) =>
    labelling.items(principal, params.id, query),
  ),
  implement(contracts.record, ({ params }, { principal }) => labelling.record(principal, params)),
  implement(contracts.decide, ({ params, body }, { principal }) =>
    labelling.decide(principal, params, body.label),
  ),
  implement(contracts.apply, ({ params, body }, { principal }) =>
    labelling.apply(principal, params.id, body.reason),
  ),
];
