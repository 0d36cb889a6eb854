import { interactionRoutes as contracts, gatewayRoutes } from '@bartizan/contracts';
import { AppError } from '../../kernel/error.ts';
import { demandStepUp } from '../../platform/http/index.ts';
import { implement, type Principal, type RouteImplementation } from '../../platform/http/types.ts';
import type { Reader } from './reading.ts';
import type { InteractionService } from './service.ts';

const CONTENT = 'interactions.content';

/** Exporting content takes what reading it takes: its own permission and, for people, a fresh confirmation. */
function demandContent(principal: Principal, nowMs: number): void {
  if (!principal.permissions.has(CONTENT)) {
    throw new AppError('forbidden', `you may not export content: it needs "${CONTENT}"`, {
      hint: 'Without `content=full` the export is masked, which needs no more than you have.',
    });
  }
  demandStepUp(principal, nowMs);
}

export function interactionRoutes(
  interactions: InteractionService,
  now: () => number,
): RouteImplementation[] {
  const readerOf = async (principal: Principal, unmasked = false): Promise<Reader> => ({
    actor: principal,
    sight: await interactions.sightOf(principal),
    unmasked,
  });
  return [
    implement(contracts.list, async ({ query }, { principal, signal }) => {
      const { cursor, limit, ...filter } = query;
      return interactions.list(filter, { cursor, limit }, await readerOf(principal), signal);
    }),
    implement(contracts.get, async ({ params }, { principal }) =>
      interactions.get(params.id, await readerOf(principal)),
    ),
    implement(contracts.content, async ({ params }, { principal, purpose }) =>
      interactions.content(params.id, await readerOf(principal, true), purpose),
    ),
    implement(contracts.raw, async ({ params }, { principal, purpose }) => ({
      ...(await interactions.raw(params.id, await readerOf(principal, true), purpose)),
    })),
    implement(contracts.export, async ({ query }, { principal, purpose, signal }) => {
      const { content, ...filter } = query;
      if (content === 'full') demandContent(principal, now());
      return interactions.export(filter, await readerOf(principal, content === 'full'), purpose, signal);
    }),
    implement(contracts.live, (_, { principal, signal }) => interactions.live(principal, signal)),
    implement(contracts.overview, async ({ query }, { principal }) =>
      interactions.overview(query.windowMs, await interactions.sightOf(principal)),
    ),
    implement(gatewayRoutes.ship, ({ body }) => interactions.ship(body)),
  ];
}
