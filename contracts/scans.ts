import { z } from 'zod';
import { CursorQuery, Id, Instant, pageOf } from './common.ts';
import { defineRoute } from './route.ts';
import { FINDING_KINDS } from './scan-texts.ts';

/** `failed`: the scan itself broke off, after retries; nothing is known of what was not read. */
export const ScanState = z.enum(['queued', 'running', 'done', 'failed']);
export type ScanState = z.infer<typeof ScanState>;

/** Of a version: the worst of its files. `error`: a part could not be judged, which is never clean. */
export const ScanVerdict = z.enum(['clean', 'suspicious', 'malicious', 'error']);
export type ScanVerdict = z.infer<typeof ScanVerdict>;

/** `skipped`: nothing loads a file like this. It counts as clean. */
export const FileVerdict = z.enum(['clean', 'suspicious', 'malicious', 'error', 'skipped']);
export type FileVerdict = z.infer<typeof FileVerdict>;

export const FindingSeverity = z.enum(['info', 'low', 'medium', 'high', 'critical']);
export type FindingSeverity = z.infer<typeof FindingSeverity>;
export const FindingKind = z.enum(FINDING_KINDS);
export type FindingKind = z.infer<typeof FindingKind>;

/**
 * Why a version was scanned: `created` it became ready, `requested` somebody asked, `scanner` this server has a newer
 * scanner, `base` another base was named, `resumed` what was lost from the queue was put back.
 */
export const ScanReason = z.enum(['created', 'requested', 'scanner', 'base', 'resumed']);

export const SeverityCounts = z.object({
  info: z.number().int(),
  low: z.number().int(),
  medium: z.number().int(),
  high: z.number().int(),
  critical: z.number().int(),
});
export type SeverityCounts = z.infer<typeof SeverityCounts>;

export const VerdictCounts = z.object({
  clean: z.number().int(),
  suspicious: z.number().int(),
  malicious: z.number().int(),
  error: z.number().int(),
  skipped: z.number().int(),
});
export type VerdictCounts = z.infer<typeof VerdictCounts>;

export const ScanProgress = z.object({
  filesDone: z.number().int(),
  filesTotal: z.number().int(),
  bytesDone: z.number().int(),
  bytesTotal: z.number().int(),
  /** 0 to 100. */
  percent: z.number(),
  /** Over the last seconds; null where nothing is being read. */
  bytesPerSecond: z.number().nullable(),
  /** Path of the file that is being read; empty where none is. Foreign text: escape it. */
  file: z.string(),
});
export type ScanProgress = z.infer<typeof ScanProgress>;

/** A version of a model as lists of scans name it. Names are people's text. */
export const ScannedVersion = z.object({
  versionId: Id,
  modelId: Id,
  modelName: z.string(),
  version: z.number().int().positive(),
});
export type ScannedVersion = z.infer<typeof ScannedVersion>;

export const ScanSummary = ScannedVersion.extend({
  scanId: Id,
  state: ScanState,
  reason: ScanReason,
  /** Of the files as they are; null until the scan is done. */
  verdict: ScanVerdict.nullable(),
  /** True while downloads are refused because of what was found. */
  quarantined: z.boolean(),
  progress: ScanProgress,
  queuedAt: Instant,
  startedAt: Instant.nullable(),
  endedAt: Instant.nullable(),
  /** Version of the scanner that did, or will do, it. Empty while it waits. */
  scanner: z.string(),
  /** Why it `failed`, in words; empty otherwise. */
  problem: z.string(),
});
export type ScanSummary = z.infer<typeof ScanSummary>;

/** What a scan says other than the one before it. */
export const ScanDifference = z.object({
  previousScanId: Id,
  previousScanner: z.string(),
  previousVerdict: ScanVerdict.nullable(),
  /** Findings of severity `low` or more that are new, and those that are gone. */
  added: z.number().int(),
  gone: z.number().int(),
});
export type ScanDifference = z.infer<typeof ScanDifference>;

/** What is known of a base model that this version inherits from, as far as the caller may see it. */
export const InheritedScan = ScannedVersion.extend({
  /** 1 is the base itself, 2 its own base, and so on. */
  distance: z.number().int().positive(),
  state: ScanState.nullable(),
  verdict: ScanVerdict.nullable(),
  quarantined: z.boolean(),
  severities: SeverityCounts,
});
export type InheritedScan = z.infer<typeof InheritedScan>;

/** Whether files may be had now, and what a caller is told. */
export const DownloadStanding = z.object({
  allowed: z.boolean(),
  /** `unscanned`: no verdict yet, or the scan failed. */
  because: z.enum(['clean', 'accepted', 'suspicious', 'malicious', 'error', 'unscanned']),
  /** Why it is refused, or what to know beforehand; empty when there is nothing to say. */
  message: z.string(),
});
export type DownloadStanding = z.infer<typeof DownloadStanding>;

