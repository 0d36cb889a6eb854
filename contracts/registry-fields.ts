import { z } from 'zod';
import { Id, Instant } from './common.ts';
import { FileVerdict, FindingSeverity, ScanState, ScanVerdict, SeverityCounts } from './scans.ts';
import { SignatureSummary } from './signing.ts';

export const MAX_MODEL_NAME = 256;
export const MAX_TAGS = 1_000;
export const VERSION_STAGES = ['none', 'staging', 'production', 'archived'] as const;

/** Control characters, line and paragraph separators, and marks that turn the reading direction around. */
const UNSEEN = /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** Names that a client would take for a step in a path. */
const STEPS: readonly string[] = ['.', '..'];

/**
 * Why `name` cannot name a model, or null. As MLflow has it: any text without `/` and `:`. Here also nothing that
 * cannot be seen, and nothing that looks like the id of another model.
 */
export function modelNameProblem(name: string): string | null {
  if (name.trim() === '') return 'is empty';
  if (!name.isWellFormed()) return 'is not valid Unicode';
  if (name.length > MAX_MODEL_NAME) return `is longer than ${MAX_MODEL_NAME} characters`;
  if (name !== name.trim()) return 'begins or ends with a space';
  if (/[/:]/.test(name)) return 'has "/" or ":" in it';
  if (UNSEEN.test(name)) return 'has control characters';
  if (STEPS.includes(name)) return 'is a step in a path';
  if (UUID.test(name)) return 'looks like an id';
  return null;
}

/**
 * Why `alias` cannot be an alias, or null. As MLflow has it: letters, digits, `_` and `-`, neither `latest` nor
 * `v` with a number. Here also no bare number, which names a version.
 */
export function aliasProblem(alias: string): string | null {
  if (alias === '') return 'is empty';
  if (alias.length > MAX_MODEL_NAME) return `is longer than ${MAX_MODEL_NAME} characters`;
  if (!/^[A-Za-z0-9_-]+$/.test(alias)) return 'has more in it than letters, digits, "_" and "-"';
  if (alias.toLowerCase() === 'latest') return 'is kept for the newest version';
  if (/^v?\d+$/i.test(alias)) return 'reads like the number of a version';
  return null;
}

const checked = (what: string, problemOf: (text: string) => string | null) =>
  z
    .string()
    .max(1_000)
    .superRefine((text, context) => {
      const problem = problemOf(text);
      if (problem !== null) context.addIssue({ code: 'custom', message: `the ${what} ${problem}` });
    });

export const ModelName = checked('name', modelNameProblem);
export const VersionAlias = checked('alias', aliasProblem);
export const VersionStage = z.enum(VERSION_STAGES);
export type VersionStage = z.infer<typeof VersionStage>;

/** A number, an alias, or `latest`: the highest number that is ready. */
export const VersionRef = z
  .string()
  .max(MAX_MODEL_NAME)
  .refine((ref) => ref === 'latest' || /^[1-9]\d{0,9}$/.test(ref) || aliasProblem(ref) === null, {
    message: 'give the number of a version, an alias or "latest"',
  });

export const TagKey = z.string().min(1).max(250);
export const TagValue = z.string().max(8_000);
/** Key → value. Both are people's text. */
export const RegistryTags = z.record(TagKey, TagValue);
export type RegistryTags = z.infer<typeof RegistryTags>;
export const TagChange = z
  .object({ set: RegistryTags.default({}), remove: z.array(TagKey).max(MAX_TAGS).default([]) })
  .refine(({ set }) => Object.keys(set).length <= MAX_TAGS, { message: `at most ${MAX_TAGS} tags` });
export type TagChange = z.input<typeof TagChange>;

/** Digest of content in lower-case hexadecimal. */
const Digest = z.string().regex(/^[0-9a-f]{64}$/, 'must be a sha256 in lower-case hexadecimal');

/** What a version was made from, as a client names it: a version here, or a model from elsewhere by its name. */
export const BaseInput = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('version'), model: z.string().min(1).max(MAX_MODEL_NAME), version: VersionRef }),
  z.object({
    kind: z.literal('external'),
    /** e.g. `hf:meta-llama/Llama-3.1-8B` or an address. */
    name: z
      .string()
      .trim()
      .min(1)
      .max(500)
      .refine((name) => name.isWellFormed() && !UNSEEN.test(name), 'has control characters'),
    /** Of the whole model, computed as for versions; versions here with the same digest are the same content. */
    digest: Digest.optional(),
  }),
]);
export type BaseInput = z.input<typeof BaseInput>;

export const VersionBase = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('version'),
    /** Null where the caller may not see that model; its name is empty then and its version 0. */
    versionId: Id.nullable(),
    modelId: Id.nullable(),
    modelName: z.string(),
    version: z.number().int().nonnegative(),
    removed: z.boolean(),
    verdict: ScanVerdict.nullable(),
    quarantined: z.boolean(),
  }),
  z.object({ kind: z.literal('external'), name: z.string(), digest: Digest.nullable() }),
]);
export type VersionBase = z.infer<typeof VersionBase>;

export const VersionScanSummary = z.object({
  /** Null: not scanned yet. */
  state: ScanState.nullable(),
  verdict: ScanVerdict.nullable(),
  /** True while downloads are refused because of what was found. */
  quarantined: z.boolean(),
  severities: SeverityCounts,
  at: Instant.nullable(),
});
export type VersionScanSummary = z.infer<typeof VersionScanSummary>;

