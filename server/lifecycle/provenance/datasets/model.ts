import { createHash } from 'node:crypto';
import {
  artifactPathKey,
  type DataActor,
  type DataFormat,
  type DataProfile,
  type DataPushInput,
  type DataReadOptions,
  type DataSchema,
  type DataStorage,
  type DatasetVersionSummary,
  type DataVersionState,
  dataPushFingerprintText,
} from '@bartizan/contracts';
import type { z } from 'zod';
import type { Actor } from '../../../audit/index.ts';
import type { Principal } from '../../../platform/http/types.ts';
import type { DataActing, KnownVersion } from '../ports.ts';
import { type HeldFact, heldFacts } from './held.ts';

export type ParsedPush = z.output<typeof DataPushInput>;

/** What two names have in common that people would take for one: case and composition do not count. */
export const nameKey = artifactPathKey;

export interface StoredDataset {
  readonly id: string;
  readonly name: string;
  readonly teamId: string | null;
  readonly description: string;
  readonly license: string;
  readonly consent: string;
  readonly homepage: string;
  readonly label: string | null;
  readonly retentionDays: number | null;
  readonly createdById: string;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly removedAt: number | null;
}

/** Who made a version, as it is kept with it. */
export interface KeptActor extends Actor {
  readonly teams: '*' | readonly string[];
}

export const keptActor = ({ kind, id, name, teams }: DataActing): KeptActor => ({
  kind,
  id,
  name,
  teams: teams === '*' ? '*' : [...teams],
});

export const actingOf = ({ kind, id, name, teams }: KeptActor): DataActing => ({
  kind,
  id,
  name,
  teams: teams === '*' ? '*' : new Set(teams),
});

/** A version that brought records of another one in, and how many. */
export interface OriginShare {
  readonly version: string;
  readonly rows: number;
}

/** A row of `data_versions` with the name and team of its dataset, without schema and profile. */
export interface StoredVersion {
  readonly id: string;
  readonly datasetId: string;
  readonly dataset: string;
  readonly teamId: string | null;
  readonly removedAt: number | null;
  readonly number: number;
  readonly state: DataVersionState;
  readonly failure: string | null;
  readonly quarantined: boolean;
  readonly storage: DataStorage;
  readonly location: string | null;
  readonly format: DataFormat;
  readonly options: DataReadOptions;
  readonly rows: number | null;
  readonly bytes: number;
  readonly fileCount: number;
  readonly root: string | null;
  readonly schemaDigest: string | null;
  readonly leaves: string | null;
  readonly blocks: string | null;
  readonly recordOrigins: string | null;
  readonly origins: readonly OriginShare[];
  readonly measuredBy: 'server' | 'client';
  readonly contentRemovedAt: number | null;
  readonly parentId: string | null;
  readonly parentNumber: number | null;
  readonly sourceId: string | null;
  readonly sourceName: string | null;
  readonly batch: string | null;
  readonly reason: string;
  readonly label: string | null;
  readonly allowSame: boolean;
  readonly acting: KeptActor;
  readonly createdAt: number;
  readonly readyAt: number | null;
}

export interface Measured {
  readonly schema: DataSchema;
  readonly profile: DataProfile;
}

export const actorView = ({ id, name }: Actor): DataActor => ({ id, name });

export function summaryOf(version: StoredVersion): DatasetVersionSummary {
  const { parentId, parentNumber, sourceId, sourceName, contentRemovedAt, storage } = version;
  return {
    id: version.id,
    datasetId: version.datasetId,
    dataset: version.dataset,
    number: version.number,
    state: version.state,
    failure: version.failure,
    quarantined: version.quarantined,
    storage,
    location: version.location,
    format: version.format,
    rows: version.rows,
    bytes: version.bytes,
    files: version.fileCount,
    root: version.root,
    schemaDigest: version.schemaDigest,
    leaves: version.leaves,
    measuredBy: version.measuredBy,
    content: storage === 'reference' ? 'elsewhere' : contentRemovedAt === null ? 'here' : 'removed',
    parent: parentId === null || parentNumber === null ? null : { versionId: parentId, number: parentNumber },
    source: sourceName === null ? null : { id: sourceId, name: sourceName },
    batch: version.batch,
    reason: version.reason,
    label: version.label,
    createdBy: actorView(version.acting),
    createdAt: version.createdAt,
    readyAt: version.readyAt,
  };
}

