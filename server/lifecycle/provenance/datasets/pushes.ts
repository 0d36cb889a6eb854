import { createHash } from 'node:crypto';
import type { DataPush, DataPushFile } from '@bartizan/contracts';
import { type Actor, type AuditLog, SYSTEM } from '../../../audit/index.ts';
import type { Clock } from '../../../kernel/clock.ts';
import { AppError } from '../../../kernel/error.ts';
import { uuidv7 } from '../../../kernel/id.ts';
import type { Database } from '../../../platform/database/types.ts';
import type { Principal } from '../../../platform/http/types.ts';
import type { Jobs } from '../../../platform/jobs/index.ts';
import type { RecordedObjects } from '../../../platform/objects/index.ts';
import { createReceiving, createWriting, type Part, type StoredFile } from '../../registry/index.ts';
import type { Beginnings } from './beginnings.ts';
import {
  fingerprintOf,
  IDLE_MS,
  MAX_OPEN_PUSHES,
  OPEN_BYTES_FACTOR,
  ownerOf,
  type ParsedPush,
  REMEMBERED_MS,
  type StoredVersion,
  summaryOf,
} from './model.ts';
import { numberOf } from './paging.ts';
import { demandFits, demandPaths } from './push-rules.ts';
import type { PushStore, StoredPush } from './pushes-store.ts';
import { readQueue } from './queues.ts';
import { inReach } from './reach.ts';
import type { Reading } from './reading.ts';
import type { VersionStore } from './versions-store.ts';

export interface PushDeps {
  readonly database: Database;
  readonly store: PushStore;
  readonly versions: VersionStore;
  readonly beginnings: Beginnings;
  readonly reading: Pick<Reading, 'stop'>;
  readonly objects: RecordedObjects;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly clock: Clock;
  readonly jobs: Jobs;
  readonly config: { readonly maxUploadBytes: number };
}

const EMPTY = createHash('sha256').digest('hex');
const EXPIRY_PAGE = 100;

const noSuchPush = (): AppError =>
  new AppError('not_found', 'there is no such push', {
    hint: 'It may be over, or somebody else’s. Begin again.',
  });

async function* nothing(): AsyncGenerator<Uint8Array> {
  yield* [];
}

/** Ends a transaction that was only a trial. */
class TrialOver extends Error {}

const viewOfFile = (file: StoredFile, received = file.received): DataPushFile => ({
  path: file.path,
  size: file.size,
  sha256: file.sha256 ?? file.expected,
  received: file.sha256 === null ? received : file.size,
  complete: file.sha256 !== null,
});

function demandWhole(files: readonly StoredFile[]): { path: string; size: number; sha256: string }[] {
  const missing = files.filter(({ sha256 }) => sha256 === null);
  if (missing.length > 0)
    throw new AppError('conflict', `${missing.length} of ${files.length} files are not complete`, {
      hint: 'Ask how far they are, send the rest, then finish.',
      issues: missing.slice(0, 20).map(({ path, received, size }) => ({
        path,
        message: `${received} of ${size} bytes are here`,
      })),
    });
  return files.map(({ path, size, sha256 }) => ({ path, size, sha256: sha256 ?? '' }));
}

const stateOf = (push: StoredPush, version: StoredVersion | undefined): DataPush['state'] => {
  if (push.state === 'open') return 'open';
  if (version === undefined || version.state === 'failed') return 'failed';
  return version.state === 'processing' ? 'reading' : 'done';
};

/**
 * Pushes of datasets that go on after a break of the line or a crash of either side. All methods answer `not_found` for
 * pushes of others and for those whose time is over.
 */
