/** Pictures of one size: backdoor triggers, duplicates, and features for other checks. */

export { checkImageDuplicates } from './duplicates.ts';
export { FEATURE_COLUMNS, imageFeatureSteps, imageFeatures } from './features.ts';
export { checkImageTriggers } from './triggers.ts';
export {
  type CheckImageDuplicates,
  type CheckImageTriggers,
  IMAGE_DUPLICATES,
  IMAGE_TRIGGERS,
  type ImageDuplicateOptions,
  type ImageFeatures,
  type ImageTriggerOptions,
} from './types.ts';
