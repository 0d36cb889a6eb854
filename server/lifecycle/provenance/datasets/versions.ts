import { HASH_BYTES, leafFileBytes, proveInclusion } from '@bartizan/checks/datasets/records/index.ts';
import { DatasetInputError } from '@bartizan/checks/datasets/types.ts';
import type { DataOrigin, DataProof, DatasetVersion, DatasetVersionSummary } from '@bartizan/contracts';
import type { Actor, AuditLog } from '../../../audit/index.ts';
import { AppError } from '../../../kernel/error.ts';
import type { Database } from '../../../platform/database/types.ts';
import type { Principal } from '../../../platform/http/types.ts';
import type { Jobs } from '../../../platform/jobs/index.ts';
import type { RecordedObjects } from '../../../platform/objects/index.ts';
import type { Viewer } from '../../sight.ts';
import type { GovernancePort } from '../ports.ts';
import type { Datasets } from './datasets.ts';
import { type StoredVersion, summaryOf } from './model.ts';
import { numberOf } from './paging.ts';
import { readQueue } from './queues.ts';
import { noSuchDatasetVersion } from './reach.ts';
import type { Reads } from './reads.ts';
import { createSummaries } from './summaries.ts';
import type { VersionStore } from './versions-store.ts';

export interface VersionDeps {
  readonly database: Database;
  readonly versions: VersionStore;
  readonly datasets: Pick<Datasets, 'find'>;
  readonly objects: Pick<RecordedObjects, 'open' | 'read' | 'size'>;
  readonly reads: Pick<Reads, 'demandHashes'>;
  readonly governance: Pick<GovernancePort, 'custody'>;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly jobs: Pick<Jobs, 'progressOf'>;
}

/** Names of a version in a route: a dataset by id or name, a number or `latest`. */
export interface VersionPlace {
  readonly dataset: string;
  readonly version: string;
}

const MOST_ORIGINS = 1_000;

export const originOf = (version: StoredVersion): DataOrigin => ({
  versionId: version.id,
  number: version.number,
  source: summaryOf(version).source,
  batch: version.batch,
  at: version.createdAt,
});

