/**
 * Labels by several annotators: how far they agree, one label per item from all of theirs, who among them is not to be
 * trusted, which items a person should look at, and what becomes of that person's decisions.
 */

export { aggregate, recommendedOf } from './aggregate.ts';
export { agreement } from './agreement.ts';
export { assertAnnotations, type BuildOptions, buildAnnotations } from './annotations.ts';
export { checkAnnotators } from './check.ts';
export { dawidSkene } from './dawid-skene.ts';
export { applyDecisions } from './decisions.ts';
export { CHECK as ANNOTATORS } from './findings.ts';
export { glad } from './glad.ts';
export { majorityVote } from './majority.ts';
export { disagreementQueue } from './queue.ts';
export type * from './types.ts';
