import { uploadRoutes as contracts } from '@bartizan/contracts';
import { implement, type RouteImplementation } from '../../../platform/http/types.ts';
import type { UploadService } from './service.ts';

/** What a client announces of its body, in bytes; null where it sends in chunks. */
function announced(length: string | undefined): number | null {
  return length !== undefined && /^\d{1,16}$/.test(length) ? Number(length) : null;
}

export function uploadRoutes(uploads: UploadService): RouteImplementation[] {
  return [
    implement(contracts.list, async (_, { principal }) => ({ items: await uploads.list(principal) })),
    implement(contracts.create, ({ body }, { principal }) => uploads.create(principal, body)),
    implement(contracts.get, ({ params }, { principal }) => uploads.get(principal, params.id)),
    implement(contracts.sendFile, ({ params, query }, { principal, body, header }) =>
      uploads.sendFile(principal, params.id, {
        path: params['*'],
        offset: query.offset,
        bytes: body,
        announced: announced(header('content-length')),
      }),
    ),
    implement(contracts.finish, ({ params }, { principal }) => uploads.finish(principal, params.id)),
    implement(contracts.discard, async ({ params }, { principal }) => {
      await uploads.discard(principal, params.id);
      return {};
    }),
  ];
}
