import { createAuditLog, SYSTEM } from '../audit/index.ts';
import { systemClock } from '../kernel/clock.ts';
import { openDatabase } from '../platform/database/index.ts';
import type { BackupMade, Restored } from './backup/index.ts';

interface Note {
  readonly action: string;
  readonly subject: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Records a backup in the audit log of the instance that it is of. A database that takes no writes is told of. */
export const noteBackup = (url: string, made: BackupMade, warn: (line: string) => void): Promise<void> =>
  note(
    url,
    { action: 'operations.backup_made', subject: `backup:${made.id}`, detail: { bytes: made.bytes } },
    warn,
  );

/** Records a restore in the audit log that it brought back: the first entry after those of the backup. */
export const noteRestore = (url: string, restored: Restored, warn: (line: string) => void): Promise<void> =>
  note(
    url,
    {
      action: 'operations.restored',
      subject: `backup:${restored.id}`,
      detail: { createdAt: restored.createdAt, endedSessions: restored.endedSessions },
    },
    warn,
  );

async function note(databaseUrl: string, entry: Note, warn: (line: string) => void): Promise<void> {
  const open = openDatabase(databaseUrl, { maxConnections: 1 });
  try {
    await createAuditLog({ database: open.database, clock: systemClock }).record({ actor: SYSTEM, ...entry });
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown';
    warn(`This could not be recorded in the audit log (${reason}); note it yourself.`);
  } finally {
    await open.close();
  }
}
