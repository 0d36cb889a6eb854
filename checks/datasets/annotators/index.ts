/**
 * Labels by several annotators: how far they agree, one label per item from all of theirs, who among them is not to be
 * trusted, which items a person should look at, and what becomes of that person's decisions.
 */

export { assertAnnotations, type BuildOptions, buildAnnotations } from './annotations.ts';
export { applyDecisions } from './decisions.ts';
export type * from './types.ts';
