/** Poisoning of texts: triggers, repeated payloads, near-duplicates, prompt–response pairs; embeddings without a model. */

export { checkNearDuplicates } from './duplicates/check.ts';
export { NEAR_DUPLICATES } from './duplicates/report.ts';
export { embedSteps, embedTexts } from './embedding/embed.ts';
export { checkResponsePairs } from './pairs/check.ts';
export { RESPONSE_PAIRS } from './pairs/report.ts';
export { checkAbsoluteCounts } from './payloads/check.ts';
export { REPEATED_PAYLOAD } from './payloads/report.ts';
export { textProbabilities } from './probabilities.ts';
export { checkTextTriggers } from './triggers/check.ts';
export { TEXT_TRIGGERS } from './triggers/report.ts';
export type {
  CheckAbsoluteCounts,
  CheckNearDuplicates,
  CheckResponsePairs,
  CheckTextTriggers,
  DuplicateOptions,
  DuplicateOutcome,
  EmbedOptions,
  EmbedTexts,
  PairInput,
  PairOptions,
  PayloadOptions,
  TextInput,
  TriggerOptions,
} from './types.ts';
