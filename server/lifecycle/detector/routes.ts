import {
  CORRECTIONS_FILE,
  detectorComparisonRoutes as compared,
  correctionRoutes as corrections,
  correctionDatasetRoutes as datasets,
  detectorModelRoutes as modelContracts,
  detectorSwitchRoutes as switched,
  detectorGatewayRoutes as toGateways,
} from '@bartizan/contracts';
import { AppError } from '../../kernel/error.ts';
import { implement, type RouteImplementation } from '../../platform/http/types.ts';
import type { ComparisonService } from './comparisons/service.ts';
import type { CorrectionService } from './corrections/index.ts';
import type { DatasetService } from './datasets/index.ts';
import type { ModelService } from './models/service.ts';
import type { Switching } from './switching.ts';

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

export function modelRoutes(models: ModelService): RouteImplementation[] {
  return [
    implement(modelContracts.list, async () => ({ items: await models.list() })),
    implement(modelContracts.get, ({ params }) => models.get(params.name)),
    implement(modelContracts.sendFile, ({ params }, { body, signal, principal }) =>
      models.sendFile(principal, { sha256: params.digest, bytes: body, signal }),
    ),
    implement(modelContracts.add, ({ body }, { principal }) =>
      models.add(principal, body.manifest, body.note),
    ),
    implement(modelContracts.remove, async ({ params }, { principal }) => {
      await models.remove(principal, params.name);
      return {};
    }),
  ];
}

export function comparisonRoutes(comparisons: ComparisonService): RouteImplementation[] {
  return [
    implement(compared.create, ({ body }, { principal }) =>
      comparisons.create(principal, body.candidate, body.sample),
    ),
    implement(compared.list, ({ query }) => comparisons.list(query)),
    implement(compared.get, ({ params }) => comparisons.get(params.id)),
    implement(compared.changes, ({ params, query }, { principal }) =>
      comparisons.changes(principal, params.id, query),
    ),
    implement(compared.cancel, ({ params }, { principal }) => comparisons.cancel(principal, params.id)),
  ];
}

export function switchRoutes(
  switching: Switching,
  models: Pick<ModelService, 'file'>,
): RouteImplementation[] {
  return [
    implement(switched.status, () => switching.status()),
    implement(switched.use, ({ body }, { principal }) => switching.use(principal, body.model, body.override)),
    implement(toGateways.file, async ({ params }) => {
      const bytes = await models.file(params.digest);
      if (bytes) return bytes;
      throw new AppError('not_found', 'no model of the detector has this file');
    }),
  ];
}
