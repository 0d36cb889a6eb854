import type { ArtifactFinding, ArtifactVerdict, FindingKind, ScanOutcome, Severity } from './types.ts';
import { SEVERITIES } from './types.ts';

/** Kinds whose danger strikes without a further mistake by the user, once it is `high`. */
const STRIKES: ReadonlySet<FindingKind> = new Set<FindingKind>([
  'executes-on-load',
  'imports-on-load',
  'executes-on-use',
  'unsafe-path',
  'unsafe-config',
]);

/** True when `severity` is `least` or worse. */
export function isAtLeast(severity: Severity, least: Severity): boolean {
  return SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(least);
}

function isMalicious({ severity, kind }: ArtifactFinding): boolean {
  return STRIKES.has(kind) && isAtLeast(severity, 'high');
}

/**
 * `malicious`: something of severity `high` or worse runs or strikes by itself. `suspicious`: any other finding of
 * `medium` or worse. Then `error` if any part could not be judged, `suspicious` for low findings, and only then
 * `clean`, which is also what nothing loads. Findings of severity `info` weigh nothing. `skipped` is for what was not
 * looked at: it never comes from an outcome.
 */
export function verdictOf(outcome: ScanOutcome): ArtifactVerdict {
  if (outcome.findings.some(isMalicious)) return 'malicious';
  if (outcome.findings.some(({ severity }) => isAtLeast(severity, 'medium'))) return 'suspicious';
  if (outcome.errors.length > 0) return 'error';
  if (outcome.findings.some(({ severity }) => severity === 'low')) return 'suspicious';
  return 'clean';
}
