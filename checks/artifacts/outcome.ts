import type { ArtifactFinding, ScanContext, ScanError, ScanOutcome, ScanSkip } from './types.ts';

/** Gathers what a scan of one file finds; keeps within `limits.findings`. */
export interface OutcomeBuilder {
  find(finding: Omit<ArtifactFinding, 'path'>): void;
  fail(error: Omit<ScanError, 'path'>): void;
  skip(reason: string): void;
  /** Takes over what a member's scan came to. */
  include(outcome: ScanOutcome): void;
  readonly hasFindings: () => boolean;
  finish(format: string): ScanOutcome;
}

const MOST_ERRORS = 200;

/** Findings at `context.path`. */
export function outcomeBuilder(context: ScanContext): OutcomeBuilder {
  const findings: ArtifactFinding[] = [];
  const errors: ScanError[] = [];
  const skipped: ScanSkip[] = [];
  const { path, limits, budget, onFinding } = context;

  function keep(finding: ArtifactFinding): void {
    findings.push(finding);
    onFinding?.(finding);
  }

  return Object.freeze({
    find(finding: Omit<ArtifactFinding, 'path'>) {
      budget.findings += 1;
      if (budget.findings <= limits.findings) keep({ ...finding, path });
      else if (finding.severity === 'critical' && findings.length < 2 * limits.findings) {
        keep({ ...finding, path });
      } else if (errors.length === 0) {
        errors.push({
          check: finding.check,
          message: 'more findings than are kept',
          offset: finding.offset,
          path,
        });
      }
    },
    fail(error: Omit<ScanError, 'path'>) {
      if (errors.length < MOST_ERRORS) errors.push({ ...error, path });
    },
    skip(reason: string) {
      if (skipped.length < MOST_ERRORS) skipped.push({ reason, path });
    },
    include(outcome: ScanOutcome) {
      for (const finding of outcome.findings) findings.push(finding);
      for (const error of outcome.errors) if (errors.length < MOST_ERRORS) errors.push(error);
      for (const skip of outcome.skipped) if (skipped.length < MOST_ERRORS) skipped.push(skip);
    },
    hasFindings: () => findings.length > 0,
    finish: (format: string) => Object.freeze({ format, findings, errors, skipped }),
  });
}

/** The context of `name` inside the file that `context` is about. */
export function memberContext(context: ScanContext, name: string): ScanContext {
  return {
    ...context,
    path: context.path === '' ? name : `${context.path}!${name}`,
    depth: context.depth + 1,
  };
}
