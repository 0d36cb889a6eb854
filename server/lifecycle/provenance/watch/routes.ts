import { dataWatchRoutes as contracts } from '@bartizan/contracts';
import { implement, type RouteImplementation } from '../../../platform/http/types.ts';
import type { WatchService } from './service.ts';

export function dataWatchRoutes(watch: WatchService): RouteImplementation[] {
  return [
    implement(contracts.get, ({ params }, { principal }) => watch.get(principal, params.dataset)),
    implement(contracts.set, ({ params, body }, { principal }) => watch.set(principal, params.dataset, body)),
    implement(contracts.deal, ({ params, body }, { principal }) => watch.deal(principal, params, body)),
  ];
}
