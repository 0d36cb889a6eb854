import type { ArtifactVerdict, ScanOutcome } from '../types.ts';
import { verdictOf } from '../verdict.ts';

/** What became of one file of a scan. */
export interface FileReport {
  readonly path: string;
  readonly outcome: ScanOutcome;
  readonly verdict: ArtifactVerdict;
}

/** The verdict on the outcome; `skipped` where the whole file is of no kind that anybody looked at. */
export function fileReport(path: string, outcome: ScanOutcome): FileReport {
  const verdict = verdictOf(outcome);
  const isSkipped =
    verdict === 'clean' && outcome.format === 'unknown' && outcome.skipped.some((skip) => skip.path === '');
  return { path, outcome, verdict: isSkipped ? 'skipped' : verdict };
}

/** A file that was not looked into. */
export function skippedReport(path: string, reason: string): FileReport {
  return fileReport(path, { format: 'unknown', findings: [], errors: [], skipped: [{ path: '', reason }] });
}

/** A file that could not be read. */
export function failedReport(path: string, message: string): FileReport {
  const error = { check: 'artifacts/read', message, offset: 0, path: '' };
  return fileReport(path, { format: 'unknown', findings: [], errors: [error], skipped: [] });
}

/** One value for programs; the shape is documented in docs/guide/scan.md and scripts rely on it. */
export function jsonReport(files: readonly FileReport[]) {
  return {
    files: files.map(({ path, verdict, outcome }) => ({
      path,
      format: outcome.format,
      verdict,
      findings: outcome.findings.map(({ path: member, ...finding }) => ({ ...finding, member })),
      errors: outcome.errors.map(({ path: member, ...error }) => ({ ...error, member })),
      skipped: outcome.skipped.map(({ path: member, reason }) => ({ reason, member })),
    })),
  };
}

/** 1 when anything was found, else 2 when anything could not be judged, else 0. */
export function exitCodeOf(files: readonly FileReport[]): 0 | 1 | 2 {
  if (files.some(({ verdict }) => verdict === 'malicious' || verdict === 'suspicious')) return 1;
  return files.some(({ verdict }) => verdict === 'error') ? 2 : 0;
}
