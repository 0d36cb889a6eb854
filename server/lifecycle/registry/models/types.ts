import type {
  FileVerdict,
  FindingBrief,
  Lineage,
  Model,
  ModelChange,
  ModelDetail,
  ModelQuery,
  SignatureSummary,
  VersionBase,
  VersionChange,
  VersionComparison,
  VersionDataset,
  VersionDetail,
  VersionFile,
  VersionQuery,
  VersionStage,
  VersionSummary,
} from '@bartizan/contracts';
import type { z } from 'zod';
import type { Actor } from '../../../audit/index.ts';
import type { Database } from '../../../platform/database/types.ts';
import type { Caller } from '../../../reviews/index.ts';
import type { Viewer } from '../../sight.ts';
import type { FileRef, NewModel, NewVersion, ScanNote, StoredModel, StoredVersion } from '../model.ts';

/** Who does it, and what bounds the models that are there for them. */
export type RegistryActor = Actor & Viewer;

export interface PageOf<T> {
  readonly items: T[];
  readonly next: string | null;
}

/** Tags that are set and those that are taken away. */
export interface TagEdit {
  readonly set: Readonly<Record<string, string>>;
  readonly remove: readonly string[];
}

export interface Promotion {
  readonly version: StoredVersion;
  /** The alias or stage that it is to get. */
  readonly to: { readonly alias: string } | { readonly stage: VersionStage };
}

/** What decides which rules hold for a model. */
export type ModelPlace = Pick<StoredModel, 'name' | 'teamId'>;

/** What the registry asks of its own other parts and of later stages; lifecycle wires it. */
export interface RegistryPorts {
  readonly signatures: {
    /** Of each version; one that is missing is `unsigned`. */
    readonly summaries: (
      versions: readonly Pick<StoredVersion, 'id' | 'modelName' | 'teamId' | 'digest'>[],
    ) => Promise<ReadonlyMap<string, SignatureSummary>>;
  };
  readonly scans: {
    /** By path, of the files that are given; those not scanned yet are missing. */
    readonly files: (
      versionId: string,
      files: readonly FileRef[],
    ) => Promise<ReadonlyMap<string, { readonly format: string; readonly verdict: FileVerdict }>>;
    /** Null while there is no finished scan. */
    readonly findings: (versionId: string) => Promise<readonly FindingBrief[] | null>;
  };
  /** Throws when a version may not get an alias or stage (its signatures do not suffice, say). */
  readonly demandPromotable: (promotion: Promotion, within: Database) => Promise<void>;
  readonly policies: {
    /** Names of the rules that are enforced for a model as it is called, and whose it is, before but not after. */
    readonly left: (before: ModelPlace, after: ModelPlace, within: Database) => Promise<readonly string[]>;
  };
  readonly runs: {
    /** Names of the runs that are there for the viewer. */
    readonly names: (viewer: Viewer, ids: readonly string[]) => Promise<ReadonlyMap<string, string>>;
  };
  readonly endpoints: {
    /** Names of the endpoints that are there for the viewer. */
    readonly names: (viewer: Viewer, ids: readonly string[]) => Promise<ReadonlyMap<string, string>>;
  };
  readonly systems: {
    /** Systems in the viewer's sight that say they use one of the models. */
    readonly using: (
      viewer: Viewer,
      modelIds: readonly string[],
    ) => Promise<readonly { readonly id: string; readonly name: string; readonly modelId: string }[]>;
  };
}

/**
 * Models and their versions. A model is named by its id or its name. What is not in the viewer's reach is answered
 * with `not_found`, as what is not there at all. Every change is audited in its own transaction; with `within` it is
 * part of the caller's.
 */
export interface RegistryService {
  /** Throws `conflict` when the name is taken (by a model in reach or not), `invalid_input` for a wrong name or team. */
  createModel(actor: RegistryActor, input: NewModel, within?: Database): Promise<StoredModel>;
  /** The model of that name, registered when there is none. Throws as {@link createModel}; `conflict` when it is out of reach. */
  ensureModel(
    actor: RegistryActor,
    input: NewModel,
    within?: Database,
  ): Promise<{ readonly model: StoredModel; readonly created: boolean }>;
  model(viewer: Viewer, idOrName: string, within?: Database): Promise<StoredModel>;
  /** Names of the models with these ids that are there for the viewer. */
  names(viewer: Viewer, ids: readonly string[]): Promise<ReadonlyMap<string, string>>;
  listModels(viewer: Viewer, query: z.output<typeof ModelQuery>): Promise<PageOf<Model>>;
  /** As the console shows it. */
  showModel(caller: Caller, idOrName: string): Promise<ModelDetail>;
  /** As lists show them, in this order; what is not in reach is left out. */
  showModels(viewer: Viewer, ids: readonly string[]): Promise<Model[]>;
  /**
   * Another name or team must not get around rules: throws what {@link RegistryPorts.demandPromotable} throws for
   * versions in use, and `forbidden` where the model would leave an enforced rule without `models.manage`.
   */
  updateModel(caller: Caller, idOrName: string, change: ModelChange): Promise<Model>;
  tagModel(actor: RegistryActor, idOrName: string, edit: TagEdit, within?: Database): Promise<Model>;
  /** Throws `conflict` while a version is in production, unless forced. */
  removeModel(actor: RegistryActor, idOrName: string, force: boolean): Promise<void>;

