import { scanRoutes as contracts } from '@bartizan/contracts';
import { implement, type RouteImplementation } from '../../../platform/http/types.ts';
import type { ScanService } from './service.ts';

async function* once(text: string): AsyncGenerator<string> {
  yield text;
}

export function scanRoutes(scans: ScanService): RouteImplementation[] {
  return [
    implement(contracts.overview, (_, { principal }) => scans.overview(principal)),
    implement(contracts.list, ({ query }, { principal }) => scans.list(principal, query)),
    implement(contracts.settings, () => scans.settings()),
    implement(contracts.changeSettings, ({ body }, { principal }) => scans.changeSettings(principal, body)),
    implement(contracts.version, ({ params }, { principal }) => scans.version(principal, params.id)),
    implement(contracts.rescan, ({ params, body }, { principal }) =>
      scans.rescan(principal, params.id, body.everything),
    ),
    implement(contracts.files, ({ params, query }, { principal }) =>
      scans.files(principal, params.id, query),
    ),
    implement(contracts.findings, ({ params, query }, { principal }) =>
      scans.findings(principal, params.id, query),
    ),
    implement(contracts.finding, ({ params }, { principal }) =>
      scans.finding(principal, params.id, params.finding),
    ),
    implement(contracts.accept, ({ params, body }, { principal }) =>
      scans.accept(principal, params.id, params.finding, body),
    ),
    implement(contracts.withdraw, ({ params }, { principal }) =>
      scans.withdraw(principal, params.id, params.finding),
    ),
    implement(
      contracts.weights,
      async ({ params }, { principal }) => await scans.weights(principal, params.id),
    ),
    implement(contracts.sarif, async ({ params }, { principal, setHeader }) => {
      const text = await scans.sarif(principal, params.id);
      setHeader('content-disposition', 'attachment; filename="findings.sarif"');
      return once(text);
    }),
  ];
}
