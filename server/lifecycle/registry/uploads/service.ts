import type { Upload, UploadedVersion, UploadFile, UploadSummary } from '@bartizan/contracts';
import type { AuditLog } from '../../../audit/index.ts';
import type { Clock } from '../../../kernel/clock.ts';
import { AppError } from '../../../kernel/error.ts';
import type { Database } from '../../../platform/database/types.ts';
import type { Principal } from '../../../platform/http/types.ts';
import type { RecordedObjects } from '../../../platform/objects/index.ts';
import { inReach } from '../models/reach.ts';
import { createBeginning } from './begin.ts';
import { createExpiry } from './expiry.ts';
import type { ParsedUpload } from './model.ts';
import { ownerOf, REMEMBERED_MS } from './model.ts';
import type { UploadPorts } from './ports.ts';
import { createReceiving, type Part } from './receive.ts';
import { createUploadStore, type StoredFile, type StoredUpload } from './store.ts';
import { createWriting } from './writing.ts';

export interface UploadDeps {
  readonly database: Database;
  readonly objects: RecordedObjects;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly clock: Clock;
  readonly config: { readonly maxUploadBytes: number };
  readonly ports: UploadPorts;
}

const noSuchUpload = () =>
  new AppError('not_found', 'there is no such upload', {
    hint: 'It may be over, or somebody else’s. Begin again; what the server has need not be sent.',
  });

export const viewOfFile = (file: StoredFile, received = file.received): UploadFile => ({
  path: file.path,
  size: file.size,
  sha256: file.sha256 ?? file.expected,
  received: file.sha256 === null ? received : file.size,
  complete: file.sha256 !== null,
});

function viewOf(upload: StoredUpload, files: readonly UploadFile[]): Upload {
  const receivedBytes = files.reduce((sum, { received }) => sum + received, 0);
  return { ...summaryOf({ ...upload, fileCount: files.length, receivedBytes }), files: [...files] };
}

function summaryOf(
  upload: StoredUpload & { readonly fileCount: number; readonly receivedBytes: number },
): UploadSummary {
  const {
    id,
    model,
    state,
    fingerprint,
    createdAt,
    expiresAt,
    fileCount,
    totalBytes,
    receivedBytes,
    version,
  } = upload;
  return {
    id,
    model,
    state,
    fingerprint,
    createdAt,
    expiresAt,
    fileCount,
    totalBytes,
    receivedBytes,
    version,
  };
}

/**
 * Uploads of model versions that go on after a break of the line or a crash of either side. All methods answer
 * `not_found` for uploads of others and for those whose time is over.
 */
export function createUploadService(deps: UploadDeps) {
  const { database, objects, audit, clock, ports } = deps;
  const store = createUploadStore(database);
  const writing = createWriting({ store, now: clock.now });
  const begin = createBeginning({ ...deps, store });
  const receive = createReceiving({ objects, store, writing, now: clock.now });
  const expiry = createExpiry({ objects, store, writing, audit, now: clock.now });

  /** A key that is bound to endpoints, and one that its teams keep away from where it goes, have no part in it. */
  const isOwn = (principal: Principal, upload: StoredUpload): boolean =>
    upload.ownerId === ownerOf(principal) &&
    upload.expiresAt > clock.now() &&
    inReach(principal, upload.teamId);

  function demandOwn(principal: Principal, upload: StoredUpload | undefined): StoredUpload {
    if (upload && isOwn(principal, upload)) return upload;
    throw noSuchUpload();
  }

  async function filesOf(upload: StoredUpload): Promise<UploadFile[]> {
    const files = await store.files(upload.id);
    return await Promise.all(files.map(async (file) => viewOfFile(file, await receive.keptOf(file))));
  }

  return Object.freeze({
    async list(principal: Principal): Promise<UploadSummary[]> {
      const all = await store.list(ownerOf(principal));
      return all.filter((upload) => isOwn(principal, upload)).map(summaryOf);
    },

    async create(principal: Principal, input: ParsedUpload): Promise<Upload> {
      const { upload, files } = await begin(principal, input);
      return viewOf(
        upload,
        files.map((file) => viewOfFile(file)),
      );
    },

    async get(principal: Principal, id: string): Promise<Upload> {
      const upload = demandOwn(principal, await store.find(id));
      return viewOf(upload, await filesOf(upload));
    },

    /** Takes bytes of a file; gives how far it is afterwards. */
    async sendFile(principal: Principal, id: string, part: Part): Promise<UploadFile> {
      const upload = demandOwn(principal, await store.find(id));
      if (upload.state !== 'open') throw new AppError('conflict', 'this upload is finished');
      return viewOfFile(await receive.part(upload.id, part));
    },

    /** Makes the version. Asked again, it answers with the same. */
    async finish(principal: Principal, id: string): Promise<UploadedVersion> {
      demandOwn(principal, await store.find(id));
      const { version, fresh } = await store.transaction(async (tx) => {
        const upload = demandOwn(principal, await store.lock(id, tx));
        if (upload.version) return { version: upload.version, fresh: false };
        const files = wholeFiles(await store.files(id, tx));
        const made = await ports.createVersion(
          principal,
          { model: upload.model, ...upload.settings, files },
          tx,
        );
        await store.setFinished(id, made, clock.now() + REMEMBERED_MS, tx);
        await audit.record(
          {
            actor: principal,
            action: 'uploads.finished',
            subject: `upload:${id}`,
            detail: {
              version: made.versionId,
              digest: made.digest,
              bytes: upload.totalBytes,
              files: files.length,
            },
          },
          tx,
        );
        return { version: made, fresh: true };
      });
      if (fresh) ports.created(version);
      return version;
    },

    async discard(principal: Principal, id: string): Promise<void> {
      const upload = demandOwn(principal, await store.find(id));
      await expiry.remove(upload.id, { actor: principal, action: 'uploads.discarded' });
    },

    /** Gives up what got no part for days, and forgets what was finished a day ago. */
    upkeep: expiry.run,
  });
}
export type UploadService = ReturnType<typeof createUploadService>;

function wholeFiles(files: readonly StoredFile[]) {
  const missing = files.filter(({ sha256 }) => sha256 === null);
  if (missing.length > 0) {
    throw new AppError('conflict', `${missing.length} of ${files.length} files are not complete`, {
      hint: 'Ask how far they are, send the rest, then finish.',
      issues: missing.slice(0, 20).map(({ path, received, size }) => ({
        path,
        message: `${received} of ${size} bytes are here`,
      })),
    });
  }
  return files.map(({ path, size, sha256 }) => ({ path, size, sha256: sha256 ?? '' }));
}
