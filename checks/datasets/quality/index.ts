/** Quality of a dataset: rules, gaps, leakage, and what its texts should not hold. */

export { isStricter, mayRead, parseAccessLabel } from './confidential/access.ts';
export { CONFIDENTIAL, checkConfidential } from './confidential/check.ts';
export { findMarks } from './confidential/marks.ts';
export { checkPersonal, PERSONAL_DATA } from './content/personal.ts';
export { checkSecrets, SECRETS } from './content/secrets.ts';
export { checkDocuments, INJECTED_INSTRUCTIONS, judgeDocuments } from './documents/check.ts';
export { checkLeakage, LEAKAGE } from './leakage/check.ts';
export { checkMissing } from './missing/check.ts';
export { MISSING } from './missing/saying.ts';
export { checkRules, RULES } from './rules/check.ts';
export { inferRules } from './rules/infer.ts';
export { DataRules } from './rules/schema.ts';
export * from './types.ts';