export const VersionScan = ScanSummary.extend({
  requestedBy: z.string().nullable(),
  severities: SeverityCounts,
  verdicts: VerdictCounts,
  /** Findings that are accepted now. */
  accepted: z.number().int(),
  /** Findings, not accepted, for which the version is in quarantine. */
  quarantinedFor: z.number().int(),
  /** When the first of the acceptances ends that keep the version out of quarantine; null when none does. */
  releasedUntil: Instant.nullable(),
  /** Files that had been scanned before, with the same content, and were not read again. */
  filesKnown: z.number().int(),
  difference: ScanDifference.nullable(),
  inherited: z.array(InheritedScan),
  download: DownloadStanding,
  /** What the caller may do with it; `reason` says why not. */
  may: z.object({ rescan: z.boolean(), accept: z.boolean(), reason: z.string() }),
});
export type VersionScan = z.infer<typeof VersionScan>;

export const ScannedFile = z.object({
  /** In the version. Foreign text: escape it. */
  path: z.string(),
  sha256: z.string(),
  size: z.number().int(),
  /** As recognised by content, e.g. `pickle`; empty while it was not scanned. */
  format: z.string(),
  /** Null while it was not scanned. */
  verdict: FileVerdict.nullable(),
  severities: SeverityCounts,
  /** Parts that could not be judged, in words. Foreign text may be quoted. */
  errors: z.array(
    z.object({ check: z.string(), message: z.string(), member: z.string(), offset: z.number() }),
  ),
  /** Parts that need no judging. */
  skipped: z.number().int(),
  scannedAt: Instant.nullable(),
  durationMs: z.number().nullable(),
  scanner: z.string(),
});
export type ScannedFile = z.infer<typeof ScannedFile>;

export const Acceptance = z.object({
  id: Id,
  reason: z.string(),
  by: z.string(),
  at: Instant,
  expiresAt: Instant.nullable(),
});
export type Acceptance = z.infer<typeof Acceptance>;

/** Stays the same for the same finding in the same content, over scans and scanners. */
export const FindingId = z.string().regex(/^[0-9a-f]{32}$/, 'not the id of a finding');

export const FrameworkReference = z.object({
  framework: z.string(),
  edition: z.string(),
  id: z.string(),
  name: z.string(),
});

export const ScanFinding = z.object({
  id: FindingId,
  /** Of the check, e.g. `artifacts/pickle`. */
  check: z.string(),
  kind: FindingKind,
  severity: FindingSeverity,
  /** True when a finding like this puts a version in quarantine. */
  quarantines: z.boolean(),
  /** May quote the file: escape it. */
  message: z.string(),
  /** Files of the version that have this content. */
  files: z.array(z.string()),
  sha256: z.string(),
  /** Where inside containers, joined by `!`; empty for the file itself. */
  member: z.string(),
  /** In bytes, in the innermost file. */
  offset: z.number().int(),
  /** The call as the loader would make it; null where there is none. Foreign text. */
  call: z.string().nullable(),
  import: z.string().nullable(),
  capability: z.string().nullable(),
  acceptance: Acceptance.nullable(),
});
export type ScanFinding = z.infer<typeof ScanFinding>;

export const FindingDetail = ScanFinding.extend({
  checkTitle: z.string(),
  title: z.string(),
  /** Why it matters, and what to do. */
  why: z.string(),
  advice: z.string(),
  /** What the capability lets an attacker do, in words; empty where it names none. */
  capabilityText: z.string(),
  /** Lines of a disassembly or excerpt around the offset. Foreign text. */
  excerpt: z.array(z.string()),
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  maps: z.array(FrameworkReference),
  scanner: z.string(),
  firstSeenAt: Instant,
  /** Acceptances that are over, newest first. */
  earlier: z.array(Acceptance.extend({ endedAt: Instant, ended: z.enum(['expired', 'withdrawn', 'worse']) })),
});
export type FindingDetail = z.infer<typeof FindingDetail>;

export const FindingFilter = z.object({
  severity: z.union([FindingSeverity, z.array(FindingSeverity)]).optional(),
  kind: z.union([FindingKind, z.array(FindingKind)]).optional(),
  /** Exact path of a file of the version. */
  file: z.string().max(4096).optional(),
  accepted: z.enum(['yes', 'no']).optional(),
});
export type FindingFilter = z.infer<typeof FindingFilter>;

const OnDownload = z.enum(['allow', 'refuse']);

