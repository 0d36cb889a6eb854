import { dataLineageRoutes as contracts } from '@bartizan/contracts';
import { implement, type RouteImplementation } from '../../../platform/http/types.ts';
import type { Graphs } from './graph.ts';
import type { Newest } from './newest.ts';
import type { Nodes } from './nodes.ts';
import type { Receiving } from './receiving.ts';
import { tellerOf } from './telling.ts';
import type { Tracing } from './tracing.ts';
import { createTurns } from './turns.ts';

/** Graphs and traces read thousands of rows each: of the connections to the database they leave most to others. */
const TURNS = { atOnce: 2, perCaller: 1, waiting: 16, waitingPerCaller: 4, waitMs: 10_000 } as const;

interface Parts {
  readonly receiving: Receiving;
  readonly graphs: Graphs;
  readonly newest: Newest;
  readonly nodes: Nodes;
  readonly tracing: Tracing;
}

export function lineageRoutes({ receiving, graphs, newest, nodes, tracing }: Parts): RouteImplementation[] {
  const inTurn = createTurns(TURNS);
  return [
    implement(contracts.receive, async ({ body }, { principal }) => {
      await receiving.receive(principal, body);
      return {};
    }),
    implement(contracts.graph, ({ query }, { principal, signal }) =>
      inTurn(tellerOf(principal), signal, () => graphs.graph(principal, query)),
    ),
    implement(contracts.search, async ({ query }, { principal }) => {
      const ids = await newest.search(principal, query.q, query.limit);
      const found = await nodes.load(principal, ids);
      const items = ids.flatMap((id) => {
        const node = found.get(id);
        return node && !node.hidden ? [{ ...node, distance: 0 }] : [];
      });
      return { items };
    }),
    implement(contracts.trace, ({ query }, { principal, signal }) =>
      inTurn(tellerOf(principal), signal, () => tracing.trace(principal, query)),
    ),
  ];
}
