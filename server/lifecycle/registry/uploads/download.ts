import { uploadRoutes as contracts } from '@bartizan/contracts';
import { AppError } from '../../../kernel/error.ts';
import { implement, type Principal, type RouteImplementation } from '../../../platform/http/types.ts';
import type { ObjectStore } from '../../../platform/objects/index.ts';
import type { DownloadLog } from './download-log.ts';
import { askedRange, namesTag } from './range.ts';

export interface DownloadPorts {
  /** Throws `not_found` for what is not in the caller's reach. */
  readonly version: (
    principal: Principal,
    model: string,
    ref: string,
  ) => Promise<{ readonly id: string; readonly modelName: string; readonly version: number }>;
  readonly file: (
    versionId: string,
    path: string,
  ) => Promise<{ readonly path: string; readonly sha256: string; readonly size: number } | undefined>;
  /** Throws where the files of a version must not be given out: it is in quarantine, or not scanned yet. */
  readonly demand: (versionId: string, signal: AbortSignal) => Promise<unknown>;
}

export interface DownloadDeps {
  readonly objects: Pick<ObjectStore, 'open'>;
  readonly log: DownloadLog;
  readonly ports: DownloadPorts;
}

/** RFC 8187: what is not a letter, digit or one of these is percent-encoded, and never a path. */
const fileName = (path: string): string =>
  encodeURIComponent(path.split('/').at(-1) ?? '').replace(
    /['()*!]/g,
    (c) => `%${c.charCodeAt(0).toString(16)}`,
  );

async function* nothing(): AsyncGenerator<Uint8Array> {
  yield* [];
}

/** Bytes of files of versions, whole or in part. */
export function downloadRoutes({ objects, log, ports }: DownloadDeps): RouteImplementation[] {
  return [
    implement(contracts.download, async ({ params }, { principal, header, setHeader, status, signal }) => {
      const version = await ports.version(principal, params.model, params.version);
      const file = await ports.file(version.id, params['*']);
      if (!file) {
        throw new AppError('not_found', 'this version has no such file', {
          hint: 'List its files to see their paths.',
        });
      }
      await ports.demand(version.id, signal);
      const tag = `"${file.sha256}"`;
      setHeader('etag', tag);
      setHeader('accept-ranges', 'bytes');
      if (namesTag(header('if-none-match'), tag)) {
        status(304);
        return nothing();
      }
      const current = header('if-range') === undefined || header('if-range') === tag;
      const asked = askedRange(current ? header('range') : undefined, file.size);
      if (asked.kind === 'beyond') {
        setHeader('content-range', `bytes */${file.size}`);
        status(416);
        return nothing();
      }
      const bytes = asked.kind === 'part' ? asked.end - asked.start : file.size;
      await log.note(principal, {
        subject: `model-version:${version.id}`,
        detail: { model: version.modelName, version: version.version },
        bytes,
      });
      setHeader('content-length', String(bytes));
      setHeader('content-disposition', `attachment; filename*=UTF-8''${fileName(file.path)}`);
      if (asked.kind === 'part') {
        status(206);
        setHeader('content-range', `bytes ${asked.start}-${asked.end - 1}/${file.size}`);
        // A part cannot be compared with the digest of the whole, so that nothing is claimed of it.
        if (bytes < file.size) return objects.open(file.sha256, { start: asked.start, end: asked.end });
      }
      setHeader('repr-digest', `sha-256=:${Buffer.from(file.sha256, 'hex').toString('base64')}:`);
      return objects.open(file.sha256);
    }),
  ];
}
