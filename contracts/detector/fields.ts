import { z } from 'zod';

/** What kind of attack it is; the columns of the model's `kind` output. */
export const ATTACK_KINDS = ['direct', 'buried', 'extraction', 'jailbreak', 'obfuscated'] as const;
export const AttackKind = z.enum(ATTACK_KINDS);
export type AttackKind = z.infer<typeof AttackKind>;

/**
 * What a harmless text is. `trigger`: holds words that attacks use, such as “ignore”. `mention`: speaks of an attack, or
 * quotes one. `security`: talk about security.
 */
export const HARMLESS_KINDS = [
  'chat',
  'instruction',
  'roleplay',
  'trigger',
  'mention',
  'security',
  'document',
  'tool_output',
  'code',
] as const;
export const HarmlessKind = z.enum(HARMLESS_KINDS);
export type HarmlessKind = z.infer<typeof HarmlessKind>;

export const CORRECTION_LABELS = ['attack', 'harmless'] as const;
export const CorrectionLabel = z.enum(CORRECTION_LABELS);
export type CorrectionLabel = z.infer<typeof CorrectionLabel>;

/** Who wrote a text that the injection check judges; each has thresholds of its own. */
export const DETECTOR_ORIGINS = ['user', 'third_party'] as const;
export const DetectorOrigin = z.enum(DETECTOR_ORIGINS);
export type DetectorOrigin = z.infer<typeof DetectorOrigin>;

/** Share of harmless texts taken for attacks, as fixed when the model was built: 2%, 1%, 0.1%. */
export const DETECTOR_POINTS = ['strict', 'balanced', 'quiet'] as const;
export const DetectorPoint = z.enum(DETECTOR_POINTS);
export type DetectorPoint = z.infer<typeof DetectorPoint>;

/** A language as BCP 47, e.g. `en`, `hi-Latn`; `und` where nobody knows. */
export const Language = z
  .string()
  .max(35)
  .regex(/^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*$/, 'a language tag such as "en" or "pt-BR"');

/** UTF-16 offsets into a text. */
export const TextSpan = z
  .object({ start: z.number().int().nonnegative(), end: z.number().int().positive() })
  .refine(({ start, end }) => end > start, { message: 'the end must lie behind the start' });
export type TextSpan = z.infer<typeof TextSpan>;

/** The name of no model: the rules decide alone. */
export const RULES_ALONE = 'rules';

/** `id@version` of a model of the detector; `rules` where no model is installed and the rules decide alone. */
export const DetectorModelName = z
  .string()
  .max(130)
  .regex(/^(?:rules|[a-z0-9][a-z0-9-]{0,60}@[\w][\w.+-]{0,60})$/, 'a name such as "injection-small@3"');

/** SHA-256 of a model's manifest in canonical form, which names the digests of all its files. */
export const DetectorDigest = z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 digest in lower-case hex');

/** A model by its name, or by its digest: two models may have come to the same name, never to the same digest. */
export const DetectorModelRef = z.union([DetectorModelName, DetectorDigest]);

/** Why a model is put live without a comparison. */
export const OverrideReason = z.string().trim().min(10).max(500);

/** Who did something, as logs show it. */
export const DetectorActor = z.object({ id: z.string(), name: z.string() });