export const ScanSettings = z.object({
  /**
   * Files without a verdict: `wait` holds a download until the verdict is there, at most `waitSeconds`, and then
   * asks the client to come again; `refuse` does so at once; `allow` gives them out.
   */
  onUnscanned: z.enum(['wait', 'allow', 'refuse']).default('wait'),
  waitSeconds: z.number().int().min(1).max(90).default(30),
  /**
   * Files of which a part could not be judged, and scans that failed. Files that were not read to their end, for want
   * of time or memory, are always refused.
   */
  onError: OnDownload.default('refuse'),
  onSuspicious: OnDownload.default('allow'),
  /** Most time for one file, and for a version. */
  fileSeconds: z.number().int().min(1).max(86_400).default(3_600),
  versionSeconds: z.number().int().min(1).max(604_800).default(21_600),
  /** Memory that the process which reads a file may have. */
  memoryMb: z.number().int().min(128).max(65_536).default(1_024),
  /** Scan again what an older scanner has judged. */
  rescan: z.boolean().default(true),
  /** At most that many versions an hour are scanned again for it. */
  rescansPerHour: z.number().int().min(1).max(100_000).default(60),
});
export type ScanSettings = z.infer<typeof ScanSettings>;

export const ScanSettingsView = ScanSettings.extend({
  updatedAt: Instant.nullable(),
  updatedBy: z.string().nullable(),
  /** The newest scanner that a server of this instance has had. */
  scanner: z.string(),
  /** Versions that an older scanner judged. */
  outdated: z.number().int(),
});
export type ScanSettingsView = z.infer<typeof ScanSettingsView>;

export const ScanOverview = z.object({
  /** Versions by where their latest scan stands. */
  states: z.object({
    queued: z.number().int(),
    running: z.number().int(),
    done: z.number().int(),
    failed: z.number().int(),
  }),
  /** Versions by the verdict of their latest finished scan; `skipped` counts none. */
  verdicts: VerdictCounts,
  quarantined: z.number().int(),
  running: z.array(ScanSummary),
  queued: z.array(ScanSummary),
  latest: z.array(ScanSummary),
  /** Files of runs that belong to no version yet. Null for callers who see only a part of the instance. */
  loose: z.object({ queued: z.number().int(), malicious: z.number().int() }).nullable(),
  scanner: z.string(),
});
export type ScanOverview = z.infer<typeof ScanOverview>;

/** One tensor of a file, as far as its numbers were measured. */
export const TensorNumbers = z.object({
  name: z.string(),
  type: z.string(),
  shape: z.array(z.number()),
  /** By name: mean, norm and others, as the scanner measured them; null where one is not finite. */
  numbers: z.record(z.string(), z.number().nullable()),
  /** What is odd about it, in words. */
  notes: z.array(z.string()),
});

export const WeightReport = z.object({
  path: z.string(),
  sha256: z.string(),
  tensors: z.array(TensorNumbers),
  /** Tensors in all; more than `tensors` where the list was cut. */
  total: z.number().int(),
});
export type WeightReport = z.infer<typeof WeightReport>;

export const DeltaKind = z.enum([
  'identical',
  'conversion',
  'fine-tune',
  'adapter',
  'low-rank-edit',
  'rows',
  'neurons',
  'last-layer',
  'partial',
  'different',
]);
export type DeltaKind = z.infer<typeof DeltaKind>;

/** How one tensor differs from the base's of the same name. */
export const TensorChange = z.object({
  name: z.string(),
  type: z.string(),
  shape: z.array(z.number()),
  state: z.enum(['changed', 'added', 'removed', 'reshaped']),
  /** By name: norm of the difference over that of the base, rank and others; null where one is not finite. */
  numbers: z.record(z.string(), z.number().nullable()),
});

/** The weights of a version beside those of the version that it is said to come from. */
export const BaseComparison = z.object({
  /** Null where the caller does not see it, or it is gone. */
  base: ScannedVersion.nullable(),
  /** Null where they could not be compared: `problem` says why. */
  kind: DeltaKind.nullable(),
  /** What the kind means, in words. */
  reading: z.string(),
  counts: z.object({
    unchanged: z.number().int(),
    changed: z.number().int(),
    added: z.number().int(),
    removed: z.number().int(),
    reshaped: z.number().int(),
  }),
  /** The largest differences first. Without those that the base alone has, where the caller does not see the base. */
  tensors: z.array(TensorChange),
  /** Tensors that differ, in all. */
  total: z.number().int(),
  notes: z.array(z.string()),
  problem: z.string(),
  comparedAt: Instant,
});
export type BaseComparison = z.infer<typeof BaseComparison>;

const Params = z.object({ id: Id });
const FindingParams = z.object({ id: Id, finding: FindingId });
const BASE = '/api/v1/scans';