export const VersionMetric = z.object({
  key: z.string(),
  /** Values that JSON has no number for go by name. */
  value: z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity'])]),
});
export type VersionMetric = z.infer<typeof VersionMetric>;

export const VersionDataset = z.object({
  name: z.string(),
  digest: z.string(),
  /** What for, such as `training`; may be empty. */
  context: z.string(),
  source: z.string(),
});
export type VersionDataset = z.infer<typeof VersionDataset>;

/** A finding in something that a version comes from. */
export const InheritedFinding = z.object({
  /** Null where the caller may not see that model: it is known to be bad, not which it is. */
  versionId: Id.nullable(),
  modelId: Id.nullable(),
  modelName: z.string(),
  version: z.number().int().nonnegative(),
  removed: z.boolean(),
  /** Steps up: 1 is what the version itself was made from. */
  distance: z.number().int().positive(),
  verdict: ScanVerdict.nullable(),
  quarantined: z.boolean(),
  severities: SeverityCounts,
});
export type InheritedFinding = z.infer<typeof InheritedFinding>;

export const VersionStatus = z.enum(['pending', 'ready', 'failed']);
export type VersionStatus = z.infer<typeof VersionStatus>;

/** What lists show of a version. Names, tags, sources and descriptions are people's text. */
export const VersionSummary = z.object({
  id: Id,
  modelId: Id,
  modelName: z.string(),
  version: z.number().int().positive(),
  /** sha256 over the digests of its files in the order of their paths; null while it is pending. */
  digest: Digest.nullable(),
  status: VersionStatus,
  /** Why it failed; empty otherwise. */
  statusMessage: z.string(),
  stage: VersionStage,
  aliases: z.array(z.string()),
  description: z.string(),
  tags: RegistryTags,
  /** The run that made it, as ids of runs go. */
  runId: z.string().nullable(),
  /** Where the bytes came from, in the client's words, e.g. `models:/m-…`; empty where it said nothing. */
  source: z.string(),
  files: z.object({ count: z.number().int().nonnegative(), bytes: z.number().int().nonnegative() }),
  /** As recognised by content, e.g. `pickle`; empty until it was scanned. */
  formats: z.array(z.string()),
  scan: VersionScanSummary,
  signatures: SignatureSummary,
  createdBy: z.string(),
  createdAt: Instant,
  updatedAt: Instant,
});
export type VersionSummary = z.infer<typeof VersionSummary>;

/** What the caller may do; `reason` says why not, and is empty otherwise. */
export const RegistryMay = z.object({
  write: z.boolean(),
  manage: z.boolean(),
  download: z.boolean(),
  reason: z.string(),
});
export type RegistryMay = z.infer<typeof RegistryMay>;

export const VersionDetail = VersionSummary.extend({
  teamId: Id.nullable(),
  metrics: z.array(VersionMetric),
  datasets: z.array(VersionDataset),
  base: VersionBase.nullable(),
  /** What is wrong with what it comes from, at any depth, nearest first. */
  inherited: z.array(InheritedFinding),
  /** Versions that were made from it, directly, as far as the caller sees them. */
  children: z.number().int().nonnegative(),
  may: RegistryMay,
});
export type VersionDetail = z.infer<typeof VersionDetail>;

export const AliasTarget = z.object({ alias: z.string(), version: z.number().int().positive() });

export const Model = z.object({
  id: Id,
  name: z.string(),
  description: z.string(),
  /** The team that it belongs to; null is everybody's. */
  teamId: Id.nullable(),
  tags: RegistryTags,
  /** Versions that were not removed. */
  versions: z.number().int().nonnegative(),
  /** The highest number of them; null where there is none. */
  latestVersion: z
    .object({
      id: Id,
      version: z.number().int().positive(),
      status: VersionStatus,
      stage: VersionStage,
      verdict: ScanVerdict.nullable(),
      createdAt: Instant,
    })
    .nullable(),
  aliases: z.array(AliasTarget),
  /** Numbers of the versions in production. */
  production: z.array(z.number().int().positive()),
  /** The worst of its versions: malicious, suspicious, error, clean. Null where none was scanned. */
  worstVerdict: ScanVerdict.nullable(),
  unscanned: z.number().int().nonnegative(),
  quarantined: z.number().int().nonnegative(),
  createdBy: z.string(),
  createdAt: Instant,
  updatedAt: Instant,
});
export type Model = z.infer<typeof Model>;

export const ModelDetail = Model.extend({
  /** Endpoints that say they serve it, as far as the caller sees them. */
  endpoints: z.array(z.object({ id: Id, name: z.string(), version: z.string() })),
  may: RegistryMay,
});
export type ModelDetail = z.infer<typeof ModelDetail>;

export const VersionFile = z.object({
  /** Foreign text: escape it. */
  path: z.string(),
  size: z.number().int().nonnegative(),
  sha256: Digest,
  /** As recognised by content; empty until it was scanned. */
  format: z.string(),
  verdict: FileVerdict.nullable(),
});
export type VersionFile = z.infer<typeof VersionFile>;

export const FindingBrief = z.object({
  id: z.string(),
  check: z.string(),
  severity: FindingSeverity,
  message: z.string(),
  path: z.string(),
});
export type FindingBrief = z.infer<typeof FindingBrief>;
