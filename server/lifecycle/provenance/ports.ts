import type { OpenDataset } from '@bartizan/checks/datasets/read/index.ts';
import type {
  CUSTODY_ACTS,
  DataFormat,
  DataOrigin,
  DataProfile,
  DataReadOptions,
  DataSchema,
  DataStorage,
  DatasetVersionSummary,
  DataVersionState,
} from '@bartizan/contracts';
import type { Actor } from '../../audit/index.ts';
import type { Database } from '../../platform/database/types.ts';
import type { Principal } from '../../platform/http/types.ts';
import type { Viewer } from '../sight.ts';

/** Who acts on data: a caller, or Bartizan itself. */
export type DataActing = Actor & Viewer;

/** A dataset as the parts name it to each other. */
export interface KnownDataset {
  readonly id: string;
  readonly name: string;
  /** Null: everybody's. */
  readonly teamId: string | null;
  readonly label: string | null;
}

/** A version as the parts name it to each other. Digests are lower-case hexadecimal. */
export interface KnownVersion {
  readonly id: string;
  readonly datasetId: string;
  readonly dataset: string;
  readonly teamId: string | null;
  readonly number: number;
  readonly state: DataVersionState;
  readonly quarantined: boolean;
  readonly storage: DataStorage;
  readonly location: string | null;
  readonly format: DataFormat;
  /** Null until it is read. */
  readonly rows: number | null;
  readonly bytes: number;
  readonly root: string | null;
  readonly schemaDigest: string | null;
  readonly leavesSha256: string | null;
  readonly parentId: string | null;
  readonly sourceId: string | null;
  readonly sourceName: string | null;
  readonly batch: string | null;
  readonly reason: string;
  readonly label: string | null;
  readonly createdById: string;
  readonly createdBy: string;
  readonly createdAt: number;
}

/** Content of a version as private files of this process; for work that runs in a process of its own. */
export interface LaidVersion {
  /** A file, or a folder of texts or images. Never under a name that the sender chose. */
  readonly path: string;
  readonly format: DataFormat;
  readonly options: DataReadOptions;
  /** The schema that its records are hashed under: read it with this one. */
  readonly schema: DataSchema;
  /** Removes the files. */
  readonly release: () => Promise<void>;
}

/** What cleaning and labelling ask to be made of new content. */
export interface DerivedVersion {
  readonly datasetId: string;
  /** The version that it is made from. */
  readonly parentId: string;
  /** Table formats only; texts and images are made from `files`. */
  readonly format: DataFormat;
  /** With the schema where the types must be those of the parent. */
  readonly options: DataReadOptions;
  /** Content that is stored already (`objects.put`), by path. */
  readonly files: readonly { readonly path: string; readonly size: number; readonly sha256: string }[];
  readonly reason: string;
  /** Absent: those of the delivery that all records of the parent came in with; none where they came with several. */
  readonly source?: { readonly id: string; readonly name: string } | null;
  readonly batch?: string | null;
  readonly label?: string | null;
}

