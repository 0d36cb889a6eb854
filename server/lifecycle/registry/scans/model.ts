import { createHash } from 'node:crypto';
import { fileReport } from '@bartizan/checks/artifacts/report/json.ts';
import {
  type ArtifactEvidence,
  type ArtifactFinding,
  type ScanError,
  type ScanOutcome,
  SEVERITIES,
  type Severity,
} from '@bartizan/checks/artifacts/types.ts';
import { verdictOf } from '@bartizan/checks/artifacts/verdict.ts';
import type {
  DownloadStanding,
  FileVerdict,
  ScanDifference,
  ScanSettings,
  ScanVerdict,
  SeverityCounts,
  VerdictCounts,
} from '@bartizan/contracts';
import { storable, storableValue } from './text.ts';
import type { KeptDelta, KeptWeights } from './told.ts';

export const rankOf = (severity: Severity): number => SEVERITIES.indexOf(severity);
/** Findings below this are worth knowing and weigh nothing. */
export const LOW = rankOf('low');

/** A finding as it is kept with the content that it is in. */
export interface ContentFinding {
  readonly finding: string;
  readonly check: string;
  readonly kind: ArtifactFinding['kind'];
  readonly severity: Severity;
  readonly rank: number;
  readonly strikes: boolean;
  readonly message: string;
  readonly member: string;
  readonly offset: number;
  readonly evidence: ArtifactEvidence;
}

/** What a scan of one content came to. */
export interface ContentResult {
  readonly sha256: string;
  readonly size: number;
  readonly scanner: string;
  readonly format: string;
  readonly verdict: FileVerdict;
  readonly severities: SeverityCounts;
  readonly errors: readonly ScanError[];
  readonly skipped: number;
  readonly limited: boolean;
  readonly findings: readonly ContentFinding[];
  readonly durationMs: number;
  readonly weights: KeptWeights | null;
  readonly delta: KeptDelta | null;
}

export const noSeverities = (): SeverityCounts => ({ info: 0, low: 0, medium: 0, high: 0, critical: 0 });
export const noVerdicts = (): VerdictCounts => ({
  clean: 0,
  suspicious: 0,
  malicious: 0,
  error: 0,
  skipped: 0,
});

/** Adds up counts by severity. */
export function addSeverities(all: Iterable<SeverityCounts>): SeverityCounts {
  const sum = noSeverities();
  for (const counts of all) for (const name of SEVERITIES) sum[name] += counts[name];
  return sum;
}

/**
 * Names a finding by where it is and what it is about, not by how it is worded or graded: a newer scanner that says
 * the same of the same bytes names it the same.
 */
export function findingId(sha256: string, { check, kind, path, offset, evidence }: ArtifactFinding): string {
  const parts = [sha256, check, kind, path, String(offset), evidence.import ?? '', evidence.call ?? ''];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}

const isStriking = (finding: ArtifactFinding): boolean =>
  verdictOf({ format: '', findings: [finding], errors: [], skipped: [] }) === 'malicious';

function keptFindings(sha256: string, outcome: ScanOutcome, isMalicious: boolean): ContentFinding[] {
  const kept = new Map<string, ContentFinding>();
  const single = outcome.findings.some(isStriking);
  for (const given of outcome.findings) {
    const finding = findingId(sha256, given);
    const rank = rankOf(given.severity);
    const known = kept.get(finding);
    if (known !== undefined && known.rank >= rank) continue;
    kept.set(finding, {
      finding,
      check: given.check,
      kind: given.kind,
      severity: given.severity,
      rank,
      // A file that is malicious by several findings together is in quarantine for each of them.
      strikes: single ? isStriking(given) : isMalicious && rank > LOW,
      message: storable(given.message),
      member: storable(given.path),
      offset: Number.isSafeInteger(given.offset) ? given.offset : 0,
      evidence: storableValue(given.evidence) as ArtifactEvidence,
    });
  }
  return [...kept.values()];
}

export type Scanned = Pick<ContentResult, 'sha256' | 'size' | 'scanner' | 'durationMs'> &
  Partial<Pick<ContentResult, 'weights' | 'delta'>>;

/** What is kept of an outcome. */
export function contentResult(outcome: ScanOutcome, limited: boolean, scanned: Scanned): ContentResult {
  const { verdict } = fileReport('', outcome);
  const findings = keptFindings(scanned.sha256, outcome, verdict === 'malicious');
  const severities = noSeverities();
  for (const { severity } of findings) severities[severity] += 1;
  return {
    weights: null,
    delta: null,
    ...scanned,
    format: storable(outcome.format, 100),
    verdict,
    severities,
    errors: outcome.errors.slice(0, 50).map((error) => storableValue(error) as ScanError),
    skipped: outcome.skipped.length,
    limited,
    findings,
  };
}

const RISING: readonly FileVerdict[] = ['skipped', 'clean', 'error', 'suspicious', 'malicious'];
const isWorse = (one: FileVerdict, other: FileVerdict): boolean =>
  RISING.indexOf(one) > RISING.indexOf(other);

