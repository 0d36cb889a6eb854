import { SERVER_METRICS as M, type Meter } from '@bartizan/contracts/telemetry/index.ts';

/** How far the audit tree is. */
export interface AuditProgress {
  /** Entries in the tree. */
  readonly entries: number;
  /** Entries that wait to be put in. */
  readonly pending: number;
  /** Age of the oldest of them; 0 without one. */
  readonly lagSeconds: number;
}

const FRESH_MS = 1_000;

/** Lets a scrape see how far the audit tree is; one look serves all three metrics. */
export function watchAudit(meter: Meter, progress: () => Promise<AuditProgress>): void {
  let seen: { readonly at: number; readonly progress: Promise<AuditProgress> } | null = null;
  const look = (): Promise<AuditProgress> => {
    const nowMs = performance.now();
    if (seen === null || nowMs - seen.at > FRESH_MS) seen = { at: nowMs, progress: progress() };
    return seen.progress;
  };
  meter.watch(M.auditSize, async () => [{ labels: [], value: (await look()).entries }]);
  meter.watch(M.auditPending, async () => [{ labels: [], value: (await look()).pending }]);
  meter.watch(M.auditLag, async () => [{ labels: [], value: (await look()).lagSeconds }]);
}
