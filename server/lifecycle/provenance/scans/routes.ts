import { dataScanRoutes as contracts } from '@bartizan/contracts';
import { implement, type RouteImplementation } from '../../../platform/http/types.ts';
import type { ScanService } from './service.ts';

export function dataScanRoutes(scans: ScanService): RouteImplementation[] {
  return [
    implement(contracts.start, ({ params, body }, { principal }) => scans.start(principal, params, body)),
    implement(contracts.list, ({ params }, { principal }) => scans.list(principal, params)),
    implement(contracts.get, ({ params }, { principal }) => scans.get(principal, params.id)),
    implement(contracts.records, ({ params, query }, { principal }) =>
      scans.records(principal, params.id, query),
    ),
    implement(contracts.decide, ({ params, body }, { principal }) => scans.decide(principal, params, body)),
    implement(contracts.cancel, ({ params }, { principal }) => scans.cancel(principal, params.id)),
  ];
}
