import { z } from 'zod';
import { CursorQuery, Empty, Id, Instant, pageOf } from '../common.ts';
import { defineRoute } from '../route.ts';
import { SegmentKind, Verdict } from '../verdicts.ts';
import {
  AttackKind,
  CorrectionLabel,
  DetectorActor,
  DetectorModelName,
  DetectorOrigin,
  HarmlessKind,
  Language,
  TextSpan,
} from './fields.ts';

/** Longest text that can be corrected, in UTF-16 units. */
export const MAX_CORRECTED_CHARS = 200_000;

/** A text that was tried in the playground is kept as long as an endpoint keeps its traffic by default. */
export const TRIED_TEXT_DAYS = 30;

const Said = z.object({
  note: z.string().max(1_000).default(''),
  /** Of the text; absent where nobody knows. */
  lang: Language.optional(),
  /** Of an attack: the passage that attacks, where the text holds more than that. */
  span: TextSpan.optional(),
});

/** A segment of a stored interaction. */
const OfInteraction = Said.extend({
  of: z.literal('interaction'),
  interactionId: Id,
  /** Of the input: only what users and third parties wrote is judged. */
  segment: z.number().int().nonnegative(),
  /** Where retention kept no text, or masked it: the text, which must have the digest that was recorded. */
  text: z.string().min(1).max(MAX_CORRECTED_CHARS).optional(),
});

/** A text that the caller brings, as tried in the playground. */
const OfText = Said.extend({
  of: z.literal('text'),
  text: z.string().min(1).max(MAX_CORRECTED_CHARS),
  origin: DetectorOrigin,
  segmentKind: SegmentKind.default('message'),
});

const attack = { label: z.literal('attack'), kind: AttackKind };
const harmless = { label: z.literal('harmless'), kind: HarmlessKind };

/** That the injection check was wrong (or right) about a text, and what it really is. */
export const CorrectionInput = z.discriminatedUnion('of', [
  z.discriminatedUnion('label', [OfInteraction.extend(attack), OfInteraction.extend(harmless)]),
  z.discriminatedUnion('label', [OfText.extend(attack), OfText.extend(harmless)]),
]);
export type CorrectionInput = z.input<typeof CorrectionInput>;

/** A correction without its text. */
export const Correction = z.object({
  id: Id,
  of: z.enum(['interaction', 'text']),
  interactionId: Id.nullable(),
  endpointId: Id.nullable(),
  segment: z.number().int().nullable(),
  origin: DetectorOrigin,
  segmentKind: SegmentKind,
  label: CorrectionLabel,
  kind: z.union([AttackKind, HarmlessKind]),
  note: z.string(),
  lang: Language.nullable(),
  /** Of the text, in UTF-16 units. */
  chars: z.number().int(),
  span: TextSpan.nullable(),
  by: DetectorActor,
  at: Instant,
  /** What was thought of it before: at the time of the interaction, or when it was corrected (`of: text`). */
  judged: z.object({
    /** Of the whole interaction; of a text, what the injection check alone makes of it. */
    verdict: Verdict,
    /** Highest score of the injection check here, 0..1 with the operating point at 0.5; null: it found nothing. */
    score: z.number().min(0).max(1).nullable(),
    /** Calibrated probability of an attack, 0..1; null where it was not recorded. */
    probability: z.number().min(0).max(1).nullable(),
    model: DetectorModelName,
  }),
  /**
   * Of what the caller sees of it. `conflicting`: people disagree about this text, and nobody has settled it; it goes into
   * no dataset.
   */
  state: z.enum(['settled', 'conflicting', 'overruled']),
  /**
   * When the text is forgotten, here and in every dataset: with the interaction that it is of; a text that was tried,
   * after {@link TRIED_TEXT_DAYS}.
   */
  expiresAt: Instant,
  /** It is the caller's own: saying it again replaces it. */
  mine: z.boolean(),
});
export type Correction = z.infer<typeof Correction>;

export const CorrectionContent = z.object({ text: z.string(), span: TextSpan.nullable() });
export type CorrectionContent = z.infer<typeof CorrectionContent>;

const Counts = z.record(z.string(), z.number().int());

/** A version of the dataset of corrections: what had been settled when it was made, for good. */
export const CorrectionDataset = z.object({
  version: z.number().int().positive(),
  /** Of its rows as JSON Lines, when none had expired; lower-case hexadecimal. */
  sha256: z.string(),
  rows: z.number().int(),
  /** Rows that can still be read: texts are forgotten with the interactions that they are of, and when withdrawn. */
  readable: z.number().int(),
  /** Left out because people disagree. */
  conflicting: z.number().int(),
  counts: z.object({ label: Counts, kind: Counts, origin: Counts, lang: Counts }),
  note: z.string(),
  by: DetectorActor,
  at: Instant,
});
export type CorrectionDataset = z.infer<typeof CorrectionDataset>;

