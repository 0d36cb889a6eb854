import { inventoryRoutes as contracts } from '@bartizan/contracts';
import { implement, type RouteImplementation } from '../../platform/http/types.ts';
import { exportCsv } from './csv/export.ts';
import type { createImport } from './csv/import.ts';
import type { SystemReading } from './reading.ts';
import { questionnaire, type RiskService, tryAssessment } from './risk.ts';
import type { SystemService } from './service.ts';

export interface InventoryRouteDeps {
  readonly systems: SystemService;
  readonly reading: SystemReading;
  readonly risk: RiskService;
  readonly importCsv: ReturnType<typeof createImport>;
}

export function inventoryRoutes({
  systems,
  reading,
  risk,
  importCsv,
}: InventoryRouteDeps): RouteImplementation[] {
  return [
    implement(contracts.list, ({ query }, { principal }) => reading.list(principal, query)),
    implement(contracts.attention, (_, { principal }) => reading.attention(principal)),
    implement(contracts.graph, ({ query }, { principal }) => reading.graph(principal, query)),
    implement(contracts.owners, async ({ query }, { principal }) => ({
      items: await reading.owners(principal, query.text ?? ''),
    })),
    implement(contracts.questionnaire, async () => questionnaire()),
    implement(contracts.tryAssessment, async ({ body }) => tryAssessment(body.answers)),
    implement(contracts.export, async ({ query }, { principal, setHeader }) => {
      setHeader('content-disposition', 'attachment; filename="systems.csv"');
      return exportCsv(reading, principal, query);
    }),
    implement(contracts.import, ({ body }, { principal }) =>
      importCsv(principal, Buffer.from(body.file, 'base64'), body.dryRun),
    ),
    implement(contracts.create, ({ body }, { principal }) => systems.create(principal, body)),
    implement(contracts.get, ({ params }, { principal }) => systems.get(principal, params.id)),
    implement(contracts.update, ({ params, body }, { principal }) =>
      systems.update(principal, params.id, body),
    ),
    implement(contracts.retire, ({ params, body }, { principal }) =>
      systems.retire(principal, params.id, body.reason),
    ),
    implement(contracts.review, ({ params, body }, { principal }) =>
      systems.review(principal, params.id, body),
    ),
    implement(contracts.assess, ({ params, body }, { principal }) => risk.assess(principal, params.id, body)),
    implement(contracts.assessments, ({ params, query }, { principal }) =>
      reading.assessments(principal, params.id, query),
    ),
    implement(contracts.override, ({ params, body }, { principal }) =>
      risk.override(principal, params.id, body),
    ),
    implement(contracts.history, ({ params, query }, { principal }) =>
      reading.history(principal, params.id, query),
    ),
  ];
}
