import {
  datasetRoutes as contracts,
  datasetDiffRoutes as diffContracts,
  dataPushRoutes as pushContracts,
} from '@bartizan/contracts';
import { implement, type RouteImplementation } from '../../../platform/http/types.ts';
import type { Contents } from './contents.ts';
import type { Datasets } from './datasets.ts';
import type { Diffs } from './diffs.ts';
import type { Pushes } from './pushes.ts';
import type { Records } from './records.ts';
import type { Verifications } from './verifications.ts';
import type { Versions } from './versions.ts';

/** What a client announces of its body, in bytes; null where it sends in chunks. */
function announced(length: string | undefined): number | null {
  return length !== undefined && /^\d{1,16}$/.test(length) ? Number(length) : null;
}

const MOST_OF_PURPOSE = 500;

/** A reason that may be given where none is demanded; empty where it is none, or cannot be read. */
function saidPurpose(header: string | undefined): string {
  try {
    return decodeURIComponent(header ?? '')
      .replaceAll(/[\p{C}\p{Z}\s]+/gu, ' ')
      .trim()
      .slice(0, MOST_OF_PURPOSE)
      .toWellFormed();
  } catch {
    return '';
  }
}

/** RFC 8187: what is not a letter, digit or one of these is percent-encoded, and never a path. */
const fileName = (name: string): string =>
  encodeURIComponent(name.replaceAll('/', '_')).replace(
    /['()*!]/g,
    (c) => `%${c.charCodeAt(0).toString(16)}`,
  );

export function pushRoutes(pushes: Pushes): RouteImplementation[] {
  return [
    implement(pushContracts.list, async (_, { principal }) => ({ items: await pushes.list(principal) })),
    implement(pushContracts.create, ({ body }, { principal }) => pushes.create(principal, body)),
    implement(pushContracts.get, ({ params }, { principal }) => pushes.get(principal, params.id)),
    implement(pushContracts.files, ({ params, query }, { principal }) =>
      pushes.files(principal, params.id, query),
    ),
    implement(pushContracts.sendFile, ({ params, query }, { principal, body, header }) =>
      pushes.sendFile(principal, params.id, {
        path: params['*'],
        offset: query.offset,
        bytes: body,
        announced: announced(header('content-length')),
      }),
    ),
    implement(pushContracts.finish, ({ params }, { principal }) => pushes.finish(principal, params.id)),
    implement(pushContracts.discard, async ({ params }, { principal }) => {
      await pushes.discard(principal, params.id);
      return {};
    }),
  ];
}

export function datasetRoutes(datasets: Datasets): RouteImplementation[] {
  return [
    implement(contracts.list, ({ query }, { principal }) => datasets.list(principal, query)),
    implement(contracts.create, ({ body }, { principal }) => datasets.create(principal, body)),
    implement(contracts.get, async ({ params }, { principal }) =>
      datasets.viewOf(await datasets.find(principal, params.dataset)),
    ),
    implement(contracts.update, ({ params, body }, { principal }) =>
      datasets.update(principal, params.dataset, body),
    ),
    implement(contracts.remove, async ({ params }, { principal }) => {
      await datasets.remove(principal, params.dataset);
      return {};
    }),
  ];
}

export function versionRoutes(versions: Versions): RouteImplementation[] {
  return [
    implement(contracts.versions, ({ params, query }, { principal }) =>
      versions.list(principal, params.dataset, query),
    ),
    implement(contracts.version, ({ params }, { principal }) => versions.get(principal, params)),
    implement(contracts.updateVersion, ({ params, body }, { principal }) =>
      versions.update(principal, params, body),
    ),
    implement(contracts.proof, ({ params, query }, { principal, purpose }) =>
      versions.proof(principal, params, { row: query.row, purpose }),
    ),
    implement(contracts.leaves, async ({ params }, { principal, purpose, setHeader }) => {
      const { version, sha256, bytes, chunks } = await versions.leaves(principal, params, purpose);
      setHeader('etag', `"${sha256}"`);
      setHeader('content-length', String(bytes));
      const name = fileName(`${version.dataset}-${version.number}.leaves`);
      setHeader('content-disposition', `attachment; filename*=UTF-8''${name}`);
      return chunks;
    }),
  ];
}

export function contentRoutes(contents: Contents, records: Records): RouteImplementation[] {
  return [
    implement(contracts.files, ({ params, query }, { principal, purpose }) =>
      contents.files(principal, params, { ...query, purpose }),
    ),
    implement(contracts.content, async ({ params, query }, { principal, purpose, setHeader }) => {
      const { name, bytes, chunks } = await contents.open(principal, params, { path: query.path, purpose });
      if (bytes !== null) setHeader('content-length', String(bytes));
      setHeader('content-disposition', `attachment; filename*=UTF-8''${fileName(name)}`);
      return chunks;
    }),
    implement(contracts.records, ({ params, query }, { principal, purpose, signal }) =>
      records.page(principal, params, { ...query, purpose, signal }),
    ),
  ];
}

export function comparisonRoutes(diffs: Diffs, verifications: Verifications): RouteImplementation[] {
  return [
    implement(contracts.diff, ({ params, query }, { principal, signal, header }) =>
      diffs.between(principal, params.dataset, {
        ...query,
        purpose: saidPurpose(header('bartizan-purpose')),
        signal,
      }),
    ),
    implement(diffContracts.records, ({ params, query }, { principal, purpose, signal }) =>
      diffs.records(principal, params.dataset, { ...query, purpose, signal }),
    ),
    implement(contracts.verify, ({ params }, { principal }) => verifications.begin(principal, params)),
    implement(contracts.verifications, ({ params, query }, { principal }) =>
      verifications.list(principal, params, query),
    ),
    implement(contracts.verification, ({ params }, { principal }) =>
      verifications.get(principal, params, params.id),
    ),
  ];
}
