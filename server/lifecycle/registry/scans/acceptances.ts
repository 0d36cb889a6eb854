import type { FindingDetail } from '@bartizan/contracts';
import { sql } from 'kysely';
import { type Actor, type AuditLog, SYSTEM } from '../../../audit/index.ts';
import { AppError } from '../../../kernel/error.ts';
import { uuidv7 } from '../../../kernel/id.ts';
import type { Database } from '../../../platform/database/types.ts';
import type { Findings } from './findings.ts';
import { rankOf } from './model.ts';
import type { Standings } from './standing.ts';
import type { Target } from './targets.ts';
import type { Tell } from './tell.ts';

const YEAR_MS = 366 * 86_400_000;

export interface AcceptanceDeps {
  readonly database: Database;
  readonly audit: AuditLog;
  readonly now: () => number;
  readonly findings: Findings;
  readonly standings: Standings;
  readonly tell: Tell;
}

export function createAcceptances({ database, audit, now, findings, standings, tell }: AcceptanceDeps) {
  /** Runs a change of acceptances, then weighs the version anew; all of it or nothing. */
  async function change(
    versionId: string,
    actor: Actor,
    run: (tx: Database) => Promise<void>,
  ): Promise<void> {
    const told = await database.transaction().execute(async (tx) => {
      await standings.lock(tx, versionId);
      await run(tx);
      const reassessed = await standings.reassess(tx, versionId);
      return reassessed ? await tell.reassessed(tx, versionId, reassessed, actor) : [];
    });
    for (const one of told) one();
  }

  const detailOf = (target: Target, finding: string, about: { check: string; severity: string }) => ({
    model: target.modelName,
    version: target.version,
    finding,
    check: about.check,
    severity: about.severity,
  });

  return Object.freeze({
    async accept(
      actor: Actor,
      target: Target,
      finding: string,
      given: { readonly reason: string; readonly expiresAt: number },
    ): Promise<FindingDetail> {
      if (given.expiresAt <= now() || given.expiresAt > now() + YEAR_MS) {
        throw new AppError('invalid_input', 'an acceptance ends within a year from now', {
          issues: [{ path: 'expiresAt', message: 'must be within a year from now' }],
        });
      }
      const { versionId } = target;
      await change(versionId, actor, async (tx) => {
        const found = await findings.find(versionId, finding, tx);
        // An acceptance that stands is replaced: the new reason and day count.
        await sql`update finding_acceptances set ended_at = ${now()}, ended = 'withdrawn'
          where version_id = ${versionId} and finding = ${finding} and ended_at is null`.execute(tx);
        await sql`insert into finding_acceptances (id, version_id, sha256, finding, rank, reason, accepted_by,
            accepted_by_id, accepted_at, expires_at)
          values (${uuidv7(now())}, ${versionId}, ${found.sha256}, ${finding}, ${rankOf(found.severity)},
            ${given.reason}, ${actor.name}, ${actor.id}, ${now()}, ${given.expiresAt})`.execute(tx);
        await audit.record(
          {
            actor,
            action: 'scans.finding-accepted',
            subject: `version:${versionId}`,
            detail: { ...detailOf(target, finding, found), ...given },
          },
          tx,
        );
      });
      return await findings.detail(versionId, finding);
    },

    async withdraw(actor: Actor, target: Target, finding: string): Promise<FindingDetail> {
      const { versionId } = target;
      await change(versionId, actor, async (tx) => {
        const found = await findings.find(versionId, finding, tx);
        const ended = await sql`update finding_acceptances set ended_at = ${now()}, ended = 'withdrawn'
          where version_id = ${versionId} and finding = ${finding} and ended_at is null`.execute(tx);
        if (Number(ended.numAffectedRows ?? 0) === 0) {
          throw new AppError('conflict', 'this finding is not accepted');
        }
        await audit.record(
          {
            actor,
            action: 'scans.acceptance-withdrawn',
            subject: `version:${versionId}`,
            detail: detailOf(target, finding, found),
          },
          tx,
        );
      });
      return await findings.detail(versionId, finding);
    },

    /** Weighs versions anew whose acceptances have come to their end. */
    async expire(): Promise<void> {
      for (const versionId of await standings.ending()) {
        await change(versionId, SYSTEM, async (tx) => {
          await audit.record(
            {
              actor: SYSTEM,
              action: 'scans.acceptance-expired',
              subject: `version:${versionId}`,
              detail: {},
            },
            tx,
          );
        });
      }
    },
  });
}
export type Acceptances = ReturnType<typeof createAcceptances>;
