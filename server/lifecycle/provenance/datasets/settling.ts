import { sql } from 'kysely';
import type { AuditLog } from '../../../audit/index.ts';
import type { Clock } from '../../../kernel/clock.ts';
import { AppError } from '../../../kernel/error.ts';
import type { Events } from '../../../kernel/events.ts';
import type { Database } from '../../../platform/database/types.ts';
import type { LifecycleEvents } from '../../ports.ts';
import type { GovernancePort } from '../ports.ts';
import { actingOf, filesDigest, type StoredVersion, versionFacts } from './model.ts';
import type { PushStore } from './pushes-store.ts';
import { type ComparedReturns, type Returning, returnWords } from './returning.ts';
import type { Outcome, VersionStore } from './versions-store.ts';
import type { Hashed } from './worker/protocol.ts';

/** Refused versions that are named in the chain of custody. */
const MOST_TOLD = 5;

export interface SettlingDeps {
  readonly database: Database;
  readonly versions: VersionStore;
  readonly pushes: PushStore;
  readonly returning: Pick<Returning, 'keep'>;
  readonly governance: Pick<GovernancePort, 'admit' | 'custody'>;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly events: Events<LifecycleEvents>;
  readonly clock: Clock;
}

/** What is read becomes a version in one transaction: row, audit entry and custody, or none of them. */
export function createSettling({
  database,
  versions,
  pushes,
  returning,
  governance,
  audit,
  events,
  clock,
}: SettlingDeps) {
  /** Versions of a dataset are settled one after the other. */
  async function lockDataset(datasetId: string, tx: Database): Promise<void> {
    await sql`select from data_datasets where id = ${datasetId} for update`.execute(tx);
  }

  async function sameAs(
    version: StoredVersion,
    found: Pick<StoredVersion, 'root' | 'schemaDigest'>,
    tx: Database,
  ) {
    if (version.allowSame) return null;
    const newest = await versions.newestRead(version.datasetId, tx);
    const same =
      newest !== undefined &&
      newest.root === found.root &&
      newest.schemaDigest === found.schemaDigest &&
      newest.storage === version.storage &&
      newest.contentRemovedAt === null;
    return same ? newest : null;
  }

  /** The version goes, and its push names the other one. */
  async function giveWay(version: StoredVersion, other: StoredVersion, tx: Database): Promise<void> {
    await pushes.setSame(version.id, other.id, tx);
    await versions.remove(version.id, tx);
    const detail = { dataset: version.datasetId, number: version.number, same: other.number };
    await audit.record(
      { actor: version.acting, action: 'data.push-same', subject: `dataset-version:${other.id}`, detail },
      tx,
    );
  }

  /** True where the newest version has these records already; this one is then gone. Asked before hashes are stored. */
  async function same(version: StoredVersion, found: Hashed): Promise<boolean> {
    return await database.transaction().execute(async (tx) => {
      await lockDataset(version.datasetId, tx);
      const now = await versions.lock(version.id, tx);
      if (now?.state !== 'processing') return true;
      const other = await sameAs(now, found, tx);
      if (other !== null) await giveWay(now, other, tx);
      return other !== null;
    });
  }

  async function fail(version: StoredVersion, why: string, state: 'failed' | 'rejected' = 'failed') {
    await database.transaction().execute(async (tx) => {
      const now = await versions.lock(version.id, tx);
      if (now?.state !== 'processing') return;
      await versions.setState(version.id, { state, failure: why, readyAt: null }, tx);
      await versions.removeFiles(version.id, tx);
      await versions.setContentRemoved(version.id, clock.now(), tx);
      const detail = { dataset: version.datasetId, number: version.number, state, why };
      const subject = `dataset-version:${version.id}`;
      await audit.record({ actor: version.acting, action: 'data.version-failed', subject, detail }, tx);
    });
  }

  async function admit(version: StoredVersion, tx: Database): Promise<'ready' | 'awaiting-review'> {
    const { datasetId, dataset, teamId, sourceId, sourceName } = version;
    const newest = await versions.newestRead(datasetId, tx);
    return await governance.admit(
      actingOf(version.acting),
      {
        dataset: { id: datasetId, name: dataset, teamId },
        source: sourceId === null ? null : { id: sourceId, name: sourceName ?? '' },
        batch: version.batch,
        reason: version.reason,
        storage: version.storage,
        versionId: version.id,
        changes: newest !== undefined,
      },
      tx,
    );
  }

  async function write(
    version: StoredVersion,
    { outcome, compared }: { readonly outcome: Outcome; readonly compared: ComparedReturns },
    tx: Database,
  ): Promise<boolean> {
    // Policies judge by what brought its records in, which stands in the rows first.
    await versions.setRead(version.id, outcome, { state: 'awaiting-review', readyAt: null }, tx);
    const returns = await returning.keep(version, compared, outcome.schemaDigest, tx);
    const returned =
      returns.length === 0 ? {} : { returns: returns.slice(0, MOST_TOLD).map(returnWords).join('; ') };
    const state = await admit(version, tx);
    if (state === 'ready')
      await versions.setState(version.id, { state, failure: null, readyAt: clock.now() }, tx);
    const files = await versions.files(version.id, {}, tx);
    // Of a reference only the leaves are kept; the data are elsewhere.
    if (version.storage === 'reference') await versions.removeFiles(version.id, tx);
    const read = (await versions.find(version.id, tx)) as StoredVersion;
    const facts = {
      ...versionFacts(read),
      profile: await versions.profileDigest(version.id, tx),
      files: version.storage === 'reference' ? null : filesDigest(files),
      state,
      readyAt: read.readyAt,
      ...returned,
    };
    const action = 'data.version-created';
    const subject = `dataset-version:${version.id}`;
    const { acting: actor, datasetId } = version;
    await audit.record({ actor, action, subject, detail: facts }, tx);
    await governance.custody(
      {
        datasetId,
        versionId: version.id,
        action: 'added',
        actor,
        reason: version.reason,
        audit: action,
        detail: {
          number: version.number,
          rows: read.rows,
          root: read.root,
          batch: read.batch,
          state,
          ...returned,
        },
      },
      tx,
    );
    return state === 'ready';
  }

  async function announce(versionId: string): Promise<void> {
    const version = await versions.find(versionId);
    if (version?.state === 'ready')
      events.emit('dataset.version-created', { datasetId: version.datasetId, versionId });
  }

  return Object.freeze({
    same,
    fail,
    announce,

    /** Makes the version usable, or leaves it to a reviewer; policies may refuse it. */
    async settle(version: StoredVersion, outcome: Outcome, compared: ComparedReturns): Promise<void> {
      const refused = await database
        .transaction()
        .execute(async (tx) => {
          await lockDataset(version.datasetId, tx);
          const now = await versions.lock(version.id, tx);
          if (now?.state !== 'processing') return null;
          // Another push of the same records may have been settled since.
          const other = await sameAs(now, outcome, tx);
          if (other !== null) await giveWay(now, other, tx);
          else await write(now, { outcome, compared }, tx);
          return null;
        })
        .catch((error: unknown) => {
          if (error instanceof AppError && error.code === 'forbidden') return error;
          throw error;
        });
      if (refused !== null) await fail(version, refused.message, 'rejected');
      else await announce(version.id);
    },
  });
}
