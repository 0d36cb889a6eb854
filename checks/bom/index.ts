export {
  type Completeness,
  type CompletenessItem,
  modelCompleteness,
  systemCompleteness,
} from './completeness.ts';
export { type BomSpecVersion, type DocumentOptions, modelDocument, systemDocument } from './document.ts';
export { describingFiles, MAX_DESCRIPTION_BYTES, readDescriptions } from './read.ts';
export * from './types.ts';
export { type BomProblem, type BomValidation, validateBom } from './validate.ts';
