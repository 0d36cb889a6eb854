import { bomRoutes as contracts } from '@bartizan/contracts';
import { implement, type RouteImplementation } from '../../../platform/http/types.ts';
import type { BomService } from './service.ts';

export function bomRoutes(boms: BomService): RouteImplementation[] {
  return [
    implement(contracts.card, ({ params }, { principal }) => boms.card(principal, params.model)),
    implement(contracts.setCard, ({ params, body }, { principal }) =>
      boms.setCard(principal, params.model, body),
    ),
    implement(contracts.version, ({ params, query }, { principal }) =>
      boms.ofVersion(principal, params.model, params.version, query.spec),
    ),
    implement(contracts.system, ({ params, query }, { principal }) =>
      boms.ofSystem(principal, params.id, query.spec),
    ),
    implement(contracts.validate, ({ body }) => boms.validate(body)),
  ];
}
