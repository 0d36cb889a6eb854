import { z } from 'zod';
import { CursorQuery, Id, Instant, pageOf, Slug } from './common.ts';
import { DataPolicy } from './data/sources.ts';
import { DetectorModelRef, OverrideReason } from './detector/fields.ts';
import { PolicyDocument } from './policies.ts';
import { defineRoute } from './route.ts';

/**
 * What may be proposed: the change, and nothing else, is done when somebody else approves it. Most kinds only need
 * that while four eyes are demanded; those that say so always do.
 */
export const Proposal = z.discriminatedUnion('kind', [
  z.object({
    /** Save a new version and put it live. */
    kind: z.literal('policies.save'),
    policyId: Id,
    document: PolicyDocument,
    note: z.string().max(500).default(''),
  }),
  z.object({ kind: z.literal('policies.activate'), policyId: Id, version: z.number().int().positive() }),
  z.object({ kind: z.literal('policies.remove'), policyId: Id }),
  z.object({
    /** How an endpoint is guarded, and under which name clients reach it. Absent fields stay as they are. */
    kind: z.literal('endpoints.guard'),
    endpointId: Id,
    policyId: Id.nullable().optional(),
    onGuardError: z.enum(['deny', 'allow']).optional(),
    slug: Slug.optional(),
  }),
  z.object({ kind: z.literal('endpoints.remove'), endpointId: Id }),
  z.object({
    /** Put a model of the injection detector live on all gateways. */
    kind: z.literal('detector.use'),
    model: DetectorModelRef,
    /** Why it is put live without a comparison. */
    override: OverrideReason.optional(),
  }),
  z.object({
    /** Demand less before data is used. Always needs a second person. */
    kind: z.literal('data.policy'),
    /** Null: what holds where a dataset says nothing else. */
    dataset: Id.nullable(),
    /** Null: the dataset gets that of all. */
    policy: DataPolicy.nullable(),
  }),
  z.object({
    /** Turn four eyes off. */
    kind: z.literal('reviews.relax'),
  }),
]);
export type Proposal = z.infer<typeof Proposal>;
export type ProposalKind = Proposal['kind'];
export const PROPOSAL_KINDS: readonly ProposalKind[] = Object.freeze(
  Proposal.options.map((option) => option.shape.kind.value),
);

/**
 * `stale`: what it was about changed since; propose it anew. `expired`: nobody decided within 7 days.
 * Only an open review can still be decided.
 */
export const REVIEW_STATES = ['open', 'approved', 'rejected', 'withdrawn', 'expired', 'stale'] as const;
export const ReviewState = z.enum(REVIEW_STATES);
export type ReviewState = z.infer<typeof ReviewState>;

/** Who proposed or decided. */
export const ReviewActor = z.object({
  kind: z.enum(['person', 'key', 'system']),
  id: z.string(),
  name: z.string(),
});

/** One line of what would change; values are short texts or JSON. */
export const ReviewChange = z.object({ path: z.string(), before: z.unknown(), after: z.unknown() });
export type ReviewChange = z.infer<typeof ReviewChange>;

const Allowed = z.object({
  allowed: z.boolean(),
  /** Why not, in words for the person who asks; empty when allowed. */
  reason: z.string(),
});

export const Review = z.object({
  id: Id,
  kind: z.string(),
  /** What happens on approval, in one sentence. */
  title: z.string(),
  /** `policy:<id>`, `endpoint:<id>`, `detector`, `data-policy:all`, `dataset:<id>`, `reviews`. */
  subject: z.string(),
  reason: z.string(),
  state: ReviewState,
  /** SHA-256 (hex) over the exact change and the facts that it rests on; approving names it. */
  digest: z.string(),
  proposedBy: ReviewActor,
  proposedAt: Instant,
  expiresAt: Instant,
  decidedBy: ReviewActor.nullable(),
  decidedAt: Instant.nullable(),
  decisionNote: z.string(),
  /** What the caller may do with it. */
  may: z.object({ approve: Allowed, reject: Allowed, withdraw: Allowed }),
});
export type Review = z.infer<typeof Review>;