/**
 * What is kept of a result where the same content has an earlier one, of whatever scanner. Only a reading that came to
 * its end takes anything back; of another one what it found is added to what was known. Null: the earlier one stays.
 */
export function withEarlier(
  result: ContentResult,
  earlier: Pick<ContentResult, 'verdict' | 'limited' | 'findings'>,
): ContentResult | null {
  if (!result.limited && result.errors.length === 0) return result;
  const all = new Map(earlier.findings.map((one) => [one.finding, one]));
  const fresh = result.findings.filter((one) => {
    const known = all.get(one.finding);
    if (known === undefined || one.rank > known.rank) all.set(one.finding, one);
    return known === undefined && one.rank >= LOW;
  });
  if (fresh.length === 0) {
    const isOfNoUse = result.limited && !earlier.limited;
    if (isOfNoUse || isWorse(earlier.verdict, result.verdict)) return null;
  }
  const findings = [...all.values()];
  const severities = noSeverities();
  for (const { severity } of findings) severities[severity] += 1;
  const verdict = isWorse(earlier.verdict, result.verdict) ? earlier.verdict : result.verdict;
  return { ...result, findings, severities, verdict };
}

/** The outcome of a file that was given up on. */
export function givenUp(message: string): ScanOutcome {
  const error = { check: 'artifacts/limits', message, offset: 0, path: '' };
  return { format: 'unknown', findings: [], errors: [error], skipped: [] };
}

const WORST: readonly ScanVerdict[] = ['malicious', 'suspicious', 'error'];

/** The worst of the files; a file that nothing loads counts as clean. */
export function worstOf(verdicts: Iterable<FileVerdict>): ScanVerdict {
  const all = new Set(verdicts);
  return WORST.find((verdict) => all.has(verdict)) ?? 'clean';
}

/** What is known of a version. */
export interface Standing {
  readonly verdict: ScanVerdict;
  readonly quarantinedFor: number;
  readonly suspiciousFor: number;
  readonly accepted: number;
  readonly releasedUntil: number | null;
  /** Files that were not read to their end, and files of which a part could not be judged. */
  readonly cut: number;
  readonly failures: number;
}

/** True while downloads are refused: an acceptance that has ended counts no more, whoever has noticed. */
export const isQuarantined = (
  standing: Pick<Standing, 'quarantinedFor' | 'releasedUntil'>,
  nowMs: number,
): boolean =>
  standing.quarantinedFor > 0 || (standing.releasedUntil !== null && standing.releasedUntil <= nowMs);

/** Whoever sends a file can make it take too long: what lies behind that point is known to nobody. */
export const CUT = 'Files of it could not be read to their end.';
const LOOK = 'See its findings before you use it.';

/** Whether files may be had, by what is known of them and what the instance says. Null: no verdict yet. */
export function downloadStanding(
  standing: Standing | null,
  settings: Pick<ScanSettings, 'onError' | 'onSuspicious' | 'onUnscanned'>,
  nowMs: number,
  failed = false,
): DownloadStanding {
  if (standing === null) {
    if (failed) {
      const allowed = settings.onError === 'allow';
      return { allowed, because: 'unscanned', message: 'Its scan failed: nobody has judged these files.' };
    }
    const allowed = settings.onUnscanned === 'allow';
    return { allowed, because: 'unscanned', message: 'It has not been scanned yet.' };
  }
  if (isQuarantined(standing, nowMs)) {
    const count = Math.max(1, standing.quarantinedFor);
    const message = `It is in quarantine for ${count === 1 ? 'one finding' : `${count} findings`}.`;
    return { allowed: false, because: 'malicious', message };
  }
  if (standing.cut > 0) {
    const message = `${CUT} ${LOOK}`;
    return { allowed: false, because: 'error', message };
  }
  if (standing.failures > 0 && settings.onError === 'refuse') {
    return { allowed: false, because: 'error', message: `Parts of it could not be judged. ${LOOK}` };
  }
  if (standing.suspiciousFor > 0) {
    const allowed = settings.onSuspicious === 'allow';
    return { allowed, because: 'suspicious', message: `Its scan found something suspicious. ${LOOK}` };
  }
  if (standing.verdict === 'error') {
    const allowed = settings.onError === 'allow';
    return { allowed, because: 'error', message: `Parts of it could not be judged. ${LOOK}` };
  }
  if (standing.accepted > 0) {
    return { allowed: true, because: 'accepted', message: `Somebody accepted what its scan found. ${LOOK}` };
  }
  return { allowed: true, because: 'clean', message: '' };
}

export interface EarlierScan {
  readonly id: string;
  readonly scanner: string;
  readonly verdict: ScanVerdict | null;
  readonly found: readonly string[];
}

/** What is new in `found`, and what is gone, since the scan before. */
export function differenceFrom(earlier: EarlierScan, found: readonly string[]): ScanDifference {
  const before = new Set(earlier.found);
  const now = new Set(found);
  return {
    previousScanId: earlier.id,
    previousScanner: earlier.scanner,
    previousVerdict: earlier.verdict,
    added: found.filter((id) => !before.has(id)).length,
    gone: earlier.found.filter((id) => !now.has(id)).length,
  };
}
