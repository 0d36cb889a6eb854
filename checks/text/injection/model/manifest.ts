import { z } from 'zod';
import { BUCKETS } from './features.ts';
import { WINDOW_TOKENS } from './windows.ts';

/** What the encoder's `early` and `origin` outputs say, column by column: an attack if a user, or if a third party, wrote it. */
export const ORIGINS = ['user', 'third_party'] as const;
export type Origin = (typeof ORIGINS)[number];

/** What the encoder's `kind` output says, column by column. */
export const KINDS = ['direct', 'buried', 'extraction', 'jailbreak', 'obfuscated'] as const;
export type Kind = (typeof KINDS)[number];

export const OPERATING_POINTS = ['strict', 'balanced', 'quiet'] as const;
/** Share of harmless texts that are taken for attacks, on dev traffic: strict 2%, balanced 1%, quiet 0.1%. */
export type OperatingPoint = (typeof OPERATING_POINTS)[number];

/** Bytes of `linear.bin`: little-endian float32, a bias for each origin, then the weights of each origin. */
export const LINEAR_BYTES = 4 * ORIGINS.length * (1 + BUCKETS);

/** Rules with a lower score than this say nothing: the cascade may settle such a text without the encoder. */
export const SILENT = 0.3;

const MAX_ENCODER_BYTES = 64 * 1024 * 1024;
const MAX_VOCABULARY_BYTES = 8 * 1024 * 1024;

const FileName = z
  .string()
  .max(100)
  .regex(/^[\w][\w.-]*$/, 'a file name within the folder');

const FileOf = (maxBytes: number) =>
  z.strictObject({
    name: FileName,
    sha256: z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 digest in lower-case hex'),
    bytes: z.int().min(1).max(maxBytes),
  });

const Weight = z.number().min(-1_000).max(1_000);
const Probability = z.number().gt(0).lt(1);

const perOrigin = <Schema extends z.ZodType>(schema: Schema) =>
  z.strictObject({ user: schema, third_party: schema });

/**
 * When the linear stage settles a text by itself, by the text's highest linear logit: harmless below
 * `harmlessBelow` where the rules are silent (their score is under `SILENT`), an attack above `attackAbove`
 * (null: never).
 */
const Cascade = z
  .strictObject({ harmlessBelow: Weight, attackAbove: Weight.nullable() })
  .refine(({ harmlessBelow, attackAbove }) => attackAbove === null || attackAbove > harmlessBelow, {
    message: 'attackAbove must be above harmlessBelow',
  });

/**
 * Logistic regression over what the stages say of a text; `StackFeatures` says what each weight multiplies.
 * `windowsUpTo`, in log2 units: no text counts as longer than the longest that the stack was fitted on.
 */
const Stack = z.strictObject({
  bias: Weight,
  encoder: Weight,
  linear: Weight,
  rules: Weight,
  windows: Weight,
  windowsUpTo: z.number().min(0).max(24).default(4),
  decoded: Weight,
});
export type Stack = z.infer<typeof Stack>;

/** Logits that are taken off, by stage. */
const Handicap = z.strictObject({ linear: z.number().min(0).max(20), encoder: z.number().min(0).max(20) });

/**
 * What is taken off the logits of what is likelier to look like an attack by chance than a window of the text as it
 * stands: `piece`, a part of a document by itself (a caption, a cell, "Crypt the username"); `respelled`, a guess at
 * another spelling (glued words, leetspeak).
 */
const Handicaps = z.strictObject({ piece: Handicap, respelled: Handicap });
export type Handicaps = z.infer<typeof Handicaps>;
const NO_HANDICAPS: Handicaps = {
  piece: { linear: 0, encoder: 0 },
  respelled: { linear: 0, encoder: 0 },
};

/** Thresholds on the probability; a quieter point never lies below a stricter one. */
const Points = z
  .strictObject({ strict: Probability, balanced: Probability, quiet: Probability })
  .refine(({ strict, balanced, quiet }) => strict <= balanced && balanced <= quiet, {
    message: 'strict ≤ balanced ≤ quiet must hold',
  });

/**
 * `model.json` of a model folder, format 1.
 *
 * `encoder.onnx`, the lower layers: inputs `input_ids` and `attention_mask` (int64 [B, T]), outputs `early` (float32
 * [B, 2]: logits by origin) and `hidden` (float32 [B, T, W]).
 * `upper.onnx`, the layers above them: inputs `hidden` (float32 [B, T, W]) and `attention_mask` (int64 [B, T]), outputs
 * `origin` (float32 [B, 2]: logits) and `kind` (float32 [B, 5]: logits). B and T dynamic, T at most `window.tokens`.
 * `vocab.txt`: WordPiece, one piece a line; `linear.bin`: see `LINEAR_BYTES`.
 */
export const Manifest = z.strictObject({
  format: z.literal(1),
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,60}$/, 'lower-case letters, digits and hyphens'),
  version: z.string().regex(/^[\w][\w.+-]{0,60}$/),
  files: z.strictObject({
    encoder: FileOf(MAX_ENCODER_BYTES),
    upper: FileOf(MAX_ENCODER_BYTES),
    vocabulary: FileOf(MAX_VOCABULARY_BYTES),
    linear: FileOf(LINEAR_BYTES).refine(({ bytes }) => bytes === LINEAR_BYTES, {
      message: `the linear stage must have ${LINEAR_BYTES} bytes`,
    }),
  }),
  /** Tokens of a window that the encoder reads, special ones included. */
  window: z.strictObject({ tokens: z.literal(WINDOW_TOKENS) }),
  /**
   * Early exit (DeeBERT: Xin et al. 2020): a sequence whose `early` logits lie below both bounds is harmless to the lower
   * layers, and the upper ones do not read it. A bound of -1000 lets nothing leave.
   */
  exit: perOrigin(Weight),
  handicap: perOrigin(Handicaps).default({ user: NO_HANDICAPS, third_party: NO_HANDICAPS }),
  cascade: perOrigin(Cascade),
  stack: perOrigin(Stack),
  points: perOrigin(Points),
});
export type Manifest = z.infer<typeof Manifest>;

/** A model folder that is damaged or not for this program; never treated as if there were none. */
export class InjectionModelError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'InjectionModelError';
  }
}
