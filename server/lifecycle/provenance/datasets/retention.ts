import { sql } from 'kysely';
import { type AuditLog, SYSTEM } from '../../../audit/index.ts';
import type { Clock } from '../../../kernel/clock.ts';
import type { Database } from '../../../platform/database/types.ts';
import type { GovernancePort } from '../ports.ts';
import type { VersionStore } from './versions-store.ts';

export interface RetentionDeps {
  readonly database: Database;
  readonly versions: VersionStore;
  readonly governance: Pick<GovernancePort, 'custody'>;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly clock: Clock;
}

const DAY_MS = 86_400_000;
const PAGE = 100;

/**
 * Removes the content of versions that are older than their dataset keeps it. The newest usable one stays, and so does
 * what is being read or awaits a decision. Hashes, schema and profile are kept for good.
 */
export function createRetention({ database, versions, governance, audit, clock }: RetentionDeps) {
  async function due(): Promise<readonly { id: string; datasetId: string; number: number }[]> {
    const { rows } = await sql<{ id: string; datasetId: string; number: number }>`
      select v.id, v.dataset_id as "datasetId", v.number from data_versions v
      join data_datasets d on d.id = v.dataset_id and d.removed_at is null
      where d.retention_days is not null and v.content_removed_at is null and v.storage = 'value'
        and v.state in ('ready', 'rejected') and v.created_at < ${clock.now()} - d.retention_days * ${DAY_MS}::bigint
        and v.number < (select max(n.number) from data_versions n
          where n.dataset_id = v.dataset_id and n.state = 'ready' and not n.quarantined)
        and not exists (select from data_verifications r where r.version_id = v.id and r.state = 'running')
        and not exists (select from data_versions c where c.parent_id = v.id and c.state = 'processing')
      order by v.created_at limit ${PAGE}`.execute(database);
    return rows;
  }

  async function remove({ id, datasetId, number }: Awaited<ReturnType<typeof due>>[number]): Promise<void> {
    await database.transaction().execute(async (tx) => {
      const version = await versions.lock(id, tx);
      if (!version || version.contentRemovedAt !== null) return;
      await versions.removeFiles(id, tx);
      await versions.setContentRemoved(id, clock.now(), tx);
      const action = 'data.content-expired';
      const detail = { dataset: datasetId, number };
      await audit.record({ actor: SYSTEM, action, subject: `dataset-version:${id}`, detail }, tx);
      await governance.custody(
        { datasetId, versionId: id, action: 'removed', actor: SYSTEM, reason: '', audit: action, detail },
        tx,
      );
    });
  }

  return Object.freeze({
    async run(): Promise<void> {
      for (;;) {
        const versionsDue = await due();
        for (const version of versionsDue) await remove(version);
        if (versionsDue.length < PAGE) return;
      }
    },
  });
}