/** What is asked of versions without reading their content. */
export function createVersions(deps: VersionDeps) {
  const { database, versions, datasets, objects, reads, governance, audit, jobs } = deps;
  const summaries = createSummaries(database);

  async function find(viewer: Viewer, { dataset: ref, version }: VersionPlace, tx?: Database) {
    const dataset = await datasets.find(viewer, ref, tx);
    const found =
      version === 'latest'
        ? await versions.latest(dataset.id, tx)
        : await versions.byNumber(dataset.id, Number(version), tx);
    if (!found) throw noSuchDatasetVersion();
    return found;
  }

  /** A version whose records are known. */
  async function findRead(viewer: Viewer, place: VersionPlace) {
    const version = await find(viewer, place);
    const { rows, root, leaves, blocks, schemaDigest } = version;
    if (rows !== null && root !== null && leaves !== null && blocks !== null && schemaDigest !== null)
      return { version, rows, root, leaves, blocks, schemaDigest };
    throw new AppError('conflict', `this version is ${version.state}: its records are not known`, {
      hint: version.failure ?? 'Ask again once it is ready.',
    });
  }

  async function originsOf(version: StoredVersion): Promise<DatasetVersion['origins']> {
    const shares = version.origins
      .filter(({ rows }) => rows > 0)
      .toSorted((a, b) => b.rows - a.rows)
      .slice(0, MOST_ORIGINS);
    const found = await versions.all(shares.map((share) => share.version));
    const byId = new Map(found.map((one) => [one.id, one]));
    return shares.flatMap(({ version: id, rows }) => {
      const origin = byId.get(id);
      return origin ? [{ ...originOf(origin), rows }] : [];
    });
  }

  async function progressOf({ id, state }: StoredVersion): Promise<DatasetVersion['progress']> {
    if (state !== 'processing') return null;
    const progress = (await jobs.progressOf(readQueue, [id])).get(id);
    return { rows: progress?.done ?? 0, stage: String(progress?.detail.stage ?? 'waiting') };
  }

  async function proof(
    principal: Principal,
    place: VersionPlace,
    { row, purpose }: { readonly row: number; readonly purpose: string },
  ): Promise<DataProof> {
    const { version, rows, root, leaves, blocks } = await findRead(principal, place);
    await reads.demandHashes(principal, version, { purpose, what: { what: 'proof', row } });
    const size = await objects.size(blocks);
    try {
      const path = await proveInclusion({
        index: row,
        size: rows,
        root: Buffer.from(root, 'hex'),
        blocks: await objects.read(blocks, 0, size),
        leaves: async (index, into) => {
          into.set(await objects.read(leaves, leafFileBytes(index), into.length));
        },
      });
      const hash = await objects.read(leaves, leafFileBytes(row), HASH_BYTES);
      const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
      return { row, rows, hash: hex(hash), path: path.map(hex), root };
    } catch (error) {
      if (!(error instanceof DatasetInputError)) throw error;
      if (row >= rows) throw new AppError('not_found', error.message);
      throw new AppError('gone', `this cannot be proven: ${error.message}`, {
        hint: 'Verify the version: what is stored of it was changed.',
        cause: error,
      });
    }
  }

  async function setQuarantined(
    actor: Actor,
    versionId: string,
    { quarantined, reason }: { readonly quarantined: boolean; readonly reason: string },
    tx: Database,
  ): Promise<void> {
    const version = await versions.lock(versionId, tx);
    if (!version || version.removedAt !== null) throw noSuchDatasetVersion();
    if (version.quarantined === quarantined) return;
    await versions.setQuarantined(versionId, quarantined, tx);
    const action = quarantined ? 'data.version-quarantined' : 'data.version-released';
    const detail = { dataset: version.datasetId, number: version.number, reason };
    await audit.record({ actor, action, subject: `dataset-version:${versionId}`, detail }, tx);
    await governance.custody(
      {
        datasetId: version.datasetId,
        versionId,
        action: quarantined ? 'quarantined' : 'released',
        actor,
        reason,
        audit: action,
        detail: { number: version.number },
      },
      tx,
    );
  }

  return Object.freeze({
    find,
    findRead,
    proof,
    setQuarantined,

    async list(
      viewer: Viewer,
      ref: string,
      { cursor, limit }: { cursor?: string | undefined; limit: number },
    ) {
      const dataset = await datasets.find(viewer, ref);
      const found = await versions.page(dataset.id, numberOf(cursor), limit + 1);
      const items = await summaries.of(found.slice(0, limit));
      const last = items.at(-1);
      return { items, next: found.length > limit && last ? String(last.number) : null };
    },

    async get(viewer: Viewer, place: VersionPlace): Promise<DatasetVersion> {
      const version = await find(viewer, place);
      const [summary, measured, origins, progress] = await Promise.all([
        summaries.of([version]),
        versions.measured(version.id),
        originsOf(version),
        progressOf(version),
      ]);
      return {
        ...(summary[0] as DatasetVersionSummary),
        schema: measured?.schema ?? null,
        profile: measured?.profile ?? null,
        options: version.options,
        origins,
        progress,
      };
    },

    /** The leaf file as it is stored; a read that ends without an error was right. */
    async leaves(principal: Principal, place: VersionPlace, purpose: string) {
      const { version, leaves } = await findRead(principal, place);
      await reads.demandHashes(principal, version, { purpose, what: { what: 'hashes' } });
      return { version, sha256: leaves, bytes: await objects.size(leaves), chunks: objects.open(leaves) };
    },

    async update(
      principal: Principal,
      place: VersionPlace,
      change: { readonly quarantined: boolean; readonly reason: string },
    ): Promise<DatasetVersionSummary> {
      const { id } = await find(principal, place);
      await database.transaction().execute((tx) => setQuarantined(principal, id, change, tx));
      return summaryOf((await versions.find(id)) as StoredVersion);
    },
  });
}
export type Versions = ReturnType<typeof createVersions>;
