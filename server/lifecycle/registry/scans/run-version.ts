import { sql } from 'kysely';
import type { Database } from '../../../platform/database/types.ts';
import type { Job } from '../../../platform/jobs/index.ts';
import type { Logger } from '../../ports.ts';
import type { Contents } from './contents.ts';
import type { Group, Groups } from './groups.ts';
import { type ContentResult, differenceFrom, LOW, worstOf } from './model.ts';
import { type ReadContentDeps, readContent, type ToJudge } from './read-content.ts';
import type { ScanSettingsService } from './settings.ts';
import type { Standings } from './standing.ts';
import type { Tell } from './tell.ts';
import type { JudgedFile, StoredScan, VersionScans } from './versions.ts';
import { createReader } from './worker/process.ts';

const MOST_ATTEMPTS = 6;
const KEEP_SCANS = 20;
const MOST_FOUND = 20_000;
const RATE_WINDOW_MS = 5_000;

export interface RunDeps extends ReadContentDeps {
  readonly database: Database;
  readonly logger: Logger;
  readonly versions: VersionScans;
  readonly contents: Contents;
  readonly groups: Groups;
  readonly standings: Standings;
  readonly settings: ScanSettingsService;
  readonly tell: Tell;
}

/** Bytes a second over the last seconds. */
function rateOf() {
  const seen: { atMs: number; bytes: number }[] = [];
  return (bytes: number): number | null => {
    const atMs = performance.now();
    seen.push({ atMs, bytes });
    while (seen.length > 2 && atMs - (seen[0]?.atMs ?? atMs) > RATE_WINDOW_MS) seen.shift();
    const first = seen[0];
    if (first === undefined || atMs - first.atMs < 200) return null;
    return Math.round(((bytes - first.bytes) / (atMs - first.atMs)) * 1000);
  };
}

/** Every content once, with one of the paths that has it. */
const distinct = (files: readonly JudgedFile[]): JudgedFile[] => [
  ...new Map(files.map((file) => [file.sha256, file])).values(),
];

/** Saves a result, and weighs anew the other versions that have the same content. */
export async function keepResult(
  { database, contents, standings, tell }: Pick<RunDeps, 'database' | 'contents' | 'standings' | 'tell'>,
  result: ContentResult,
  except: string | null,
): Promise<void> {
  const told = await database.transaction().execute(async (tx) => {
    const before = await contents.save(tx, result);
    if (before === null) return [];
    const after = [];
    for (const versionId of await standings.havingContent(tx, result.sha256)) {
      if (versionId === except) continue;
      await standings.lock(tx, versionId);
      const reassessed = await standings.reassess(tx, versionId);
      if (reassessed) after.push(...(await tell.reassessed(tx, versionId, reassessed)));
    }
    return after;
  });
  for (const one of told) one();
}

