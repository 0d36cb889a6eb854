import { dataLineageRoutes as contracts } from '@bartizan/contracts';
import { implement, type RouteImplementation } from '../../../platform/http/types.ts';
import type { Graphs } from './graph.ts';
import type { Newest } from './newest.ts';
import type { Nodes } from './nodes.ts';
import type { Receiving } from './receiving.ts';
import type { Tracing } from './tracing.ts';

interface Parts {
  readonly receiving: Receiving;
  readonly graphs: Graphs;
  readonly newest: Newest;
  readonly nodes: Nodes;
  readonly tracing: Tracing;
}

export function lineageRoutes({ receiving, graphs, newest, nodes, tracing }: Parts): RouteImplementation[] {
  return [
    implement(contracts.receive, async ({ body }, { principal }) => {
      await receiving.receive(principal, body);
      return {};
    }),
    implement(contracts.graph, ({ query }, { principal }) => graphs.graph(principal, query)),
    implement(contracts.search, async ({ query }, { principal }) => {
      const ids = await newest.search(principal, query.q, query.limit);
      const found = await nodes.load(principal, ids);
      const items = ids.flatMap((id) => {
        const node = found.get(id);
        return node && !node.hidden ? [{ ...node, distance: 0 }] : [];
      });
      return { items };
    }),
    implement(contracts.trace, ({ query }, { principal }) => tracing.trace(principal, query)),
  ];
}
