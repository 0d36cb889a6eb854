import { sourceRoutes as contracts } from '@bartizan/contracts';
import { implement, type RouteImplementation } from '../../../platform/http/types.ts';
import type { Croissants } from './croissant/index.ts';
import type { Custody } from './custody.ts';
import type { Decisions } from './decisions.ts';
import type { Policies } from './policies.ts';
import { type Sources, viewOfSource } from './sources.ts';

interface Parts {
  readonly sources: Sources;
  readonly policies: Policies;
  readonly decisions: Decisions;
  readonly custody: Custody;
  readonly croissants: Croissants;
}

export function sourceRoutes({
  sources,
  policies,
  decisions,
  custody,
  croissants,
}: Parts): RouteImplementation[] {
  return [
    implement(contracts.list, ({ query }, { principal }) => sources.list(principal, query)),
    implement(contracts.create, ({ body }, { principal }) => sources.create(principal, body)),
    implement(contracts.get, async ({ params }, { principal }) =>
      viewOfSource(await sources.find(principal, params.id)),
    ),
    implement(contracts.update, ({ params, body }, { principal }) =>
      sources.update(principal, params.id, body),
    ),
    implement(contracts.trust, ({ params, body }, { principal }) =>
      sources.trust(principal, params.id, body),
    ),
    implement(contracts.policy, () => policies.ofAll()),
    implement(contracts.setPolicy, ({ body }, { principal }) => policies.setForAll(principal, body)),
    implement(contracts.datasetPolicy, ({ params }, { principal }) => policies.of(principal, params.dataset)),
    implement(contracts.setDatasetPolicy, ({ params, body }, { principal }) =>
      policies.setFor(principal, params.dataset, body.policy),
    ),
    implement(contracts.custody, ({ params, query }, { principal }) =>
      custody.list(principal, params.dataset, query),
    ),
    implement(contracts.approve, ({ params, body }, { principal }) =>
      decisions.approve(principal, params, body.reason),
    ),
    implement(contracts.reject, ({ params, body }, { principal }) =>
      decisions.reject(principal, params, body.reason),
    ),
    implement(contracts.croissant, ({ params }, { principal }) => croissants.export(principal, params)),
    implement(contracts.importCroissant, ({ body }, { principal }) => croissants.import(principal, body)),
  ];
}