/** `:id` is that of a model version. */
export const scanRoutes = {
  overview: defineRoute({
    id: 'scans.overview',
    method: 'GET',
    path: `${BASE}/overview`,
    summary: 'What is queued, running and done, and what came of it',
    access: 'models.read',
    response: ScanOverview,
  }),
  list: defineRoute({
    id: 'scans.list',
    method: 'GET',
    path: BASE,
    summary: 'Scans of versions, newest first',
    access: 'models.read',
    query: CursorQuery.extend({
      state: ScanState.optional(),
      verdict: ScanVerdict.optional(),
      quarantined: z.enum(['yes', 'no']).optional(),
      versionId: Id.optional(),
    }),
    response: pageOf(ScanSummary),
  }),
  settings: defineRoute({
    id: 'scans.settings',
    method: 'GET',
    path: `${BASE}/settings`,
    summary: 'What a verdict means for downloads, and the limits of a scan',
    access: 'models.read',
    response: ScanSettingsView,
  }),
  changeSettings: defineRoute({
    id: 'scans.changeSettings',
    method: 'PUT',
    path: `${BASE}/settings`,
    summary: 'Change what a verdict means for downloads, and the limits of a scan',
    access: 'models.manage',
    lasting: true,
    stepUp: true,
    body: ScanSettings,
    response: ScanSettingsView,
  }),
  version: defineRoute({
    id: 'scans.version',
    method: 'GET',
    path: `${BASE}/versions/:id`,
    summary: 'The latest scan of a version: state, progress, verdict, quarantine',
    access: 'models.read',
    params: Params,
    response: VersionScan,
  }),
  rescan: defineRoute({
    id: 'scans.rescan',
    method: 'POST',
    path: `${BASE}/versions/:id`,
    summary: 'Scan a version again; one that waits or runs already is not doubled',
    access: 'models.write',
    params: Params,
    body: z.object({
      /** Read every file again, even where its content is known to this scanner. Takes `models.manage`. */
      everything: z.boolean().default(false),
    }),
    response: ScanSummary,
  }),
  files: defineRoute({
    id: 'scans.files',
    method: 'GET',
    path: `${BASE}/versions/:id/files`,
    summary: 'The files of a version with what each came to, the worst first',
    access: 'models.read',
    params: Params,
    query: CursorQuery,
    response: pageOf(ScannedFile),
  }),
  findings: defineRoute({
    id: 'scans.findings',
    method: 'GET',
    path: `${BASE}/versions/:id/findings`,
    summary: 'What was found in a version, the worst first',
    access: 'models.read',
    params: Params,
    query: FindingFilter.extend(CursorQuery.shape),
    response: pageOf(ScanFinding),
  }),
  finding: defineRoute({
    id: 'scans.finding',
    method: 'GET',
    path: `${BASE}/versions/:id/findings/:finding`,
    summary: 'One finding with its evidence, why it matters and what to do',
    access: 'models.read',
    params: FindingParams,
    response: FindingDetail,
  }),
  accept: defineRoute({
    id: 'scans.accept',
    method: 'POST',
    path: `${BASE}/versions/:id/findings/:finding/accept`,
    summary:
      'Accept a finding of a version with a reason, until a day; it then keeps nobody from downloading',
    access: 'models.manage',
    lasting: true,
    stepUp: true,
    params: FindingParams,
    body: z.object({
      reason: z.string().trim().min(10).max(1000),
      /** Within a year; the finding counts again from then on. */
      expiresAt: Instant,
    }),
    response: FindingDetail,
  }),
  withdraw: defineRoute({
    id: 'scans.withdraw',
    method: 'POST',
    path: `${BASE}/versions/:id/findings/:finding/withdraw`,
    summary: 'End the acceptance of a finding; it counts again at once',
    access: 'models.manage',
    stepUp: true,
    params: FindingParams,
    response: FindingDetail,
  }),
  weights: defineRoute({
    id: 'scans.weights',
    method: 'GET',
    path: `${BASE}/versions/:id/weights`,
    summary: 'The numbers of the weights, file by file, and how they differ from the base',
    access: 'models.read',
    params: Params,
    response: z.object({
      items: z.array(WeightReport),
      /** Null where no base is named, or one of the two has no weights that can be read. */
      base: BaseComparison.nullable(),
    }),
  }),
  sarif: defineRoute({
    id: 'scans.sarif',
    method: 'GET',
    path: `${BASE}/versions/:id/sarif`,
    summary: 'The findings of a version as SARIF 2.1.0',
    access: 'models.read',
    params: Params,
    streams: 'text/plain',
  }),
} as const;
