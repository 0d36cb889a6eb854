import { sql } from 'kysely';
import type { Actor, AuditLog } from '../../../audit/index.ts';
import type { Database } from '../../../platform/database/types.ts';

const HOUR_MS = 3_600_000;

export interface DownloadLogDeps {
  readonly database: Database;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly now: () => number;
}

export interface Downloaded {
  /** What the files are of: `<kind>:<id>`. */
  readonly subject: string;
  /** Names of it, for an auditor. */
  readonly detail: Readonly<Record<string, unknown>>;
  readonly bytes: number;
}

/**
 * Records who fetched files of what: one audit entry before the first file of an hour, and one with how many files
 * and bytes it came to once the hour is over.
 */
export function createDownloadLog({ database, audit, now }: DownloadLogDeps) {
  return Object.freeze({
    /** Resolves once it is recorded; give the bytes out after that. */
    async note(actor: Actor, { subject, detail, bytes }: Downloaded): Promise<void> {
      const hour = Math.floor(now() / HOUR_MS);
      await database.transaction().execute(async (tx) => {
        const { rows } = await sql<{ files: number }>`insert into download_counts
            (subject, actor_id, hour, actor, detail, files, bytes)
          values (${subject}, ${actor.id}, ${hour}, ${JSON.stringify({ kind: actor.kind, id: actor.id, name: actor.name })}::jsonb,
            ${JSON.stringify(detail)}::jsonb, 1, ${bytes})
          on conflict (subject, actor_id, hour)
            do update set files = download_counts.files + 1, bytes = download_counts.bytes + excluded.bytes
          returning files`.execute(tx);
        if (rows[0]?.files === 1)
          await audit.record({ actor, action: 'models.downloaded', subject, detail }, tx);
      });
    },

    /** Records how much hours that are over came to. */
    async upkeep(): Promise<void> {
      const hour = Math.floor(now() / HOUR_MS);
      await database.transaction().execute(async (tx) => {
        const { rows } = await sql<{
          subject: string;
          actor: Actor;
          detail: Record<string, unknown>;
          files: number;
          bytes: number;
          hour: number;
        }>`delete from download_counts where hour < ${hour}
          returning subject, actor, detail, files, bytes, hour`.execute(tx);
        for (const { subject, actor, detail, files, bytes, hour: over } of rows) {
          const from = new Date(over * HOUR_MS).toISOString();
          await audit.record(
            {
              actor,
              action: 'models.downloads-counted',
              subject,
              detail: { ...detail, files, bytes, hourFrom: from },
            },
            tx,
          );
        }
      });
    },
  });
}
export type DownloadLog = ReturnType<typeof createDownloadLog>;
