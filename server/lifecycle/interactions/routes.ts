import { interactionRoutes as contracts, gatewayRoutes } from '@bartizan/contracts';
import { implement, type Principal, type RouteImplementation } from '../../platform/http/types.ts';
import type { Reader } from './reading.ts';
import type { InteractionService } from './service.ts';

const readerOf = (principal: Principal): Reader => ({
  actor: principal,
  mayReadContent: principal.permissions.has('interactions.content'),
});

export function interactionRoutes(interactions: InteractionService): RouteImplementation[] {
  return [
    implement(contracts.list, ({ query }, { principal, signal }) => {
      const { cursor, limit, ...filter } = query;
      return interactions.list(filter, { cursor, limit }, readerOf(principal), signal);
    }),
    implement(contracts.get, ({ params }, { principal }) => interactions.get(params.id, readerOf(principal))),
    implement(contracts.raw, async ({ params }, { principal }) => ({
      ...(await interactions.raw(params.id, principal)),
    })),
    implement(contracts.export, async ({ query }, { principal, signal }) =>
      interactions.export(query, readerOf(principal), signal),
    ),
    implement(contracts.live, (_, { principal, signal }) => interactions.live(readerOf(principal), signal)),
    implement(contracts.overview, ({ query }) => interactions.overview(query.windowMs)),
    implement(gatewayRoutes.ship, ({ body }) => interactions.ship(body)),
  ];
}
