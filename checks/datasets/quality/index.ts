/** Quality of a dataset: rules, gaps, leakage, and what its texts should not hold. */

export { DataRules } from './rules/schema.ts';
export * from './types.ts';