export function createPushes(deps: PushDeps) {
  const { database, store, versions, beginnings, reading, objects, audit, clock, jobs, config } = deps;
  const writing = createWriting({ store, now: clock.now });
  const receive = createReceiving({ objects, store, writing, now: clock.now });

  function demandOwn(principal: Principal, push: StoredPush | undefined): StoredPush {
    const own =
      push !== undefined &&
      push.ownerId === ownerOf(principal) &&
      push.expiresAt > clock.now() &&
      inReach(principal, push.teamId);
    if (own) return push;
    throw noSuchPush();
  }

  /** A push and its version; read once more where that gave way in between to one of the same records. */
  async function withVersion(found: StoredPush): Promise<[StoredPush, StoredVersion | undefined]> {
    if (found.versionId === null) return [found, undefined];
    const version = await versions.find(found.versionId);
    const now = version === undefined ? await store.find(found.id) : undefined;
    if (now === undefined || now.versionId === null) return [found, version];
    return [now, await versions.find(now.versionId)];
  }

  async function viewOf(found: StoredPush): Promise<DataPush> {
    const [push, version] = await withVersion(found);
    const reading = version?.state === 'processing';
    const progress = reading ? (await jobs.progressOf(readQueue, [version.id])).get(version.id) : undefined;
    const { id, fingerprint, createdAt, expiresAt, fileCount, totalBytes, receivedBytes, same } = push;
    return {
      id,
      dataset: push.datasetName,
      datasetId: version?.datasetId ?? null,
      state: stateOf(push, version),
      storage: push.input.storage,
      format: push.input.format,
      fingerprint,
      createdAt,
      expiresAt,
      fileCount,
      totalBytes,
      receivedBytes,
      progress: reading
        ? { rows: progress?.done ?? 0, stage: String(progress?.detail.stage ?? 'waiting') }
        : null,
      version: version ? summaryOf(version) : null,
      same,
      failure: version?.failure ?? push.failure,
    };
  }

  /** Whether it could be finished now: names, teams, sources and policies are asked, and nothing stays of it. */
  async function tryOut(principal: Principal, input: ParsedPush): Promise<string | null> {
    let team: string | null = null;
    const trial = database.transaction().execute(async (tx) => {
      const { dataset } = await beginnings.prepare(principal, input, tx);
      team = dataset.teamId;
      throw new TrialOver();
    });
    await trial.catch((error: unknown) => {
      if (!(error instanceof TrialOver)) throw error;
    });
    return team;
  }

  async function create(principal: Principal, input: ParsedPush): Promise<DataPush> {
    const totalBytes = demandFits(input.files, config.maxUploadBytes);
    demandPaths(input);
    const teamId = await tryOut(principal, input);
    if (input.files.some(({ size }) => size === 0)) await objects.put(nothing());
    const { files: named, ...settings } = input;
    const files = named.map(
      ({ path, size, sha256 }, position): StoredFile => ({
        position,
        path,
        size,
        expected: sha256 ?? null,
        sha256: size === 0 ? EMPTY : null,
        staging: null,
        received: 0,
      }),
    );
    const now = clock.now();
    const push = {
      id: uuidv7(now),
      ownerId: ownerOf(principal),
      state: 'open' as const,
      datasetName: input.dataset,
      teamId,
      input: settings,
      fingerprint: fingerprintOf(input),
      totalBytes,
      createdAt: now,
      expiresAt: now + IDLE_MS,
    };
    await store.transaction(async (tx) => {
      await store.lockOwner(push.ownerId, tx);
      const open = await store.openOf(push.ownerId, tx);
      const most = OPEN_BYTES_FACTOR * config.maxUploadBytes;
      if (open.count >= MAX_OPEN_PUSHES || open.bytes + totalBytes > most)
        throw new AppError('too_many_requests', 'too much is under way: finish or discard pushes first', {
          hint: 'GET /api/v1/data/pushes lists them; they end by themselves after three days without a part.',
        });
      await store.insert(push, files, tx);
      const detail = { dataset: input.dataset, bytes: totalBytes, files: files.length };
      await audit.record(
        { actor: principal, action: 'data.push-begun', subject: `data-push:${push.id}`, detail },
        tx,
      );
    });
    return await viewOf(demandOwn(principal, await store.find(push.id)));
  }

  async function finish(principal: Principal, id: string): Promise<DataPush> {
    demandOwn(principal, await store.find(id));
    const fresh = await store.transaction(async (tx) => {
      const push = demandOwn(principal, await store.lock(id, tx));
      if (push.state === 'finished') return false;
      const files = demandWhole(await store.files(id, {}, tx));
      const made = await beginnings.begin(principal, { ...push.input, files }, tx);
      await store.setFinished(id, { versionId: made.versionId, expiresAt: clock.now() + REMEMBERED_MS }, tx);
      const detail = { dataset: made.datasetId, version: made.versionId, number: made.number };
      await audit.record(
        { actor: principal, action: 'data.push-finished', subject: `data-push:${id}`, detail },
        tx,
      );
      return true;
    });
    if (fresh) jobs.wake(readQueue);
    return await viewOf(demandOwn(principal, await store.find(id)));
  }

  async function remove(id: string, by: { readonly actor: Actor; readonly action: string }): Promise<void> {
    await writing.stopAll(id);
    const parts = (await store.files(id)).flatMap(({ staging }) => (staging === null ? [] : [staging]));
    await store.transaction(async (tx) => {
      const push = await store.lock(id, tx);
      if (!push || !(await store.remove(id, tx)) || push.state === 'finished') return;
      const detail = { dataset: push.datasetName };
      await audit.record({ actor: by.actor, action: by.action, subject: `data-push:${id}`, detail }, tx);
    });
    for (const staging of parts) await objects.staging.discard(staging);
  }

  return Object.freeze({
    create,
    finish,

    async list(principal: Principal): Promise<DataPush[]> {
      const own = await store.list(ownerOf(principal), clock.now());
      return await Promise.all(own.filter(({ teamId }) => inReach(principal, teamId)).map(viewOf));
    },

    get: async (principal: Principal, id: string): Promise<DataPush> =>
      await viewOf(demandOwn(principal, await store.find(id))),

    async files(principal: Principal, id: string, asked: { cursor?: string | undefined; limit: number }) {
      demandOwn(principal, await store.find(id));
      const after = numberOf(asked.cursor) ?? -1;
      const found = await store.files(id, { after, limit: asked.limit + 1 });
      const page = found.slice(0, asked.limit);
      const items = await Promise.all(page.map(async (file) => viewOfFile(file, await receive.keptOf(file))));
      return { items, next: found.length > page.length ? String(page.at(-1)?.position ?? 0) : null };
    },

    /** Takes bytes of a file; gives how far it is afterwards. */
    async sendFile(principal: Principal, id: string, part: Part): Promise<DataPushFile> {
      const push = demandOwn(principal, await store.find(id));
      if (push.state !== 'open') throw new AppError('conflict', 'this push is finished');
      return viewOfFile(await receive.part(push.id, part));
    },

    async discard(principal: Principal, id: string): Promise<void> {
      const push = demandOwn(principal, await store.find(id));
      if (push.versionId !== null)
        await reading.stop(push.versionId, 'The push was discarded while it was read.');
      await remove(push.id, { actor: principal, action: 'data.push-discarded' });
    },

    /** Gives up what got no part for days, and forgets what was finished a day ago. */
    async upkeep(): Promise<void> {
      for (;;) {
        const ids = await store.expired(clock.now(), EXPIRY_PAGE);
        for (const id of ids) await remove(id, { actor: SYSTEM, action: 'data.push-expired' });
        if (ids.length < EXPIRY_PAGE) return;
      }
    },
  });
}
export type Pushes = ReturnType<typeof createPushes>;