export function knownOf(version: StoredVersion): KnownVersion {
  return {
    id: version.id,
    datasetId: version.datasetId,
    dataset: version.dataset,
    teamId: version.teamId,
    number: version.number,
    state: version.state,
    quarantined: version.quarantined,
    storage: version.storage,
    location: version.location,
    format: version.format,
    rows: version.rows,
    bytes: version.bytes,
    root: version.root,
    schemaDigest: version.schemaDigest,
    leavesSha256: version.leaves,
    parentId: version.parentId,
    sourceId: version.sourceId,
    sourceName: version.sourceName,
    batch: version.batch,
    reason: version.reason,
    label: version.label,
    createdById: version.acting.id,
    createdBy: version.acting.name,
    createdAt: version.createdAt,
  };
}

/**
 * What the audit log holds of a version, from which its row is checked: everything that says which records it is, where
 * they came from, who made it and why. Its state and quarantine follow from entries of later acts, and the digest of
 * its profile is held beside these.
 */
export function versionFacts(version: StoredVersion): Readonly<Record<string, HeldFact>> {
  return {
    dataset: version.datasetId,
    number: version.number,
    storage: version.storage,
    location: version.location,
    format: version.format,
    rows: version.rows,
    bytes: version.bytes,
    root: version.root,
    schemaDigest: version.schemaDigest,
    leaves: version.leaves,
    blocks: version.blocks,
    recordOrigins: version.recordOrigins,
    parent: version.parentId,
    source: version.sourceId,
    batch: version.batch,
    measuredBy: version.measuredBy,
    reason: version.reason.slice(0, MOST_REASON),
    ...heldFacts({
      options: version.options,
      fileCount: version.fileCount,
      origins: version.origins,
      sourceName: version.sourceName,
      label: version.label,
      allowSame: version.allowSame,
      by: version.acting,
      createdAt: version.createdAt,
    }),
  };
}

const MOST_REASON = 2_000;

/** A push that got no part for this long is given up. */
export const IDLE_MS = 3 * 24 * 3_600_000;
/** Even one that goes on is given up after this; content in parts is swept only later than that. */
export const LIFETIME_MS = 7 * 24 * 3_600_000;
/** A finished one answers for this long. */
export const REMEMBERED_MS = 24 * 3_600_000;
export const MAX_OPEN_PUSHES = 20;
/** Of the configured limit of one upload, for what all open ones of an owner announce together. */
export const OPEN_BYTES_FACTOR = 2;

/**
 * Who a push belongs to: the person, so that their own key goes on with it. A service account is somebody of its own,
 * for accounts that one person answers for are of different teams.
 */
export const ownerOf = ({
  id,
  ownerId,
  serviceAccountId,
}: Pick<Principal, 'id' | 'ownerId' | 'serviceAccountId'>): string => serviceAccountId ?? ownerId ?? id;

/** See `dataPushFingerprintText`. Lower-case hexadecimal. */
export const fingerprintOf = (push: ParsedPush): string =>
  createHash('sha256').update(dataPushFingerprintText(push)).digest('hex');

/** SHA-256 over the paths, sizes and digests of the files of a version, in the order of the paths. */
export function filesDigest(
  files: readonly { readonly path: string; readonly size: number; readonly sha256: string }[],
): string {
  const hash = createHash('sha256');
  const sorted = files.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  for (const { path, size, sha256 } of sorted) hash.update(`${JSON.stringify([path, size, sha256])}\n`);
  return hash.digest('hex');
}