/**
 * A row as the training recipe reads it. `kind` is the recipe's (`direct_injection`, `benign_chat`, …); `payload` is
 * the attacking passage in code points of `text`, [start, end), or empty where that is all of it.
 */
export const CorrectionRow = z.object({
  text: z.string(),
  label: z.union([z.literal(0), z.literal(1)]),
  kind: z.string(),
  lang: z.string(),
  carrier: z.string(),
  payload: z.union([z.tuple([z.number().int(), z.number().int()]), z.literal('')]),
  source: z.string(),
  origin: DetectorOrigin,
});
export type CorrectionRow = z.infer<typeof CorrectionRow>;

/** As the recipe wants the file to be called, for its rows to be a group of their own. */
export const CORRECTIONS_FILE = 'corrections.jsonl';

const Params = z.object({ id: Id });
const VersionParams = z.object({
  version: z.coerce
    .number()
    .int()
    .positive()
    .max(2 ** 31 - 1),
});

export const correctionRoutes = {
  list: defineRoute({
    id: 'detector.corrections.list',
    method: 'GET',
    path: '/api/v1/detector/corrections',
    summary: 'Corrections of the injection check, newest first, without their texts',
    access: 'interactions.content',
    query: CursorQuery.extend({
      interaction: Id.optional(),
      label: CorrectionLabel.optional(),
      state: Correction.shape.state.optional(),
      mine: z.stringbool().optional(),
    }),
    response: pageOf(Correction),
  }),
  content: defineRoute({
    id: 'detector.corrections.content',
    method: 'GET',
    path: '/api/v1/detector/corrections/:id/content',
    summary: 'The text of a correction; the reason for reading it is recorded',
    access: 'interactions.content',
    stepUp: true,
    purpose: true,
    params: Params,
    response: CorrectionContent,
  }),
  correct: defineRoute({
    id: 'detector.corrections.correct',
    method: 'POST',
    path: '/api/v1/detector/corrections',
    summary:
      'Say what a text really is; replaces what the caller said of it before. Needs interactions.content too',
    access: 'detector.correct',
    body: CorrectionInput,
    response: Correction,
    bodyLimitBytes: 2 * 1024 * 1024,
  }),
  withdraw: defineRoute({
    id: 'detector.corrections.withdraw',
    method: 'DELETE',
    path: '/api/v1/detector/corrections/:id',
    summary:
      'Withdraw a correction of one’s own, or with detector.manage anybody’s; its text is forgotten in datasets too',
    access: 'detector.correct',
    params: Params,
    response: Empty,
  }),
  settle: defineRoute({
    id: 'detector.corrections.settle',
    method: 'POST',
    path: '/api/v1/detector/corrections/:id/settle',
    summary:
      'Where people disagree about a text: this correction counts, those that say otherwise do not; for who sees all endpoints',
    access: 'detector.manage',
    params: Params,
    response: Correction,
  }),
} as const;

export const correctionDatasetRoutes = {
  list: defineRoute({
    id: 'detector.datasets.list',
    method: 'GET',
    path: '/api/v1/detector/datasets',
    summary: 'Versions of the dataset of corrections, newest first',
    access: 'detector.read',
    query: CursorQuery,
    response: pageOf(CorrectionDataset),
  }),
  get: defineRoute({
    id: 'detector.datasets.get',
    method: 'GET',
    path: '/api/v1/detector/datasets/:version',
    summary: 'One version of the dataset of corrections',
    access: 'detector.read',
    params: VersionParams,
    response: CorrectionDataset,
  }),
  create: defineRoute({
    id: 'detector.datasets.create',
    method: 'POST',
    path: '/api/v1/detector/datasets',
    summary: 'Make a version of all settled corrections; it never changes',
    access: 'detector.manage',
    body: z.object({ note: z.string().max(500).default('') }),
    response: CorrectionDataset,
  }),
  rows: defineRoute({
    id: 'detector.datasets.rows',
    method: 'GET',
    path: '/api/v1/detector/datasets/:version/rows',
    summary:
      'The rows as JSON Lines, as the training recipe reads them; those that expired are left out. Needs interactions.content too',
    access: 'interactions.export',
    stepUp: true,
    purpose: true,
    params: VersionParams,
    streams: 'application/x-ndjson',
  }),
} as const;
