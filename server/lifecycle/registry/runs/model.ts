import { AppError } from '../../../kernel/error.ts';
import type { Principal } from '../../../platform/http/types.ts';

/** Who does something with runs and models, and what is there for them. */
export type RegistryCaller = Pick<Principal, 'kind' | 'id' | 'name' | 'teams' | 'endpoints'>;

export type KeptFilter = 'active' | 'deleted' | 'all';

export interface Pair {
  readonly key: string;
  readonly value: string;
}

export interface StoredExperiment {
  readonly id: string;
  readonly name: string;
  readonly teamId: string | null;
  readonly deletedAt: number | null;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly tags: Readonly<Record<string, string>>;
}

export const RUN_STATUSES = ['running', 'scheduled', 'finished', 'failed', 'killed'] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

export interface StoredRun {
  readonly id: string;
  readonly experimentId: string;
  readonly experimentName: string;
  readonly experimentDeleted: boolean;
  readonly teamId: string | null;
  readonly name: string;
  readonly userName: string;
  readonly status: RunStatus;
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly deletedAt: number | null;
  readonly createdBy: string;
}

/** A point of a metric: value at a step (any whole number) and an instant in ms since the epoch. */
export interface Point {
  readonly value: number;
  readonly step: number;
  readonly at: number;
}
export interface Metric extends Point {
  readonly key: string;
}

/** A metric as it is logged; `modelId` where it is about a logged model, on a dataset where that is named. */
export interface LoggedMetric extends Metric {
  readonly modelId?: string | undefined;
  readonly datasetName?: string | undefined;
  readonly datasetDigest?: string | undefined;
}

/** What was logged to a run, latest values only. */
export interface RunData {
  readonly metrics: readonly Metric[];
  readonly params: readonly Pair[];
  readonly tags: readonly Pair[];
}

export interface DatasetUse {
  readonly name: string;
  readonly digest: string;
  readonly sourceType: string;
  readonly source: string;
  readonly schema: string | null;
  readonly profile: string | null;
  /** What it was used for: of the tag `mlflow.data.context`. */
  readonly context: string;
  readonly tags: readonly Pair[];
}

export interface ModelUse {
  readonly modelId: string;
  readonly step: number | null;
}

export interface RunLinks {
  readonly datasets: readonly DatasetUse[];
  readonly inputs: readonly ModelUse[];
  readonly outputs: readonly ModelUse[];
}

export type LoggedModelStatus = 'pending' | 'ready' | 'failed';

export interface ModelMetric extends Metric {
  readonly runId: string;
  readonly datasetName: string;
  readonly datasetDigest: string;
}

export interface StoredLoggedModel {
  readonly id: string;
  readonly experimentId: string;
  readonly teamId: string | null;
  readonly sourceRunId: string | null;
  readonly name: string;
  readonly type: string;
  readonly status: LoggedModelStatus;
  readonly statusMessage: string;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface LoggedModelData {
  readonly params: readonly Pair[];
  readonly tags: readonly Pair[];
  readonly metrics: readonly ModelMetric[];
}

/** Whose files: a run's own, or those of a model that was logged. */
export interface ArtifactRoot {
  readonly kind: 'run' | 'model';
  readonly id: string;
}

export interface ArtifactFile {
  readonly path: string;
  readonly sha256: string;
  /** In bytes. */
  readonly size: number;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Null on the last page. */
  readonly next: string | null;
}

export const noSuchExperiment = (): AppError =>
  new AppError('not_found', 'there is no such experiment', {
    hint: 'Search experiments to see which there are.',
  });
export const noSuchRun = (): AppError =>
  new AppError('not_found', 'there is no such run', {
    hint: 'Search the runs of an experiment to see their ids.',
  });
export const noSuchLoggedModel = (): AppError =>
  new AppError('not_found', 'there is no such logged model', {
    hint: 'Search logged models to see their ids.',
  });
export const invalid = (message: string, hint?: string): AppError =>
  new AppError('invalid_input', message, hint === undefined ? {} : { hint });