export function createVersionRun(deps: RunDeps) {
  const { database, versions, contents, groups, standings, settings, tell, scanner } = deps;

  /** Contents that have to be read, and how many need not be. */
  async function toRead<One extends ToJudge>(scan: StoredScan, all: readonly One[]): Promise<One[]> {
    const known = await contents.known(
      all.map(({ sha256 }) => sha256),
      scanner,
    );
    const since = scan.startedAt ?? 0;
    return all.filter(({ sha256 }) => {
      const result = known.get(sha256);
      if (result === undefined) return true;
      // What this very scan has read, before its server died, is not read again.
      return result.scannedAt < since && (scan.everything || result.limited);
    });
  }

  /** Gives what was judged together, and how many contents there was no time left for. */
  async function readAll(scan: StoredScan, job: Job<unknown>) {
    const limits = await settings.get();
    const all = distinct(await versions.files(scan.versionId));
    const left = await toRead(scan, all);
    const bytesTotal = all.reduce((sum, { size }) => sum + size, 0);
    await versions.counted(scan.id, {
      total: all.length,
      known: all.length - left.length,
      bytes: bytesTotal,
    });
    const endMs = performance.now() + limits.versionSeconds * 1000;
    const rate = rateOf();
    let unread = 0;
    let filesDone = all.length - left.length;
    let bytesDone = bytesTotal - left.reduce((sum, { size }) => sum + size, 0);
    const show = (path: string, reached: number): void =>
      job.progress({
        done: bytesDone + reached,
        total: bytesTotal,
        detail: { file: path, filesDone, bytesPerSecond: rate(bytesDone + reached) },
      });
    const reader = createReader(limits.memoryMb);
    const judge = async (one: ToJudge, onReached: (offset: number) => void): Promise<void> => {
      job.signal.throwIfAborted();
      onReached(0);
      const options = { settings: limits, endMs, signal: job.signal, onReached };
      const result = await readContent(deps, reader, one, options);
      if (result === null) unread += 1;
      else await keepResult(deps, result, scan.versionId);
    };
    try {
      for (const file of left) {
        await judge(file, (offset) => show(file.path, offset));
        filesDone += 1;
        bytesDone += file.size;
        show('', 0);
      }
      const together = await groups.of(scan.versionId);
      for (const one of await toRead(scan, together)) await judge(one, () => show(one.files[0] ?? '', 0));
      return { together, unread };
    } finally {
      reader.close();
    }
  }

  /** Ids of what was found, to compare with the next scan. */
  async function foundIn(tx: Database, versionId: string): Promise<string[]> {
    const { rows } = await sql<{ finding: string }>`
      select distinct d.finding from version_contents f
      join content_scans c on c.sha256 = f.sha256 and c.latest
      join content_findings d on d.sha256 = c.sha256 and d.scanner = c.scanner
      where f.version_id = ${versionId} and d.rank >= ${LOW} order by 1 limit ${MOST_FOUND}`.execute(tx);
    return rows.map(({ finding }) => finding);
  }

  /**
   * Ends a scan whose time was over before all had been read: what was found counts, of the rest nothing is known but
   * what was known before.
   */
  async function endUnread(scan: StoredScan, unread: number): Promise<void> {
    const problem = `its time was over before ${unread === 1 ? 'one file was' : `${unread} files were`} read; scan it again to go on`;
    const told = await database.transaction().execute(async (tx) => {
      await standings.lock(tx, scan.versionId);
      const end = { state: 'failed', verdict: null, found: [], difference: null, problem } as const;
      if (!(await versions.end(tx, scan.id, end))) return [];
      const before = await standings.find(scan.versionId, tx);
      const own = before === undefined ? { id: scan.id, scanner } : undefined;
      const reassessed = await standings.reassess(tx, scan.versionId, own);
      const failed = await tell.failed(tx, scan, problem);
      return reassessed ? [...failed, ...(await tell.reassessed(tx, scan.versionId, reassessed))] : failed;
    });
    for (const one of told) one();
  }

  async function finish(scan: StoredScan, together: readonly Group[]): Promise<void> {
    const told = await database.transaction().execute(async (tx) => {
      await standings.lock(tx, scan.versionId);
      await groups.replace(tx, scan.versionId, together);
      const files = await versions.judged(scan.versionId, tx);
      const found = await foundIn(tx, scan.versionId);
      const earlier = await versions.lastDone(scan.versionId, scan.id, tx);
      const ended = await versions.end(tx, scan.id, {
        state: 'done',
        verdict: worstOf(files.map(({ verdict }) => verdict ?? 'error')),
        found,
        difference: earlier ? differenceFrom(earlier, found) : null,
        problem: '',
      });
      if (!ended) return [];
      const reassessed = await standings.reassess(tx, scan.versionId, { id: scan.id, scanner });
      return reassessed ? await tell.scanned(tx, scan, reassessed) : [];
    });
    for (const one of told) one();
    await versions.forget(scan.versionId, KEEP_SCANS);
  }

  async function fail(scan: StoredScan, problem: string): Promise<void> {
    const told = await database.transaction().execute(async (tx) => {
      await standings.lock(tx, scan.versionId);
      const end = { state: 'failed', verdict: null, found: [], difference: null, problem } as const;
      if (!(await versions.end(tx, scan.id, end))) return [];
      await standings.noteState(tx, scan.versionId);
      return await tell.failed(tx, scan, problem);
    });
    for (const one of told) one();
  }

  return async (job: Job<{ scanId: string }>): Promise<void> => {
    const scan = await versions.begin(job.payload.scanId, scanner);
    if (scan === undefined) return;
    if (scan.attempts > MOST_ATTEMPTS) {
      await fail(scan, `the server that scanned it ended ${MOST_ATTEMPTS} times`);
      return;
    }
    await database.transaction().execute((tx) => standings.noteState(tx, scan.versionId));
    try {
      const { together, unread } = await readAll(scan, job);
      if (unread > 0) await endUnread(scan, unread);
      else await finish(scan, together);
    } catch (error) {
      if (!job.signal.aborted && job.last)
        await fail(scan, 'the files could not be read; the server’s log says why');
      throw error;
    }
  };
}
