import {
  CORRECTIONS_FILE,
  correctionRoutes as corrections,
  correctionDatasetRoutes as datasets,
} from '@bartizan/contracts';
import { implement, type RouteImplementation } from '../../platform/http/types.ts';
import type { CorrectionService } from './corrections/index.ts';
import type { DatasetService } from './datasets/index.ts';

export function correctionRoutes(service: CorrectionService): RouteImplementation[] {
  return [
    implement(corrections.list, ({ query }, { principal }) => service.list(principal, query)),
    implement(corrections.content, ({ params }, { principal, purpose }) =>
      service.content(principal, params.id, purpose),
    ),
    implement(corrections.correct, ({ body }, { principal }) => service.correct(principal, body)),
    implement(corrections.withdraw, async ({ params }, { principal }) => {
      await service.withdraw(principal, params.id);
      return {};
    }),
    implement(corrections.settle, ({ params }, { principal }) => service.settle(principal, params.id)),
  ];
}

export function datasetRoutes(service: DatasetService): RouteImplementation[] {
  return [
    implement(datasets.list, ({ query }) => service.list(query)),
    implement(datasets.get, ({ params }) => service.get(params.version)),
    implement(datasets.create, ({ body }, { principal }) => service.create(principal, body.note)),
    implement(datasets.rows, async ({ params }, { principal, purpose, setHeader }) => {
      const chunks = await service.rows(principal, params.version, purpose);
      setHeader('content-disposition', `attachment; filename="${CORRECTIONS_FILE}"`);
      return chunks;
    }),
  ];
}
