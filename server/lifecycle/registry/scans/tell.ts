import type { ScanVerdict } from '@bartizan/contracts';
import { sql } from 'kysely';
import { type Actor, type AuditLog, SYSTEM } from '../../../audit/index.ts';
import type { Events } from '../../../kernel/events.ts';
import type { Database } from '../../../platform/database/types.ts';
import type { LifecycleDeps, LifecycleEvents } from '../../ports.ts';
import type { Reassessed } from './standing.ts';
import { storable } from './text.ts';
import type { StoredScan } from './versions.ts';

export interface TellDeps extends Pick<LifecycleDeps, 'alarm'> {
  readonly audit: AuditLog;
  readonly events: Pick<Events<LifecycleEvents>, 'emit'>;
}

interface Named {
  readonly modelId: string;
  readonly modelName: string;
  readonly version: number;
  readonly digest: string | null;
  /** By an alias, a stage that leads to users, or an endpoint that says it serves it. */
  readonly uses: readonly string[];
}

/** To be called once the transaction has committed. */
type After = () => void;

const subjectOf = (versionId: string): string => `version:${versionId}`;

async function named(tx: Database, versionId: string): Promise<Named | undefined> {
  const { rows } = await sql<Named>`
    select v.model_id as "modelId", m.name as "modelName", v.version, v.digest,
      array(select 'alias ' || a.alias from model_aliases a where a.version_id = v.id order by 1)
      || case when v.stage in ('staging', 'production') then array['stage ' || v.stage] else '{}'::text[] end
      || array(select 'an endpoint' from endpoint_models e where e.model_id = v.model_id and (
        e.version = v.version::text
        or e.version in (select a.alias from model_aliases a where a.version_id = v.id)
        or (e.version = 'latest' and v.version = (select max(o.version) from model_versions o
          where o.model_id = v.model_id and o.status = 'ready' and o.removed_at is null)))
        limit 1) as uses
    from model_versions v join models m on m.id = v.model_id where v.id = ${versionId}`.execute(tx);
  return rows[0];
}

/** What the rest of the house hears of scans: audit entries, alarms and events. */
export function createTell({ audit, alarm, events }: TellDeps) {
  async function raise(tx: Database, versionId: string, about: Named): Promise<After> {
    return await alarm(
      {
        kind: 'model-quarantined',
        severity: 'critical',
        summary: storable(
          `${about.modelName} version ${about.version} is in use (${about.uses.slice(0, 5).join(', ')}) and was found to be dangerous: it is in quarantine`,
          500,
        ),
        subject: subjectOf(versionId),
      },
      tx,
    );
  }

  async function changed(
    tx: Database,
    versionId: string,
    { about, reassessed, actor }: { about: Named; reassessed: Reassessed; actor: Actor },
  ): Promise<After[]> {
    const { quarantined, quarantinedBefore, after } = reassessed;
    if (quarantined === quarantinedBefore) return [];
    await audit.record(
      {
        actor,
        action: quarantined ? 'scans.quarantined' : 'scans.released',
        subject: subjectOf(versionId),
        detail: {
          model: about.modelName,
          version: about.version,
          findings: after.quarantinedFor,
          uses: about.uses.slice(0, 20),
        },
      },
      tx,
    );
    return quarantined && about.uses.length > 0 ? [await raise(tx, versionId, about)] : [];
  }

  const emitted =
    (versionId: string, modelId: string, { after, quarantined }: Reassessed): After =>
    () =>
      events.emit('version.scanned', {
        modelId,
        versionId,
        verdict: after.verdict as ScanVerdict,
        quarantined,
      });

  return Object.freeze({
    /** A scan ended: one entry for the verdict, one more where it changed the quarantine. */
    async scanned(tx: Database, scan: StoredScan, reassessed: Reassessed): Promise<After[]> {
      const about = await named(tx, scan.versionId);
      if (about === undefined) return [];
      const { after } = reassessed;
      await audit.record(
        {
          actor: SYSTEM,
          action: 'scans.completed',
          subject: subjectOf(scan.versionId),
          detail: {
            model: about.modelName,
            version: about.version,
            digest: about.digest,
            scanner: after.scanner,
            verdict: after.verdict,
            findings: after.severities,
            reason: scan.reason,
          },
        },
        tx,
      );
      const alarms = await changed(tx, scan.versionId, { about, reassessed, actor: SYSTEM });
      return [...alarms, emitted(scan.versionId, about.modelId, reassessed)];
    },

    /** A version was weighed anew without a scan of its own. */
    async reassessed(
      tx: Database,
      versionId: string,
      reassessed: Reassessed,
      actor: Actor = SYSTEM,
    ): Promise<After[]> {
      const about = await named(tx, versionId);
      if (about === undefined) return [];
      const alarms = await changed(tx, versionId, { about, reassessed, actor });
      return [...alarms, emitted(versionId, about.modelId, reassessed)];
    },

    async failed(tx: Database, scan: StoredScan, problem: string): Promise<After[]> {
      const about = await named(tx, scan.versionId);
      await audit.record(
        {
          actor: SYSTEM,
          action: 'scans.failed',
          subject: subjectOf(scan.versionId),
          detail: { model: about?.modelName ?? '', version: about?.version ?? 0, problem },
        },
        tx,
      );
      return [];
    },
  });
}
export type Tell = ReturnType<typeof createTell>;
