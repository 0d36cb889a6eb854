import type { AuditStatus } from '@bartizan/contracts';
import { SERVER_METRICS as M, type Meter } from '@bartizan/contracts/telemetry/index.ts';

/** How the audit log stands, as far as it is measured. */
export type AuditStanding = Pick<AuditStatus, 'size' | 'waiting' | 'breaks'>;

const FRESH_MS = 1_000;

/** Lets a scrape see how the audit log stands; one look serves all its metrics. */
export function watchAudit(meter: Meter, status: () => Promise<AuditStanding>): void {
  let seen: { readonly at: number; readonly status: Promise<AuditStanding> } | null = null;
  const look = (): Promise<AuditStanding> => {
    const nowMs = performance.now();
    if (seen === null || nowMs - seen.at > FRESH_MS) seen = { at: nowMs, status: status() };
    return seen.status;
  };
  meter.watch(M.auditSize, async () => [{ labels: [], value: (await look()).size }]);
  meter.watch(M.auditPending, async () => [{ labels: [], value: (await look()).waiting.entries }]);
  meter.watch(M.auditLag, async () => [{ labels: [], value: ((await look()).waiting.oldestMs ?? 0) / 1000 }]);
  meter.watch(M.auditBreaks, async () => {
    const open = (await look()).breaks.filter(({ acknowledgedAt }) => acknowledgedAt === null);
    return [{ labels: [], value: open.length }];
  });
}
