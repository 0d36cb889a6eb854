import { z } from 'zod';
import { Empty, Id, Instant } from './common.ts';
import { defineRoute } from './route.ts';
import { Author, Direction, SegmentKind, Verdict } from './verdicts.ts';

export const RuleAction = z.enum(['allow', 'flag', 'redact', 'block']);

/** One rule: run a check on some text and do something about what it finds. */
export const PolicyRule = z.object({
  /** Unique within the policy; shown in findings. */
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/),
  /** Catalogue id, e.g. `text/injection`. */
  check: z.string().regex(/^[a-z]+\/[a-z0-9-]+$/),
  enabled: z.boolean().default(true),
  /** Validated by the check's own schema. */
  config: z.record(z.string(), z.unknown()).default({}),
  directions: z.array(Direction).min(1).default(['input']),
  authors: z.array(Author).min(1).default(['user', 'third_party', 'assistant']),
  /** Endpoint ids that the rule is for; empty means every endpoint that uses the policy. */
  endpoints: z.array(Id).default([]),
  action: RuleAction,
  /** Findings scoring below this are ignored, 0..1. */
  threshold: z.number().min(0).max(1).default(0.5),
  /** Shown to the caller when the rule blocks: says what to do instead. */
  coaching: z.string().max(500).default(''),
});
export type PolicyRule = z.infer<typeof PolicyRule>;

export const PolicyDocument = z
  .object({
    /** `shadow` records what would have happened and lets everything pass. */
    mode: z.enum(['enforce', 'shadow']).default('enforce'),
    rules: z.array(PolicyRule).max(200),
  })
  .superRefine((document, context) => {
    const seen = new Set<string>();
    for (const [index, rule] of document.rules.entries()) {
      if (seen.has(rule.id)) {
        context.addIssue({
          code: 'custom',
          path: ['rules', index, 'id'],
          message: `two rules are called "${rule.id}"; give each its own id`,
        });
      }
      seen.add(rule.id);
    }
  });
export type PolicyDocument = z.infer<typeof PolicyDocument>;

export const PolicySummary = z.object({
  id: Id,
  name: z.string(),
  description: z.string(),
  activeVersion: z.number().int().positive(),
  latestVersion: z.number().int().positive(),
  mode: z.enum(['enforce', 'shadow']),
  ruleCount: z.number().int(),
  endpointIds: z.array(Id),
  updatedAt: Instant,
});
export type PolicySummary = z.infer<typeof PolicySummary>;

export const PolicyVersion = z.object({
  policyId: Id,
  version: z.number().int().positive(),
  document: PolicyDocument,
  note: z.string(),
  createdAt: Instant,
  createdBy: z.string(),
  active: z.boolean(),
});
export type PolicyVersion = z.infer<typeof PolicyVersion>;

export const PolicyDetail = PolicySummary.extend({
  document: PolicyDocument,
  versions: z.array(PolicyVersion),
});
export type PolicyDetail = z.infer<typeof PolicyDetail>;

/** A check as the console sees it: enough to draw its form. */
export const CheckSummary = z.object({
  id: z.string(),
  title: z.string(),
  description: z.string(),
  subject: z.string(),
  maps: z.array(z.object({ framework: z.string(), edition: z.string(), id: z.string(), name: z.string() })),
  /** JSON Schema (2020-12) of `config`, defaults included. */
  configSchema: z.record(z.string(), z.unknown()),
  defaults: PolicyRule.omit({ id: true, check: true }).partial(),
  actions: z.array(RuleAction),
  directions: z.array(Direction),
  /** False for a check that finds nothing until it is told what to look for. */
  worksUnconfigured: z.boolean(),
  samples: z.array(z.object({ title: z.string(), text: z.string(), found: z.boolean() })),
});
export type CheckSummary = z.infer<typeof CheckSummary>;

/** A finding located in a segment. `start`/`end` are UTF-16 offsets into the segment's text. */
export const GuardFinding = z.object({
  rule: z.string(),
  check: z.string(),
  action: Verdict,
  direction: Direction,
  segment: z.number().int().nonnegative(),
  author: Author,
  start: z.number().int().nonnegative(),
  end: z.number().int().nonnegative(),
  score: z.number().min(0).max(1),
  /** Calibrated probability, 0..1, of checks that have one. */
  probability: z.number().min(0).max(1).optional(),
  /** Finer kind within the check, e.g. `card-number`, `buried`. */
  kind: z.string(),
  message: z.string(),
  /** False when the policy is in shadow mode or the finding is below what acts. */
  enforced: z.boolean(),
});
export type GuardFinding = z.infer<typeof GuardFinding>;

export const GuardTiming = z.object({ check: z.string(), direction: Direction, ms: z.number() });

export const TrySegment = z.object({
  author: Author,
  kind: SegmentKind.default('message'),
  text: z.string().max(200_000),
});

export const TryRequest = z.object({
  /** A saved policy (its active version unless `version` says otherwise) or a draft document. */
  policyId: Id.optional(),
  version: z.number().int().positive().optional(),
  document: PolicyDocument.optional(),
  endpointId: Id.optional(),
  direction: Direction.default('input'),
  segments: z.array(TrySegment).min(1).max(50),
});

