import type { Actor, AuditLog } from '../../audit/index.ts';
import type { Clock } from '../../kernel/clock.ts';

const HOUR_MS = 3_600_000;
/** Callers and subjects that are counted at once; beyond that each download is written by itself. */
const MAX_COUNTED = 10_000;

export interface Downloaded {
  readonly actor: Actor;
  /** `run:…`, `logged-model:…` or `model-version:…`. */
  readonly subject: string;
  readonly path: string;
  /** In bytes. */
  readonly size: number;
}

export interface DownloadLog {
  /** Call before the bytes go out: the first download of something in an hour is in the audit log by then. */
  readonly note: (download: Downloaded) => Promise<void>;
  /** Writes what was counted of hours that are over, or of all when the process ends. */
  readonly flush: (all?: boolean) => Promise<void>;
}

interface Tally {
  readonly actor: Actor;
  readonly subject: string;
  readonly hour: number;
  files: number;
  bytes: number;
}

/**
 * Audits downloads of artifacts: one entry for the first file that a caller takes of a version, run or model in an
 * hour, with its path, and one when that hour is over with the count of the further ones, if there were any.
 */
export function createDownloadLog({
  audit,
  clock,
}: {
  readonly audit: AuditLog;
  readonly clock: Pick<Clock, 'now'>;
}): DownloadLog {
  const tallies = new Map<string, Tally>();

  async function flush(all = false): Promise<void> {
    const hour = Math.floor(clock.now() / HOUR_MS);
    const over = [...tallies].filter(([, tally]) => all || tally.hour < hour);
    for (const [key] of over) tallies.delete(key);
    const entries = over
      .filter(([, { files }]) => files > 0)
      .map(([, { actor, subject, files, bytes }]) => ({
        actor,
        action: 'artifacts.downloaded',
        subject,
        detail: { furtherFiles: files, bytes },
      }));
    if (entries.length > 0) await audit.recordMany(entries);
  }

  return Object.freeze({
    flush,
    async note({ actor: { kind, id, name }, subject, path, size }: Downloaded) {
      const actor: Actor = { kind, id, name };
      const hour = Math.floor(clock.now() / HOUR_MS);
      const key = JSON.stringify([kind, id, subject]);
      const tally = tallies.get(key);
      if (tally?.hour === hour) {
        tally.files++;
        tally.bytes += size;
        return;
      }
      await flush();
      await audit.record({
        actor,
        action: 'artifacts.downloaded',
        subject,
        detail: { path: path.slice(0, 500), bytes: size },
      });
      if (tallies.size < MAX_COUNTED) tallies.set(key, { actor, subject, hour, files: 0, bytes: 0 });
    },
  });
}
