import { z } from 'zod';
import { Id } from './common.ts';
import {
  FindingBrief,
  InheritedFinding,
  VersionMetric,
  VersionRef,
  VersionStage,
  VersionStatus,
} from './registry-fields.ts';
import { ScanVerdict } from './scans.ts';

export const LINEAGE_KINDS = [
  'model-version',
  'run',
  'dataset',
  'external-base',
  'endpoint',
  'system',
] as const;

/**
 * `based-on`: was made from. `made-by`: by a run. `used`: a dataset. `same-content`: a version here has the digest
 * that a base from elsewhere is named with. `serves`: an endpoint, a version. `uses`: a system, a model.
 */
export const LINEAGE_RELATIONS = ['based-on', 'made-by', 'used', 'same-content', 'serves', 'uses'] as const;

export const LineageNode = z.object({
  /** Unique in the answer, `<kind>:<id or name>`; of what is hidden a number that means nothing elsewhere. */
  id: z.string(),
  kind: z.enum(LINEAGE_KINDS),
  /** People's text. */
  label: z.string(),
  /** Of what has a page: the id that its routes take. */
  ref: z.string().nullable(),
  /** Of versions. */
  modelId: Id.nullable(),
  version: z.number().int().positive().nullable(),
  stage: VersionStage.nullable(),
  status: VersionStatus.nullable(),
  verdict: ScanVerdict.nullable(),
  quarantined: z.boolean(),
  removed: z.boolean(),
  /** True of a version that the caller may not see, and which is named nothing but its verdict. */
  hidden: z.boolean(),
  /** Of datasets and bases from elsewhere: the digest they were named with. */
  digest: z.string().nullable(),
  /** Steps from the version that was asked about: negative for what it comes from, positive for what comes of it. */
  distance: z.number().int(),
});
export type LineageNode = z.infer<typeof LineageNode>;

/** Points from what was made or uses to what it was made from or uses. */
export const LineageEdge = z.object({
  from: z.string(),
  to: z.string(),
  relation: z.enum(LINEAGE_RELATIONS),
});
export type LineageEdge = z.infer<typeof LineageEdge>;

export const Lineage = z.object({
  /** Id of the node of the version that was asked about. */
  root: z.string(),
  nodes: z.array(LineageNode),
  edges: z.array(LineageEdge),
  inherited: z.array(InheritedFinding),
  /** True when limits of depth or number cut something off. */
  truncated: z.boolean(),
  /** What comes of the version and the caller may not see, as far as it was followed. */
  hidden: z.number().int().nonnegative(),
});
export type Lineage = z.infer<typeof Lineage>;

export const LineageQuery = z.object({
  /** Steps in each direction. */
  depth: z.coerce.number().int().min(1).max(100).default(20),
  /** Nodes at most. */
  limit: z.coerce.number().int().min(1).max(1_000).default(200),
});

export const CompareQuery = z.object({
  from: VersionRef,
  to: VersionRef,
  /** Id or name of the model that `to` is of; the same model where absent. */
  toModel: z.string().min(1).max(256).optional(),
});

const Side = z.object({
  id: Id,
  modelId: Id,
  modelName: z.string(),
  version: z.number().int().positive(),
  digest: z.string().nullable(),
  stage: VersionStage,
  verdict: ScanVerdict.nullable(),
  quarantined: z.boolean(),
});
const FileSide = z.object({ sha256: z.string(), size: z.number().int().nonnegative() });

/** At most this many files and findings are listed of each kind; the counts are of all. */
export const MAX_COMPARED = 1_000;

export const VersionComparison = z.object({
  from: Side,
  to: Side,
  /** True when every file is the same. */
  sameContent: z.boolean(),
  files: z.object({
    same: z.number().int().nonnegative(),
    counts: z.object({
      added: z.number().int().nonnegative(),
      removed: z.number().int().nonnegative(),
      changed: z.number().int().nonnegative(),
    }),
    added: z.array(FileSide.extend({ path: z.string() })),
    removed: z.array(FileSide.extend({ path: z.string() })),
    changed: z.array(z.object({ path: z.string(), from: FileSide, to: FileSide })),
  }),
  /** Of both; null where one side has none. */
  metrics: z.array(
    z.object({
      key: z.string(),
      from: VersionMetric.shape.value.nullable(),
      to: VersionMetric.shape.value.nullable(),
    }),
  ),
  /** Those that differ. */
  tags: z.array(z.object({ key: z.string(), from: z.string().nullable(), to: z.string().nullable() })),
  /** Null while one of them has no finished scan. */
  findings: z
    .object({
      same: z.number().int().nonnegative(),
      counts: z.object({ added: z.number().int().nonnegative(), removed: z.number().int().nonnegative() }),
      added: z.array(FindingBrief),
      removed: z.array(FindingBrief),
    })
    .nullable(),
});
export type VersionComparison = z.infer<typeof VersionComparison>;