export const ReviewDetail = Review.extend({
  proposal: Proposal,
  changes: z.array(ReviewChange),
  /** Open, but what it is about changed since: approving will be refused. */
  stale: z.boolean(),
  /** People who may approve it. */
  approvers: z.array(z.object({ id: Id, name: z.string() })),
});
export type ReviewDetail = z.infer<typeof ReviewDetail>;

export const ReviewSettings = z.object({
  /** Changes that weaken or alter what guards live traffic need a second person. */
  fourEyes: z.boolean(),
});
export type ReviewSettings = z.infer<typeof ReviewSettings>;

export const REVIEW_REASON = { min: 10, max: 500 } as const;
const Params = z.object({ id: Id });
const Note = z.string().trim().max(500).default('');

export const reviewRoutes = {
  list: defineRoute({
    id: 'reviews.list',
    method: 'GET',
    path: '/api/v1/reviews',
    summary: 'Changes that wait for a second person, and those decided; newest first',
    access: 'policies.read',
    query: CursorQuery.extend({
      state: z.enum(['open', 'decided', 'all']).default('open'),
      /** Only what the caller, or a key of theirs, proposed. */
      mine: z
        .enum(['true', 'false'])
        .default('false')
        .transform((value) => value === 'true'),
    }),
    response: pageOf(Review),
  }),
  get: defineRoute({
    id: 'reviews.get',
    method: 'GET',
    path: '/api/v1/reviews/:id',
    summary: 'One review with what would change',
    access: 'policies.read',
    params: Params,
    response: ReviewDetail,
  }),
  propose: defineRoute({
    id: 'reviews.propose',
    method: 'POST',
    path: '/api/v1/reviews',
    summary: 'Propose a change that needs a second person (after `review_required`); good for 7 days',
    /** The permission of the change itself is demanded too. */
    access: 'policies.read',
    body: z.object({
      proposal: Proposal,
      reason: z.string().trim().min(REVIEW_REASON.min, 'say why, in a sentence').max(REVIEW_REASON.max),
    }),
    response: ReviewDetail,
  }),
  approve: defineRoute({
    id: 'reviews.approve',
    method: 'POST',
    path: '/api/v1/reviews/:id/approve',
    summary: 'Approve what somebody else proposed; it is done at once, or refused when the subject changed',
    access: 'policies.approve',
    stepUp: true,
    params: Params,
    body: z.object({ digest: z.string().regex(/^[0-9a-f]{64}$/), note: Note }),
    response: Review,
  }),
  reject: defineRoute({
    id: 'reviews.reject',
    method: 'POST',
    path: '/api/v1/reviews/:id/reject',
    summary: 'Reject what somebody else proposed',
    access: 'policies.approve',
    stepUp: true,
    params: Params,
    body: z.object({ note: Note }),
    response: Review,
  }),
  withdraw: defineRoute({
    id: 'reviews.withdraw',
    method: 'POST',
    path: '/api/v1/reviews/:id/withdraw',
    summary: 'Take back what you proposed',
    access: 'policies.read',
    params: Params,
    response: Review,
  }),
  settings: defineRoute({
    id: 'reviews.settings',
    method: 'GET',
    path: '/api/v1/reviews/settings',
    summary: 'Whether changes to guards need a second person',
    access: 'policies.read',
    response: ReviewSettings,
  }),
  changeSettings: defineRoute({
    id: 'reviews.changeSettings',
    method: 'PUT',
    path: '/api/v1/reviews/settings',
    summary: 'Demand four eyes at once; turning it off again has to be proposed',
    access: 'sign-in.manage',
    stepUp: true,
    body: ReviewSettings,
    response: ReviewSettings,
  }),
} as const;