  /**
   * Adds a version with the next number; numbers are never given twice. Files must lie in the object store
   * (`invalid_input` otherwise). With files it is ready at once and `version.created` is emitted; inside the caller's
   * transaction it is not: call {@link announce} once that is committed.
   */
  createVersion(
    actor: RegistryActor,
    idOrName: string,
    input: NewVersion,
    within?: Database,
  ): Promise<StoredVersion>;
  /** Gives a pending version its files, for good. Throws `conflict` when it is not pending. As for {@link createVersion}. */
  finishVersion(
    actor: RegistryActor,
    versionId: string,
    files: readonly FileRef[],
    within?: Database,
  ): Promise<StoredVersion>;
  /** A pending version gets no files any more. */
  failVersion(
    actor: RegistryActor,
    versionId: string,
    message: string,
    within?: Database,
  ): Promise<StoredVersion>;
  /** Tells the process that a version became ready. */
  announce(version: Pick<StoredVersion, 'id' | 'modelId'>): void;
  /** `ref`: a number, an alias, or `latest` (the highest number that is ready). */
  version(viewer: Viewer, idOrName: string, ref: string | number, within?: Database): Promise<StoredVersion>;
  versionById(viewer: Viewer, versionId: string, within?: Database): Promise<StoredVersion>;
  /** In this order; what is not in reach is left out. */
  versionsById(viewer: Viewer, versionIds: readonly string[]): Promise<StoredVersion[]>;
  /** Every file, in the order of the paths' bytes; none of a pending or removed version. */
  files(versionId: string, within?: Database): Promise<FileRef[]>;
  file(versionId: string, path: string): Promise<FileRef | undefined>;
  datasets(versionId: string): Promise<VersionDataset[]>;
  /** What it was made from, named as far as the viewer may see it. */
  baseOf(viewer: Viewer, version: Pick<StoredVersion, 'base'>): Promise<VersionBase | null>;
  listVersions(
    viewer: Viewer,
    idOrName: string,
    query: z.output<typeof VersionQuery>,
  ): Promise<PageOf<VersionSummary>>;
  showVersion(caller: Caller, idOrName: string, ref: string): Promise<VersionDetail>;
  listFiles(
    viewer: Viewer,
    idOrName: string,
    ref: string,
    query: {
      readonly cursor?: string | undefined;
      readonly limit: number;
      readonly prefix?: string | undefined;
    },
  ): Promise<PageOf<VersionFile>>;
  /** A base that is there already is only changed by who has `models.manage`. */
  updateVersion(caller: Caller, idOrName: string, ref: string, change: VersionChange): Promise<StoredVersion>;
  tagVersion(
    actor: RegistryActor,
    idOrName: string,
    ref: string | number,
    edit: TagEdit,
  ): Promise<StoredVersion>;
  /** Throws what {@link RegistryPorts.demandPromotable} throws, and `conflict` for a version that is not ready. */
  setStage(
    actor: RegistryActor,
    idOrName: string,
    ref: string | number,
    move: { readonly stage: VersionStage; readonly archiveExisting: boolean },
  ): Promise<StoredVersion>;
  /** Throws as {@link setStage}. */
  setAlias(actor: RegistryActor, idOrName: string, alias: string, version: number): Promise<StoredVersion>;
  /** False when there was none. */
  removeAlias(actor: RegistryActor, idOrName: string, alias: string): Promise<boolean>;
  /** Throws `conflict` while it is in production, by stage or by an alias `production`, unless forced. */
  removeVersion(actor: RegistryActor, idOrName: string, ref: string | number, force: boolean): Promise<void>;
  lineage(
    viewer: Viewer,
    idOrName: string,
    ref: string,
    limits: { readonly depth: number; readonly limit: number },
  ): Promise<Lineage>;
  compare(
    viewer: Viewer,
    from: { readonly model: string; readonly ref: string },
    to: { readonly model: string; readonly ref: string },
  ): Promise<VersionComparison>;

  /** What lists, filters and lineage show of a version's scan. Not audited: scans write their own entries. */
  noteScan(versionId: string, note: ScanNote, within?: Database): Promise<void>;
}
