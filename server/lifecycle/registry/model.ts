import { createHash } from 'node:crypto';
import {
  artifactPathClash,
  artifactPathProblem,
  type BaseInput,
  MAX_ARTIFACT_FILES,
  type RegistryTags,
  type ScanState,
  type ScanVerdict,
  type SeverityCounts,
  type VersionDataset,
  type VersionMetric,
  type VersionStage,
  type VersionStatus,
} from '@bartizan/contracts';
import { AppError } from '../../kernel/error.ts';

/** A file of a version, its bytes being in the object store. */
export interface FileRef {
  /** See `artifactPathProblem` for what it may be. */
  readonly path: string;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
  /** In bytes. */
  readonly size: number;
}

export interface StoredModel {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly teamId: string | null;
  readonly tags: RegistryTags;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** What is known of a version's scan; written by {@link RegistryService.noteScan}. */
export interface ScanNote {
  readonly state: ScanState | null;
  readonly verdict: ScanVerdict | null;
  /** True while downloads are refused because of what was found. */
  readonly quarantined: boolean;
  readonly severities: SeverityCounts;
  /** As recognised by content, without repeats. */
  readonly formats: readonly string[];
  /** When the scan ended, or its state changed. */
  readonly at: number | null;
}

export type StoredBase =
  | { readonly kind: 'version'; readonly versionId: string }
  | { readonly kind: 'external'; readonly name: string; readonly digest: string | null };

export interface StoredVersion {
  readonly id: string;
  readonly modelId: string;
  readonly modelName: string;
  /** Of the model. */
  readonly teamId: string | null;
  readonly version: number;
  /** Null while it is pending or has failed. */
  readonly digest: string | null;
  readonly status: VersionStatus;
  readonly statusMessage: string;
  readonly stage: VersionStage;
  readonly aliases: readonly string[];
  readonly description: string;
  readonly tags: RegistryTags;
  readonly runId: string | null;
  /** The model as a run logged it (MLflow 3), where it came from one. */
  readonly loggedModelId: string | null;
  readonly source: string;
  readonly fileCount: number;
  readonly bytes: number;
  readonly metrics: readonly VersionMetric[];
  readonly base: StoredBase | null;
  readonly scan: ScanNote;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface NewModel {
  readonly name: string;
  readonly description?: string;
  readonly teamId?: string | null;
  readonly tags?: RegistryTags;
}

export interface NewVersion {
  /** Null: the files come later, by `finishVersion`; the version is pending until then. */
  readonly files: readonly FileRef[] | null;
  readonly description?: string;
  readonly tags?: RegistryTags;
  readonly alias?: string;
  readonly runId?: string | null;
  readonly loggedModelId?: string | null;
  readonly source?: string;
  readonly metrics?: readonly VersionMetric[];
  readonly datasets?: readonly VersionDataset[];
  readonly base?: BaseInput | null;
}

export const NO_FINDINGS: SeverityCounts = Object.freeze({
  info: 0,
  low: 0,
  medium: 0,
  high: 0,
  critical: 0,
});

/** Orders paths by the bytes of their UTF-8, as model signatures do. */
export const byPath = (a: Pick<FileRef, 'path'>, b: Pick<FileRef, 'path'>): number =>
  Buffer.compare(Buffer.from(a.path), Buffer.from(b.path));

/**
 * The digest of a version: sha256 over the raw digests of its files in the order of their paths' UTF-8 bytes, which
 * is the subject digest of an OpenSSF model signature (v1). It stands for the contents in that order, not for what the
 * files are called: files renamed without a change of order have the same digest. Lower-case hexadecimal.
 */
export function versionDigest(files: readonly FileRef[]): string {
  const hash = createHash('sha256');
  for (const { sha256 } of files.toSorted(byPath)) hash.update(sha256, 'hex');
  return hash.digest('hex');
}

/** Throws `invalid_input` with every file that a version cannot have as it is. */
export function requireFiles(files: readonly FileRef[]): void {
  const issues: { path: string; message: string }[] = [];
  if (files.length === 0) issues.push({ path: 'files', message: 'a version needs at least one file' });
  if (files.length > MAX_ARTIFACT_FILES) {
    issues.push({ path: 'files', message: `a version has at most ${MAX_ARTIFACT_FILES} files` });
  }
  for (const [index, { path, sha256, size }] of files.slice(0, MAX_ARTIFACT_FILES).entries()) {
    const problem = artifactPathProblem(path);
    if (problem !== null) issues.push({ path: `files.${index}.path`, message: `the path ${problem}` });
    if (!/^[0-9a-f]{64}$/.test(sha256)) {
      issues.push({ path: `files.${index}.sha256`, message: 'must be a sha256 in lower-case hexadecimal' });
    }
    if (!Number.isSafeInteger(size) || size < 0) {
      issues.push({ path: `files.${index}.size`, message: 'must be a size in bytes' });
    }
    if (issues.length >= 20) break;
  }
  const clash = issues.length === 0 ? artifactPathClash(files.map(({ path }) => path)) : null;
  if (clash) issues.push({ path: `files.${clash.index}.path`, message: `the path ${clash.reason}` });
  if (issues.length === 0) return;
  throw new AppError('invalid_input', 'these cannot be the files of a version', {
    hint: 'Correct what is named and try again.',
    issues,
  });
}

const WEIGHT: Readonly<Record<ScanVerdict, number>> = { clean: 0, error: 1, suspicious: 2, malicious: 3 };

/** Malicious before suspicious before what could not be judged before clean; null where there is no verdict at all. */
export function worstVerdict(verdicts: readonly (ScanVerdict | null)[]): ScanVerdict | null {
  let worst: ScanVerdict | null = null;
  for (const verdict of verdicts) {
    if (verdict !== null && (worst === null || WEIGHT[verdict] > WEIGHT[worst])) worst = verdict;
  }
  return worst;
}

/** What those who inherit from a version must know of it: it is malicious, or kept in quarantine. */
export const poisons = (scan: Pick<ScanNote, 'verdict' | 'quarantined'>): boolean =>
  scan.verdict === 'malicious' || scan.quarantined;
