import type { RouteImplementation } from '../../../platform/http/types.ts';
import { type DownloadPorts, downloadRoutes } from './download.ts';
import { createDownloadLog, type DownloadLog } from './download-log.ts';
import type { UploadPorts } from './ports.ts';
import { uploadRoutes } from './routes.ts';
import { createUploadService, type UploadDeps, type UploadService } from './service.ts';

export type { DownloadPorts } from './download.ts';
export type { Downloaded, DownloadLog } from './download-log.ts';
export { uploadMigrations } from './migrations.ts';
export { modelPorts } from './model-ports.ts';
export type { NewVersion as UploadedContent, UploadPorts } from './ports.ts';
export { askedRange } from './range.ts';
export { createReceiving, type Part, type Receiving } from './receive.ts';
export type { UploadService } from './service.ts';
export type { FilePlace, StoredFile } from './store.ts';
export { createWriting, type Writing } from './writing.ts';

export interface TransferDeps extends Omit<UploadDeps, 'ports'> {
  readonly ports: { readonly uploads: UploadPorts; readonly downloads: DownloadPorts };
}

/** Bytes of model versions on their way in and out. */
export interface Transfers {
  readonly uploads: UploadService;
  /** For every other way in which files of models and runs are given out. */
  readonly downloads: DownloadLog;
  readonly implementations: readonly RouteImplementation[];
  /** By the one server that is elected for it. */
  readonly upkeep: () => Promise<void>;
}

export function createTransfers(deps: TransferDeps): Transfers {
  const { database, objects, audit, clock, ports } = deps;
  const uploads = createUploadService({ ...deps, ports: ports.uploads });
  const downloads = createDownloadLog({ database, audit, now: clock.now });
  return Object.freeze({
    uploads,
    downloads,
    implementations: Object.freeze([
      ...uploadRoutes(uploads),
      ...downloadRoutes({ objects, log: downloads, ports: ports.downloads }),
    ]),
    async upkeep() {
      await uploads.upkeep();
      await downloads.upkeep();
    },
  });
}
