import { cleaningRoutes as contracts } from '@bartizan/contracts';
import { implement, type RouteImplementation } from '../../../platform/http/types.ts';
import type { CleaningService } from './service.ts';

export function cleaningRoutes(cleaning: CleaningService): RouteImplementation[] {
  return [
    implement(contracts.preview, ({ params, body }, { principal, signal }) =>
      cleaning.preview(principal, params, { selection: body.selection, signal }),
    ),
    implement(contracts.quarantine, ({ params, body }, { principal, signal }) =>
      cleaning.quarantine(principal, params, { input: body, signal }),
    ),
    implement(contracts.list, ({ params }, { principal }) => cleaning.list(principal, params.dataset)),
    implement(contracts.get, ({ params }, { principal }) => cleaning.get(principal, params.id)),
    implement(contracts.restore, ({ params, body }, { principal }) =>
      cleaning.restore(principal, params.id, body.reason),
    ),
  ];
}