/** How the injection detector read a segment. */
export const DetectorReading = z.object({
  segment: z.number().int(),
  origin: z.enum(['user', 'third_party']),
  /** Calibrated probability of an attack, 0..1, and from where on it counts as one at “balanced”. */
  probability: z.number().min(0).max(1),
  threshold: z.number().min(0).max(1),
  /** What the fast stage settled without the encoder; null: the encoder was asked. */
  settled: z.enum(['harmless', 'attack']).nullable(),
  /** Windows and parts that the fast stage read. */
  count: z.number().int(),
  /** The most suspect first; UTF-16 offsets into the segment's text, logits of the two stages. */
  windows: z.array(
    z.object({
      start: z.number().int(),
      end: z.number().int(),
      piece: z.string().nullable(),
      how: z.array(z.string()),
      linear: z.number(),
      encoder: z.number().nullable(),
      /** The encoder's lower layers were sure, so that the upper ones did not read it; null: it was not asked. */
      early: z.boolean().nullable().default(null),
    }),
  ),
});
export type DetectorReading = z.infer<typeof DetectorReading>;

export const TryResult = z.object({
  verdict: Verdict,
  /** What a policy in shadow mode would have done; equals `verdict` when enforcing. */
  wouldBe: Verdict,
  coaching: z.string(),
  findings: z.array(GuardFinding),
  /** The segments as they would be forwarded. */
  redacted: z.array(z.string()),
  timings: z.array(GuardTiming),
  errors: z.array(z.object({ check: z.string(), message: z.string() })),
  /** How the injection detector read each segment of a user or third party; empty where it judged nothing. */
  readings: z.array(DetectorReading).default([]),
});
export type TryResult = z.infer<typeof TryResult>;

export const DryRunRequest = z.object({
  document: PolicyDocument,
  /** Look at interactions from this instant on; at most `sample` of the newest. */
  since: Instant.optional(),
  until: Instant.optional(),
  endpointId: Id.optional(),
  sample: z.number().int().min(1).max(5000).default(1000),
});

export const DryRunResult = z.object({
  examined: z.number().int(),
  /** Interactions whose retention keeps no text, so nothing can be said. */
  notEvaluable: z.number().int(),
  unchanged: z.number().int(),
  changes: z.array(
    z.object({
      interactionId: Id,
      at: Instant,
      endpoint: z.string(),
      before: Verdict,
      after: Verdict,
      rules: z.array(z.string()),
      excerpt: z.string(),
    }),
  ),
  /** Count by `before→after`. */
  summary: z.array(z.object({ before: Verdict, after: Verdict, count: z.number().int() })),
});
export type DryRunResult = z.infer<typeof DryRunResult>;

const PolicyParams = z.object({ id: Id });
const VersionBody = z.object({
  document: PolicyDocument,
  note: z.string().max(500).default(''),
  activate: z.boolean().default(false),
});

export const policyRoutes = {
  checks: defineRoute({
    id: 'checks.list',
    method: 'GET',
    path: '/api/v1/checks',
    summary: 'The catalogue of checks with their configuration schemas',
    access: 'checks.read',
    response: z.object({ items: z.array(CheckSummary) }),
  }),
  list: defineRoute({
    id: 'policies.list',
    method: 'GET',
    path: '/api/v1/policies',
    summary: 'All policies',
    access: 'policies.read',
    response: z.object({ items: z.array(PolicySummary) }),
  }),
  get: defineRoute({
    id: 'policies.get',
    method: 'GET',
    path: '/api/v1/policies/:id',
    summary: 'A policy with its active document and all versions',
    access: 'policies.read',
    params: PolicyParams,
    response: PolicyDetail,
  }),
  create: defineRoute({
    id: 'policies.create',
    method: 'POST',
    path: '/api/v1/policies',
    summary: 'Create a policy; its first version is active',
    access: 'policies.manage',
    body: z.object({
      name: z.string().min(1).max(100),
      description: z.string().max(500).default(''),
      document: PolicyDocument,
    }),
    response: PolicyDetail,
  }),
  addVersion: defineRoute({
    id: 'policies.addVersion',
    method: 'POST',
    path: '/api/v1/policies/:id/versions',
    summary: 'Save a new version, live at once when `activate` is true',
    access: 'policies.manage',
    params: PolicyParams,
    body: VersionBody,
    response: PolicyDetail,
  }),
  activate: defineRoute({
    id: 'policies.activate',
    method: 'POST',
    path: '/api/v1/policies/:id/activate',
    summary: 'Put a version live, an earlier one too',
    access: 'policies.manage',
    params: PolicyParams,
    body: z.object({ version: z.number().int().positive() }),
    response: PolicyDetail,
  }),
  remove: defineRoute({
    id: 'policies.remove',
    method: 'DELETE',
    path: '/api/v1/policies/:id',
    summary: 'Remove a policy that no endpoint uses',
    access: 'policies.manage',
    params: PolicyParams,
    response: Empty,
  }),
  dryRun: defineRoute({
    id: 'policies.dryRun',
    method: 'POST',
    path: '/api/v1/policies/dry-run',
    summary: 'Judge recorded traffic with a draft and show which verdicts would change',
    access: 'policies.manage',
    body: DryRunRequest,
    response: DryRunResult,
  }),
  tryOut: defineRoute({
    id: 'policies.try',
    method: 'POST',
    path: '/api/v1/policies/try',
    summary: 'Judge a text or chat with a policy; nothing is recorded',
    access: 'policies.try',
    body: TryRequest,
    response: TryResult,
    bodyLimitBytes: 4 * 1024 * 1024,
  }),
} as const;
