import { endpointRoutes as contracts, gatewayRoutes } from '@bartizan/contracts';
import { AppError } from '../../kernel/error.ts';
import { loggable } from '../../platform/http/index.ts';
import { implement, type RequestContext, type RouteImplementation } from '../../platform/http/types.ts';
import type { Logger } from '../ports.ts';
import type { Gateways } from './gateways.ts';
import type { EndpointService } from './service.ts';
import type { Snapshots } from './snapshot.ts';

/** `If-Match: "<updatedAt>"`, where the client sends it. */
function expectedUpdatedAt({ header }: Pick<RequestContext, 'header'>): number | undefined {
  const given = header('if-match');
  if (given === undefined || given === '*') return undefined;
  const match = /^"?(\d{1,15})"?$/.exec(given.trim());
  if (match) return Number(match[1]);
  throw new AppError('invalid_input', 'the If-Match header is not one of ours', {
    hint: 'Send the `updatedAt` of the endpoint that you changed, in double quotes.',
  });
}

export function endpointRoutes(endpoints: EndpointService): RouteImplementation[] {
  return [
    implement(contracts.list, async (_, { principal }) => ({ items: await endpoints.list(principal) })),
    implement(contracts.get, ({ params }, { principal }) => endpoints.get(principal, params.id)),
    implement(contracts.create, ({ body }, { principal }) => endpoints.create(principal, body)),
    implement(contracts.update, ({ params, body }, context) =>
      endpoints.update(context.principal, params.id, body, expectedUpdatedAt(context)),
    ),
    implement(contracts.remove, async ({ params }, { principal }) => {
      await endpoints.remove(principal, params.id);
      return {};
    }),
    implement(contracts.testUpstream, ({ body }, { principal, signal }) =>
      endpoints.testUpstream(principal, body, signal),
    ),
  ];
}

/** The entity tags of an If-None-Match header, unquoted; weak ones count, for the comparison is weak (RFC 9110 §13.1.2). */
function entityTags(header: string | undefined): string[] {
  if (header === undefined) return [];
  return header
    .slice(0, 2000)
    .split(',')
    .map((tag) => tag.trim().replace(/^W\//, '').replaceAll('"', ''));
}

const GATEWAY_ID = /^[\w.:-]{1,100}$/;

export interface SnapshotRouteDeps {
  readonly snapshots: Snapshots;
  readonly gateways: Pick<Gateways, 'seen'>;
  readonly logger: Logger;
  readonly now: () => number;
}

export function snapshotRoutes(deps: SnapshotRouteDeps): RouteImplementation[] {
  const { snapshots, gateways, logger, now } = deps;

  function noteGateway({ header }: Pick<RequestContext, 'header'>, sequence: number): void {
    const id = header('x-bartizan-gateway');
    if (id === undefined || !GATEWAY_ID.test(id)) return;
    const snapshotVersion = (header('x-bartizan-snapshot') ?? '').slice(0, 100);
    gateways
      .seen({ id, snapshotVersion, sequence, lastSeenAt: now(), backlog: null })
      .catch((error: unknown) => logger.warn({ error: loggable(error) }, 'a gateway could not be noted'));
  }

  return [
    implement(gatewayRoutes.snapshot, async ({ query }, context) => {
      const sequence = Number(/^\d{1,15}$/.exec(context.header('x-bartizan-sequence') ?? '')?.[0] ?? 0);
      noteGateway(context, sequence);
      const known = entityTags(context.header('if-none-match'));
      const snapshot = await snapshots.next(known[0], query.waitMs, context.signal, sequence);
      context.setHeader('etag', `"${snapshot.version}"`);
      context.setHeader('cache-control', 'no-cache');
      if (known.includes(snapshot.version)) context.status(304);
      return snapshot;
    }),
  ];
}
