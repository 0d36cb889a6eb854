import type { Actor, AuditLog } from '../../../audit/index.ts';
import { AppError } from '../../../kernel/error.ts';
import type { Database } from '../../../platform/database/types.ts';
import type { Principal } from '../../../platform/http/types.ts';
import type { GovernancePort } from '../ports.ts';
import { knownOf, type StoredVersion } from './model.ts';

export interface ReadDeps {
  readonly database: Database;
  readonly governance: Pick<GovernancePort, 'mayUse' | 'custody'>;
  readonly audit: Pick<AuditLog, 'record'>;
}

/** Why something is read, and what of the version. */
interface Read {
  readonly purpose: string;
  readonly what: Readonly<Record<string, unknown>>;
}

const gone = (version: StoredVersion): AppError =>
  version.storage === 'reference'
    ? new AppError('gone', 'these data are not kept here', {
        hint: `They lie at ${version.location ?? 'a place that was told when they were pushed'}.`,
      })
    : new AppError('gone', 'the content of this version was removed', {
        hint: 'Its hashes, schema and profile are still there.',
      });

/**
 * Lets records be read: whether it may be, by state, quarantine and policies; then the read is written into the audit
 * log and the chain of custody, with the reason. If that cannot be written, nothing is shown.
 */
export function createReads({ database, governance, audit }: ReadDeps) {
  async function note(actor: Actor, version: StoredVersion, { purpose, what }: Read): Promise<void> {
    const action = 'data.content-read';
    const detail = { dataset: version.dataset, number: version.number, ...what, purpose };
    await database.transaction().execute(async (tx) => {
      await audit.record({ actor, action, subject: `dataset-version:${version.id}`, detail }, tx);
      await governance.custody(
        {
          datasetId: version.datasetId,
          versionId: version.id,
          action: 'read',
          actor,
          reason: purpose,
          audit: action,
          detail: { number: version.number, ...what },
        },
        tx,
      );
    });
  }

  /** Whether the principal may see what tells of records, by the state of the version and by policies. */
  async function demandUse(principal: Principal, version: StoredVersion, purpose: string): Promise<void> {
    const kept = version.quarantined || version.state === 'rejected';
    if (kept && !principal.permissions.has('data.manage'))
      throw new AppError('forbidden', 'this version is kept out of use', {
        hint: 'Its records are for those who manage data (data.manage).',
      });
    if (
      version.state === 'awaiting-review' &&
      !principal.permissions.has('data.manage') &&
      !principal.permissions.has('data.approve')
    )
      throw new AppError('forbidden', 'this version awaits review', {
        hint: 'Until it is approved, its records are for reviewers.',
      });
    await governance.mayUse(principal, knownOf(version), purpose);
  }

  return Object.freeze({
    /** As `demand`, for hashes of records, which are here of references and removed content too. */
    async demandHashes(principal: Principal, version: StoredVersion, read: Read): Promise<void> {
      await demandUse(principal, version, read.purpose);
      await note(principal, version, read);
    },

    /** Resolves once the read is recorded; show the records after that. */
    async demand(principal: Principal, version: StoredVersion, read: Read): Promise<void> {
      if (version.state === 'processing' || version.state === 'failed')
        throw new AppError('conflict', `this version is ${version.state}: it has no records to show`, {
          hint: version.failure ?? 'Ask again once it is ready.',
        });
      if (version.storage === 'reference' || version.contentRemovedAt !== null) throw gone(version);
      await demandUse(principal, version, read.purpose);
      await note(principal, version, read);
    },
  });
}
export type Reads = ReturnType<typeof createReads>;
