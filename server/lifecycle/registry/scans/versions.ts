import type {
  FileVerdict,
  ScanDifference,
  ScanState,
  ScanVerdict,
  SeverityCounts,
} from '@bartizan/contracts';
import { sql } from 'kysely';
import { uuidv7 } from '../../../kernel/id.ts';
import type { Database } from '../../../platform/database/types.ts';
import type { EarlierScan } from './model.ts';

export type Reason = 'created' | 'requested' | 'scanner' | 'base' | 'resumed';

export interface StoredScan {
  readonly id: string;
  readonly versionId: string;
  readonly state: ScanState;
  readonly reason: Reason;
  readonly everything: boolean;
  readonly requestedBy: string | null;
  readonly scanner: string;
  readonly verdict: ScanVerdict | null;
  readonly attempts: number;
  readonly filesTotal: number;
  readonly filesKnown: number;
  readonly bytesTotal: number;
  readonly found: readonly string[];
  readonly difference: ScanDifference | null;
  readonly problem: string;
  readonly queuedAt: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
}

export const SCAN = sql`s.id, s.version_id as "versionId", s.state, s.reason, s.everything,
  s.requested_by as "requestedBy", s.scanner, s.verdict, s.attempts, s.files_total as "filesTotal",
  s.files_known as "filesKnown", s.bytes_total as "bytesTotal", s.found, s.difference, s.problem,
  s.queued_at as "queuedAt", s.started_at as "startedAt", s.ended_at as "endedAt"`;

/** One file of a version with what its content came to, if anything. */
export interface JudgedFile {
  readonly path: string;
  readonly sha256: string;
  readonly size: number;
  readonly verdict: FileVerdict | null;
  readonly severities: SeverityCounts | null;
  readonly format: string | null;
}

export type JudgedContent = Pick<JudgedFile, 'sha256' | 'verdict' | 'severities' | 'format'> & {
  /** It was not read to its end. */
  readonly limited: boolean | null;
  /** Parts of it that could not be judged. */
  readonly failures: number | null;
  /** Of files that were judged together. */
  readonly grouped: boolean;
};

/** The scans of versions, and what of them waits. */
export function createVersionScans(database: Database, now: () => number) {
  const one = async (where: ReturnType<typeof sql>, within: Database = database) =>
    (await sql<StoredScan>`select ${SCAN} from version_scans s ${where}`.execute(within)).rows[0];

  return Object.freeze({
    find: (id: string, within?: Database) => one(sql`where s.id = ${id}`, within),

    latest: (versionId: string, within?: Database) =>
      one(sql`where s.version_id = ${versionId} order by s.queued_at desc, s.id desc limit 1`, within),

    lastDone: async (versionId: string, except: string, within: Database): Promise<EarlierScan | undefined> =>
      await one(
        sql`where s.version_id = ${versionId} and s.state = 'done' and s.id <> ${except}
          order by s.queued_at desc, s.id desc limit 1`,
        within,
      ),

    /** Queues a scan; where one waits or runs already, that one. */
    async queue(
      tx: Database,
      scan: Pick<StoredScan, 'versionId' | 'reason' | 'everything' | 'requestedBy'>,
    ): Promise<{ readonly scan: StoredScan; readonly fresh: boolean }> {
      const id = uuidv7(now());
      const made =
        await sql`insert into version_scans (id, version_id, state, reason, everything, requested_by,
          queued_at) values (${id}, ${scan.versionId}, 'queued', ${scan.reason}, ${scan.everything},
          ${scan.requestedBy}, ${now()})
        on conflict (version_id) where state in ('queued', 'running') do nothing`.execute(tx);
      const fresh = Number(made.numAffectedRows ?? 0) > 0;
      if (!fresh && scan.everything) {
        await sql`update version_scans set everything = true
          where version_id = ${scan.versionId} and state = 'queued'`.execute(tx);
      }
      const open = await one(
        sql`where s.version_id = ${scan.versionId} and s.state in ('queued', 'running')`,
        tx,
      );
      if (open === undefined) throw new TypeError('the scan that was queued is not there');
      return { scan: open, fresh };
    },

    /** Takes it up; undefined when it is over, or its version gone. The first attempt's start is kept. */
    async begin(id: string, scanner: string): Promise<StoredScan | undefined> {
      await sql`update version_scans set state = 'running', scanner = ${scanner}, attempts = attempts + 1,
        started_at = coalesce(started_at, ${now()})
        where id = ${id} and state in ('queued', 'running')`.execute(database);
      const scan = await one(sql`where s.id = ${id}`);
      return scan?.state === 'running' ? scan : undefined;
    },

    async counted(id: string, files: { total: number; known: number; bytes: number }): Promise<void> {
      await sql`update version_scans set files_total = ${files.total}, files_known = ${files.known},
        bytes_total = ${files.bytes} where id = ${id}`.execute(database);
    },

    /** False when it is over already. */
    async end(
      tx: Database,
      id: string,
      end: {
        readonly state: 'done' | 'failed';
        readonly verdict: ScanVerdict | null;
        readonly found: readonly string[];
        readonly difference: ScanDifference | null;
        readonly problem: string;
      },
    ): Promise<boolean> {
      const done = await sql`update version_scans set state = ${end.state}, verdict = ${end.verdict},
        found = ${end.found}::text[], difference = ${end.difference === null ? null : JSON.stringify(end.difference)}::jsonb,
        problem = ${end.problem}, ended_at = ${now()}
        where id = ${id} and state in ('queued', 'running')`.execute(tx);
      return Number(done.numAffectedRows ?? 0) > 0;
    },

    files: async (versionId: string, within: Database = database): Promise<JudgedFile[]> =>
      (
        await sql<JudgedFile>`select f.path, f.sha256, f.size, c.verdict, c.severities, c.format
          from model_version_files f left join content_scans c on c.sha256 = f.sha256 and c.latest
          where f.version_id = ${versionId} order by f.path`.execute(within)
      ).rows,

    /** Whatever its verdict rests on: its files, and those of them that were judged together. */
    judged: async (versionId: string, within: Database = database): Promise<JudgedContent[]> =>
      (
        await sql<JudgedContent>`select f.sha256, f.grouped, c.verdict, c.severities, c.format, c.limited,
            jsonb_array_length(c.errors) as failures
          from version_contents f left join content_scans c on c.sha256 = f.sha256 and c.latest
          where f.version_id = ${versionId}`.execute(within)
      ).rows,

    /** Old scans of a version beyond the newest `keep`. */
    async forget(versionId: string, keep: number): Promise<void> {
      await sql`delete from version_scans where version_id = ${versionId} and state in ('done', 'failed')
        and id not in (select id from version_scans where version_id = ${versionId}
          order by queued_at desc, id desc limit ${keep})`.execute(database);
    },
  });
}
export type VersionScans = ReturnType<typeof createVersionScans>;
