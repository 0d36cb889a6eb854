import type { Alarm, ScanVerdict, SnapshotKey } from '@bartizan/contracts';
import type { MasterKey } from '@bartizan/contracts/sealed.ts';
import type pg from 'pg';
import type { AuditLog } from '../audit/index.ts';
import type { Directory } from '../identity/index.ts';
import type { Clock } from '../kernel/clock.ts';
import type { Events } from '../kernel/events.ts';
import type { Database } from '../platform/database/types.ts';
import type { JobMeter } from '../platform/jobs/index.ts';
import type { RecordedObjects } from '../platform/objects/index.ts';
import type { ReviewGate } from '../reviews/index.ts';

/** What happens in the lifecycle that other domains of this process may want to know. */
export interface LifecycleEvents {
  /** Something in the gateways' snapshot changed: endpoints, policies or keys. */
  'configuration.changed': { readonly reason: string };
  /** Told by identity: a key was made, revoked, or lost its owner. */
  'keys.changed': { readonly reason: string };
  /** A version of a model has all its files, for good. */
  'version.created': { readonly modelId: string; readonly versionId: string };
  /** What is known of a version's files changed: a scan ended, or what counts of its findings is other than before. */
  'version.scanned': {
    readonly modelId: string;
    readonly versionId: string;
    readonly verdict: ScanVerdict;
    readonly quarantined: boolean;
  };
  /** A version of a dataset is read, hashed and may be used. */
  'dataset.version-created': { readonly datasetId: string; readonly versionId: string };
  /** Records of a version were put aside: the new version is without them. */
  'dataset.records-quarantined': {
    readonly datasetId: string;
    readonly versionId: string;
    readonly newVersionId: string;
    readonly records: number;
  };
  /** A scan of a version ended; `findings` that nobody has dismissed. */
  'dataset.scanned': {
    readonly datasetId: string;
    readonly versionId: string;
    readonly scanId: string;
    readonly findings: number;
  };
  /** A run said, for the first time, that it used a dataset. `context`: for what, e.g. training; may be empty. */
  'dataset.logged': {
    readonly runId: string;
    readonly name: string;
    readonly digest: string;
    readonly context: string;
  };
}

export interface Logger {
  readonly info: (fields: object, message: string) => void;
  readonly warn: (fields: object, message: string) => void;
  readonly error: (fields: object, message: string) => void;
}

/** What the process counts of its sinks. */
export interface SinkMeter {
  readonly delivered: (sink: string, events: number) => void;
  readonly failed: (sink: string) => void;
  readonly lag: (sink: string, lag: { readonly records: number; readonly seconds: number }) => void;
}

export interface LifecycleDeps {
  readonly database: Database;
  readonly pool: pg.Pool;
  /** For LISTEN; the pool's own connection string where absent. */
  readonly databaseUrl?: string;
  /** This process among the servers of the instance. */
  readonly server: {
    readonly id: string;
    readonly version: string;
    /** False: takes no part in scheduled work. */
    readonly background: boolean;
  };
  /** Idempotent work of other domains to be done now and then, by the one server that is elected for upkeep. */
  readonly tidy?: () => Promise<void>;
  readonly meter?: SinkMeter;
  readonly jobMeter?: JobMeter;
  readonly masterKey: MasterKey;
  readonly audit: AuditLog;
  /**
   * Writes an alarm that somebody must look into, within the change that it is about; what it gives back tells
   * the rest of the process, once that is done.
   */
  readonly alarm: (
    alarm: Pick<Alarm, 'kind' | 'severity' | 'summary' | 'subject'>,
    within: Database,
  ) => Promise<() => void>;
  /** Ends open alarms about something that is over by itself, within the change that says so. */
  readonly clearAlarm: (
    alarm: Pick<Alarm, 'kind' | 'subject'> & { readonly note: string },
    within: Database,
  ) => Promise<void>;
  readonly events: Events<LifecycleEvents>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly config: {
    readonly publicUrl: string;
    readonly gatewayUrl: string;
    /** True when the built-in demo assistant is offered. */
    readonly demo: boolean;
    /** Folder of this server's own files. */
    readonly dataDir: string;
    /** Most that the files of one upload may have together, in bytes. */
    readonly maxUploadBytes: number;
  };
  /** Content of artifacts and datasets, by digest; what no row refers to by foreign key goes after a day. */
  readonly objects: RecordedObjects;
  /** Changes that need a second person. */
  readonly reviews: ReviewGate;
  readonly identity: {
    /** Keys that may call endpoints, neither revoked nor of a disabled person, with the teams that bound them. */
    readonly gatewayKeys: () => Promise<
      readonly (SnapshotKey & { readonly teams: ReadonlySet<string> | '*' })[]
    >;
    /** Notes that keys were used, `atMs` being the newest use. Unknown ids are ignored. */
    readonly touchKeys: (ids: readonly string[], atMs: number) => Promise<void>;
    /** Ids of the people who may hold the secret of a key; of a person's id, nobody. */
    readonly standBehind: (keyId: string, within: Database) => Promise<ReadonlySet<string>>;
    /** Who there is, for stages that name people and teams. */
    readonly directory: Directory;
  };
}
