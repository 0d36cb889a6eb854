export { textCheck, textChecks } from './catalogue.ts';
export type { CheckResult, FrameworkRef } from './define.ts';
export { type CompileOptions, compilePolicy } from './policy/compile.ts';
export { defaultPolicy, type PolicyDraft } from './policy/default.ts';
export { applyRedactions, maskFindings, redactSegments } from './policy/redact.ts';
export { ScanFailed, type ScanOptions, type ScanResult, scanText } from './policy/scan.ts';
export type {
  CompiledPolicy,
  Decision,
  InspectInput,
  PolicyFinding,
  PolicyLike,
  Rule,
} from './policy/types.ts';
export { type PolicyIssue, validatePolicy } from './policy/validate.ts';
export { createVault, type Vault } from './policy/vault.ts';
export { createHoldBack, type HoldBack, type HoldBackOptions, type Released } from './text/hold/index.ts';
export type { AnyTextCheck, Author, Direction, Segment, SegmentKind, TextContext } from './text/types.ts';
export { EMPTY_CONTEXT } from './text/types.ts';
