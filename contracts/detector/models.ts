import { z } from 'zod';
import { CursorQuery, Empty, Id, Instant, pageOf } from '../common.ts';
import { defineRoute } from '../route.ts';
import {
  DetectorActor,
  DetectorModelName,
  DetectorModelRef,
  DetectorOrigin,
  DetectorPoint,
  DetectorDigest as Digest,
  OverrideReason,
} from './fields.ts';

/** Largest file of a model, in bytes. */
export const MAX_DETECTOR_FILE_BYTES = 64 * 1024 * 1024;

export const DetectorFile = z.object({ name: z.string(), sha256: Digest, bytes: z.number().int() });

/** A model of the injection detector: the product's own, or one that was added. */
export const DetectorModel = z.object({
  name: DetectorModelName,
  /** Comes with this server's version of the product. */
  builtIn: z.boolean(),
  /** Of its manifest in canonical form, by which comparisons and switches know it; null of the rules alone. */
  sha256: Digest.nullable(),
  /** Bytes of all files. */
  bytes: z.number().int(),
  files: z.array(DetectorFile),
  /** Probabilities from which a text counts as an attack; null of the rules alone. */
  points: z.record(DetectorOrigin, z.record(DetectorPoint, z.number())).nullable(),
  note: z.string(),
  /** Null of the product's own. */
  addedBy: DetectorActor.nullable(),
  addedAt: Instant.nullable(),
  live: z.boolean(),
  /** When it was last put live; null: never by a person. */
  liveSince: Instant.nullable(),
});
export type DetectorModel = z.infer<typeof DetectorModel>;

/** A share with its 95% interval after Wilson (1927); all null of none. */
export const DetectorShare = z.object({
  count: z.number().int(),
  of: z.number().int(),
  share: z.number().nullable(),
  low: z.number().nullable(),
  high: z.number().nullable(),
});
export type DetectorShare = z.infer<typeof DetectorShare>;

/** What both models said of the different texts of interactions at one operating point. */
export const DetectorAgreement = z.object({
  point: DetectorPoint,
  both: z.number().int(),
  neither: z.number().int(),
  onlyLive: z.number().int(),
  onlyCandidate: z.number().int(),
});

/** Milliseconds for one text, the reading of it and the rules left out. */
const Latency = z.object({ p50: z.number(), p99: z.number() });

/** What one of the two models did. */
export const ComparedModel = z.object({
  /** Interactions with a text that it takes for an attack, at each operating point. */
  blocked: z.array(DetectorShare.extend({ point: DetectorPoint })),
  /** Of texts corrected to attacks, those found; of texts corrected to harmless, those taken for attacks. */
  recall: z.array(DetectorShare.extend({ point: DetectorPoint })),
  falseAlarms: z.array(DetectorShare.extend({ point: DetectorPoint })),
  latencyMs: Latency,
  /** Texts of interactions that the fast stage settled. */
  settledByLinear: DetectorShare,
});

export const DetectorComparisonResult = z.object({
  interactions: z.number().int(),
  /** Whose content was not kept, or cannot be opened any more. */
  notEvaluable: z.number().int(),
  /** Different texts of these interactions that were judged, of users and of third parties. */
  texts: z.object({ user: z.number().int(), third_party: z.number().int() }),
  /** Too long, or past the time that a text may take. */
  notJudged: z.number().int(),
  corrections: z.object({ attack: z.number().int(), harmless: z.number().int() }),
  agreement: z.array(DetectorAgreement),
  live: ComparedModel,
  candidate: ComparedModel,
  /** Different texts of interactions about which the two differ at “balanced”; kept are the newest 2,000. */
  changes: z.number().int(),
  durationMs: z.number(),
});
export type DetectorComparisonResult = z.infer<typeof DetectorComparisonResult>;

/** `cancelled`: by a person. A failed one says why in `message`. */
export const DetectorComparisonState = z.enum(['waiting', 'running', 'done', 'failed', 'cancelled']);

export const DetectorComparison = z.object({
  id: Id,
  candidate: DetectorModelName,
  /** Of the two models that are compared; null of the rules alone. */
  candidateSha256: Digest.nullable(),
  live: DetectorModelName,
  liveSha256: Digest.nullable(),
  state: DetectorComparisonState,
  message: z.string(),
  /** Newest interactions to look at, at most. */
  sample: z.number().int(),
  progress: z.object({ done: z.number().int(), total: z.number().int() }).nullable(),
  requestedBy: DetectorActor,
  requestedAt: Instant,
  finishedAt: Instant.nullable(),
  result: DetectorComparisonResult.nullable(),
});
export type DetectorComparison = z.infer<typeof DetectorComparison>;

/** A text about which the two models differ at “balanced”. Its content is read where the interaction's is. */
export const DetectorComparisonChange = z.object({
  interactionId: Id,
  at: Instant,
  endpointId: Id.nullable(),
  segment: z.number().int(),
  origin: DetectorOrigin,
  live: z.object({ attack: z.boolean(), probability: z.number().nullable() }),
  candidate: z.object({ attack: z.boolean(), probability: z.number().nullable() }),
});
export type DetectorComparisonChange = z.infer<typeof DetectorComparisonChange>;

