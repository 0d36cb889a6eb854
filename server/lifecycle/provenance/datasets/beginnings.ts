import type { AuditLog } from '../../../audit/index.ts';
import type { Clock } from '../../../kernel/clock.ts';
import { AppError } from '../../../kernel/error.ts';
import { uuidv7 } from '../../../kernel/id.ts';
import type { Database } from '../../../platform/database/types.ts';
import type { Jobs } from '../../../platform/jobs/index.ts';
import type { Admission, DataActing, DerivedVersion, GovernancePort } from '../ports.ts';
import type { Datasets } from './datasets.ts';
import { isFolder } from './laying.ts';
import { keptActor, type ParsedPush, type StoredDataset, type StoredVersion } from './model.ts';
import { readQueue } from './queues.ts';
import { noSuchDatasetVersion } from './reach.ts';
import type { NewVersionRow, VersionStore } from './versions-store.ts';

export interface BeginningDeps {
  readonly versions: VersionStore;
  readonly datasets: Pick<Datasets, 'ensure'>;
  readonly governance: Pick<GovernancePort, 'source' | 'admit'>;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly clock: Clock;
  readonly jobs: Pick<Jobs, 'send'>;
}

/** Priorities that pushes of one actor go down by at most. */
const MOST_BEHIND = 1_000;

type Files = readonly { readonly path: string; readonly size: number; readonly sha256: string }[];
type Asked = Omit<ParsedPush, 'files'>;

const sum = (files: Files): number => files.reduce((total, { size }) => total + size, 0);

export interface Begun {
  readonly datasetId: string;
  readonly versionId: string;
  readonly number: number;
}

/** Versions that begin: of pushes whose files are complete, and of what cleaning and labelling made. */
export function createBeginnings({ versions, datasets, governance, audit, clock, jobs }: BeginningDeps) {
  /** The dataset (registered if need be) and source of a push; throws where policies refuse it. */
  async function prepare(
    actor: DataActing,
    input: Asked,
    tx: Database,
  ): Promise<{
    readonly dataset: StoredDataset;
    readonly source: { readonly id: string; readonly name: string } | null;
    readonly parent: StoredVersion | undefined;
  }> {
    const { dataset: name, teamId, label } = input;
    const dataset = await datasets.ensure(
      actor,
      { name, label: label ?? null, ...(teamId === undefined ? {} : { teamId }) },
      tx,
    );
    const source = input.source === undefined ? null : await governance.source(actor, input.source, tx);
    const parent = await versions.newestRead(dataset.id, tx);
    const admission: Admission = {
      dataset: { id: dataset.id, name: dataset.name, teamId: dataset.teamId },
      source,
      batch: input.batch ?? null,
      reason: input.reason,
      storage: input.storage,
      versionId: null,
      changes: parent !== undefined,
    };
    await governance.admit(actor, admission, tx);
    return { dataset, source, parent };
  }

  /** Inserts the version with its files and queues its reading; all in the transaction. */
  async function insert(
    actor: DataActing,
    version: Omit<NewVersionRow, 'id' | 'bytes' | 'fileCount' | 'acting' | 'createdAt'>,
    files: Files,
    tx: Database,
  ): Promise<Begun> {
    const id = uuidv7(clock.now());
    // Who has many under way waits behind those who have few.
    const priority = -Math.min(MOST_BEHIND, await versions.processingBy(actor.id, tx));
    const number = await versions.insert(
      {
        ...version,
        id,
        bytes: sum(files),
        fileCount: files.length,
        acting: keptActor(actor),
        createdAt: clock.now(),
      },
      tx,
    );
    await versions.addFiles(id, files, tx);
    await jobs.send(readQueue, { versionId: id }, { key: id, priority, within: tx });
    return { datasetId: version.datasetId, versionId: id, number };
  }

  /** The one delivery that all records of a version came in with; null where they came with several. */
  async function deliveryOf(version: StoredVersion, tx: Database) {
    const ids = version.origins.filter(({ rows }) => rows > 0).map((share) => share.version);
    const [first, ...rest] = await versions.deliveries(ids, tx);
    return first === undefined || rest.length > 0 ? null : first;
  }

  return Object.freeze({
    prepare,

    async begin(actor: DataActing, input: Asked & { readonly files: Files }, tx: Database): Promise<Begun> {
      const { dataset, source, parent } = await prepare(actor, input, tx);
      return await insert(
        actor,
        {
          datasetId: dataset.id,
          storage: input.storage,
          format: input.format,
          options: input.options,
          parentId: parent?.id ?? null,
          sourceId: source?.id ?? null,
          sourceName: source?.name ?? null,
          batch: input.batch ?? null,
          reason: input.reason,
          label: input.label ?? dataset.label,
          allowSame: input.allowSame,
        },
        input.files,
        tx,
      );
    },

    /** A version that is made from another one of the dataset. */
    async derive(actor: DataActing, derived: DerivedVersion, tx: Database): Promise<Begun> {
      const parent = await versions.find(derived.parentId, tx);
      if (!parent || parent.datasetId !== derived.datasetId || parent.removedAt !== null)
        throw noSuchDatasetVersion();
      if (!isFolder(derived.format) && derived.files.length !== 1)
        throw new AppError('invalid_input', `a dataset of ${derived.format} is one file`);
      const whole = derived.source === undefined ? await deliveryOf(parent, tx) : null;
      const source = whole ?? { id: derived.source?.id ?? null, name: derived.source?.name ?? null };
      const batch = derived.batch === undefined ? (whole?.batch ?? null) : derived.batch;
      const begun = await insert(
        actor,
        {
          datasetId: derived.datasetId,
          storage: 'value',
          format: derived.format,
          options: derived.options,
          parentId: parent.id,
          sourceId: source.id,
          sourceName: source.name,
          batch,
          reason: derived.reason,
          label: derived.label === undefined ? parent.label : derived.label,
          allowSame: true,
        },
        derived.files,
        tx,
      );
      const detail = {
        dataset: begun.datasetId,
        number: begun.number,
        parent: parent.id,
        reason: derived.reason,
      };
      const subject = `dataset-version:${begun.versionId}`;
      await audit.record({ actor, action: 'data.version-derived', subject, detail }, tx);
      return begun;
    },
  });
}
export type Beginnings = ReturnType<typeof createBeginnings>;