/** What datasets offer to the parts beside them. `AppError` `not_found` for what is out of the viewer's reach. */
export interface DatasetsPort {
  /** A dataset by its id or name. */
  readonly find: (viewer: Viewer, ref: string, tx?: Database) => Promise<KnownDataset>;
  /** A version by number or `latest`. */
  readonly version: (viewer: Viewer, ref: string, version: string, tx?: Database) => Promise<KnownVersion>;
  /** By id, whoever looks; undefined where there is none (removed datasets included). */
  readonly versionById: (versionId: string, tx?: Database) => Promise<KnownVersion | undefined>;
  /** Versions with these ids that the viewer reaches. */
  readonly versionsOf: (viewer: Viewer, versionIds: readonly string[]) => Promise<readonly KnownVersion[]>;
  /** Versions with this Merkle root, newest first; for naming what a run read. */
  readonly versionsByRoot: (viewer: Viewer, root: string) => Promise<readonly KnownVersion[]>;
  readonly summary: (viewer: Viewer, versionId: string) => Promise<DatasetVersionSummary>;
  readonly profile: (
    versionId: string,
  ) => Promise<{ readonly schema: DataSchema; readonly profile: DataProfile } | null>;
  /**
   * The records of a version, read in a process of its own, in the order of its rows and under its schema. Close it.
   * `AppError` `gone` where the content is elsewhere or was removed. Says nothing about who may read.
   */
  readonly records: (versionId: string, signal: AbortSignal) => Promise<OpenDataset>;
  /** Lays the content out as files, in constant memory; digests are compared. Errors as `records`. */
  readonly lay: (versionId: string, signal: AbortSignal) => Promise<LaidVersion>;
  /**
   * Where records came from: for each of `rows` a place in `origins`. Rows that do not exist are null.
   */
  readonly originsOf: (
    versionId: string,
    rows: readonly number[],
  ) => Promise<{ readonly origins: readonly DataOrigin[]; readonly of: readonly (number | null)[] }>;
  /**
   * Begins a version in state `processing`, in the transaction `tx`; it is read and hashed like a push, and its state
   * is told by `onSettled` and `dataset.version-created`. Gives its id and number.
   */
  readonly createVersion: (
    actor: DataActing,
    version: DerivedVersion,
    tx: Database,
  ) => Promise<{ readonly versionId: string; readonly number: number }>;
  /** Approves or rejects a version that awaits review. `conflict` where it does not. Audited by the caller. */
  readonly settle: (
    versionId: string,
    outcome: { readonly state: 'ready' } | { readonly state: 'rejected'; readonly why: string },
    tx: Database,
  ) => Promise<void>;
  /** Tells of a version that became ready by `settle`, once its transaction is through. */
  readonly announce: (versionId: string) => Promise<void>;
  /** Puts a version into quarantine, or takes it out. Audited. */
  readonly setQuarantined: (
    actor: Actor,
    versionId: string,
    change: { readonly quarantined: boolean; readonly reason: string },
    tx: Database,
  ) => Promise<void>;
}

/** A push, or a derived version, that asks to become a version. */
export interface Admission {
  readonly dataset: { readonly id: string; readonly name: string; readonly teamId: string | null };
  readonly source: { readonly id: string; readonly name: string } | null;
  readonly batch: string | null;
  readonly reason: string;
  readonly storage: DataStorage;
  /** The version, once its records are known with what brought them in; null when a push begins. */
  readonly versionId: string | null;
  /** True where another version of the dataset is ready: this one changes what is in use. */
  readonly changes: boolean;
}

export type CustodyAction = (typeof CUSTODY_ACTS)[number];

export interface CustodyEntry {
  readonly datasetId: string;
  readonly versionId: string | null;
  readonly action: CustodyAction;
  readonly actor: Actor;
  /** Why, in the actor's words; empty where nobody was asked. */
  readonly reason: string;
  /** The action in the audit log that was written with it. */
  readonly audit: string;
  /** Facts of a few hundred bytes: numbers of rows, digests, other versions. No content. */
  readonly detail: Readonly<Record<string, unknown>>;
}

/** What datasets need of sources, policies and custody. */
export interface GovernancePort {
  /** A source by its id or name; `invalid_input` where there is none in the actor's reach. */
  readonly source: (
    actor: DataActing,
    ref: string,
    tx: Database,
  ) => Promise<{ readonly id: string; readonly name: string }>;
  /**
   * Whether a version may come in: `ready` or `awaiting-review`; throws `forbidden`, with what to do, where it is
   * refused. Asked when a push begins and again in the transaction that makes its version usable.
   */
  readonly admit: (
    actor: DataActing,
    admission: Admission,
    tx: Database,
  ) => Promise<'ready' | 'awaiting-review'>;
  /** Throws `forbidden`, with what to do, where policies keep the actor from reading records for this purpose. */
  readonly mayUse: (principal: Principal, version: KnownVersion, purpose: string) => Promise<void>;
  /** Adds to the chain of custody, in the transaction of the change. */
  readonly custody: (entry: CustodyEntry, tx: Database) => Promise<void>;
}