/** A model was put live. */
export const DetectorSwitch = z.object({
  /** 1 is the first, each one more: they are in this order, whatever the clocks said. */
  number: z.number().int().positive(),
  model: DetectorModelName,
  /** Null of the rules alone. */
  sha256: Digest.nullable(),
  before: DetectorModelName,
  beforeSha256: Digest.nullable(),
  at: Instant,
  by: DetectorActor,
  comparisonId: Id.nullable(),
  /** Why it was put live without a comparison; empty otherwise. */
  override: z.string(),
});
export type DetectorSwitch = z.infer<typeof DetectorSwitch>;

/** Which model is live, and the last 100 switches, newest first. */
export const DetectorStatus = z.object({
  live: DetectorModel,
  switches: z.array(DetectorSwitch),
});
export type DetectorStatus = z.infer<typeof DetectorStatus>;

const Params = z.object({ id: Id });
const ModelParams = z.object({ name: DetectorModelRef });

export const detectorModelRoutes = {
  list: defineRoute({
    id: 'detector.models.list',
    method: 'GET',
    path: '/api/v1/detector/models',
    summary:
      'Models of the injection detector: the product’s own first, then those that were added, newest first',
    access: 'detector.read',
    response: z.object({ items: z.array(DetectorModel) }),
  }),
  get: defineRoute({
    id: 'detector.models.get',
    method: 'GET',
    path: '/api/v1/detector/models/:name',
    summary: 'One model of the injection detector, by its name or its digest',
    access: 'detector.read',
    params: ModelParams,
    response: DetectorModel,
  }),
  sendFile: defineRoute({
    id: 'detector.models.sendFile',
    method: 'PUT',
    path: '/api/v1/detector/files/:digest',
    summary: 'Send a file of a model, before the model is added; forgotten after a day when none is',
    access: 'detector.manage',
    params: z.object({ digest: Digest }),
    receives: 'application/octet-stream',
    bodyLimitBytes: MAX_DETECTOR_FILE_BYTES,
    response: z.object({ sha256: Digest, bytes: z.number().int() }),
  }),
  add: defineRoute({
    id: 'detector.models.add',
    method: 'POST',
    path: '/api/v1/detector/models',
    summary: 'Add a model as a candidate: its `model.json`, whose files were sent before',
    access: 'detector.manage',
    body: z.object({
      manifest: z.record(z.string(), z.unknown()),
      note: z.string().max(500).default(''),
    }),
    response: DetectorModel,
  }),
  remove: defineRoute({
    id: 'detector.models.remove',
    method: 'DELETE',
    path: '/api/v1/detector/models/:name',
    summary: 'Remove a model that is not live',
    access: 'detector.manage',
    params: ModelParams,
    response: Empty,
  }),
} as const;

export const detectorComparisonRoutes = {
  create: defineRoute({
    id: 'detector.comparisons.create',
    method: 'POST',
    path: '/api/v1/detector/comparisons',
    summary:
      'Compare a candidate with the live model on recorded traffic and on corrections, in the background',
    access: 'detector.manage',
    body: z.object({
      candidate: DetectorModelRef,
      sample: z.number().int().min(1).max(10_000).default(10_000),
    }),
    response: DetectorComparison,
  }),
  list: defineRoute({
    id: 'detector.comparisons.list',
    method: 'GET',
    path: '/api/v1/detector/comparisons',
    summary: 'Comparisons, newest first',
    access: 'detector.read',
    query: CursorQuery.extend({ candidate: DetectorModelRef.optional() }),
    response: pageOf(DetectorComparison),
  }),
  get: defineRoute({
    id: 'detector.comparisons.get',
    method: 'GET',
    path: '/api/v1/detector/comparisons/:id',
    summary: 'One comparison with its result',
    access: 'detector.read',
    params: Params,
    response: DetectorComparison,
  }),
  changes: defineRoute({
    id: 'detector.comparisons.changes',
    method: 'GET',
    path: '/api/v1/detector/comparisons/:id/changes',
    summary: 'Texts about which the two models differ, newest first, without content',
    access: 'interactions.read',
    params: Params,
    query: CursorQuery,
    response: pageOf(DetectorComparisonChange),
  }),
  cancel: defineRoute({
    id: 'detector.comparisons.cancel',
    method: 'POST',
    path: '/api/v1/detector/comparisons/:id/cancel',
    summary: 'Stop a comparison that waits or runs',
    access: 'detector.manage',
    params: Params,
    response: DetectorComparison,
  }),
} as const;

export const detectorGatewayRoutes = {
  file: defineRoute({
    id: 'gateway.detectorFile',
    method: 'GET',
    path: '/internal/v1/detector/files/:digest',
    summary: 'A file of a model that was added to the detector, by its digest',
    access: 'gateway',
    params: z.object({ digest: Digest }),
    streams: 'application/octet-stream',
  }),
} as const;

export const detectorSwitchRoutes = {
  status: defineRoute({
    id: 'detector.status',
    method: 'GET',
    path: '/api/v1/detector',
    summary: 'The live model of the injection detector and how it came to be live, newest switch first',
    access: 'detector.read',
    response: DetectorStatus,
  }),
  use: defineRoute({
    id: 'detector.use',
    method: 'POST',
    path: '/api/v1/detector/use',
    summary:
      'Put a model live on all gateways; takes a finished comparison with the live one, or a reason to do without. Under four eyes: `review_required`',
    access: 'detector.manage',
    body: z.object({
      model: DetectorModelRef,
      /** Why it is put live without a comparison. */
      override: OverrideReason.optional(),
    }),
    response: DetectorStatus,
  }),
} as const;
