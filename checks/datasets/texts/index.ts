/** Poisoning of texts: triggers, repeated payloads, near-duplicates, prompt–response pairs; embeddings without a model. */

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
