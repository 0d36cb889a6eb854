import { sinkRoutes as contracts } from '@bartizan/contracts';
import { implement, type RouteImplementation } from '../../platform/http/types.ts';
import type { SinkService } from './service.ts';

export function sinkRoutes(sinks: SinkService): RouteImplementation[] {
  return [
    implement(contracts.list, async () => ({ items: await sinks.list() })),
    implement(contracts.get, ({ params }) => sinks.get(params.id)),
    implement(contracts.status, ({ params }) => sinks.status(params.id)),
    implement(contracts.create, ({ body }, { principal }) => sinks.create(principal, body)),
    implement(contracts.update, ({ params, body }, { principal }) =>
      sinks.update(principal, params.id, body),
    ),
    implement(contracts.remove, async ({ params }, { principal }) => {
      await sinks.remove(principal, params.id);
      return {};
    }),
    implement(contracts.pause, ({ params }, { principal }) => sinks.pause(principal, params.id)),
    implement(contracts.resume, ({ params }, { principal }) => sinks.resume(principal, params.id)),
    implement(contracts.test, ({ params }, { principal, signal }) =>
      sinks.test(principal, params.id, signal),
    ),
    implement(contracts.tryOut, ({ body }, { principal, signal }) => sinks.tryOut(principal, body, signal)),
    implement(contracts.deadLetters, ({ params, query }) => sinks.deadLetters(params.id, query)),
    implement(contracts.retryDeadLetters, async ({ params, body }, { principal }) => ({
      count: await sinks.retryDeadLetters(principal, params.id, body.ids ?? null),
    })),
    implement(contracts.discardDeadLetters, async ({ params, body }, { principal }) => ({
      count: await sinks.discardDeadLetters(principal, params.id, body.ids ?? null),
    })),
  ];
}
