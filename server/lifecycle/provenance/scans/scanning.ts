import { readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Schema } from '@bartizan/checks/datasets/records/index.ts';
import { AppError } from '../../../kernel/error.ts';
import type { Job } from '../../../platform/jobs/index.ts';
import { isDamage } from '../../../platform/objects/index.ts';
import { ContentRefused } from '../confined/errors.ts';
import { runTask } from '../confined/task.ts';
import type { KnownVersion, LaidVersion } from '../ports.ts';
import type { DataScanDeps } from './deps.ts';
import { keepResult } from './keeping.ts';
import { plainLine } from './masking.ts';
import { MAX_FINDINGS, MAX_RECORDS, type StoredScan } from './model.ts';
import { dataScanQueue } from './queues.ts';
import type { ScanStore } from './store.ts';
import type { RecordedOrigins, Scanned, ScanTask } from './worker/protocol.ts';

const CHILD = fileURLToPath(new URL('./worker/child.ts', import.meta.url));
/** Most records that one scan holds; the process refuses more. */
const MOST_ROWS = 2_000_000;
const MEMORY_BYTES = 4 * 2 ** 30;
const TIME_MS = 3_600_000;
const MOST_RESULT_BYTES = 512 * 2 ** 20;

/** The job that scans. Killed half-way, it is run again and ends the same. */
export function createScanning(deps: DataScanDeps & { readonly store: ScanStore }) {
  const { database, store, audit, clock, events, jobs, logger, config, datasets, custody, release } = deps;

  /** What brought each record in, as a file beside the content; null where all came with one delivery. */
  async function layOrigins(
    { id: versionId, rows }: KnownVersion,
    path: string,
  ): Promise<RecordedOrigins | null> {
    if (rows === null || rows === 0 || rows > MOST_ROWS) return null;
    const { origins, of } = await datasets.originsOf(
      versionId,
      Array.from({ length: rows }, (_, row) => row),
    );
    if (origins.length < 2) return null;
    await writeFile(
      path,
      Int32Array.from(of, (place) => place ?? -1),
      { flag: 'wx', mode: 0o600 },
    );
    return {
      path,
      batches: origins.map(({ batch, number }) => batch ?? `version ${number}`),
      sources: origins.map(({ source }) => source?.name ?? null),
    };
  }

  async function look(
    scan: StoredScan,
    version: KnownVersion,
    laid: LaidVersion,
    job: Job<unknown>,
  ): Promise<Scanned> {
    const folder = dirname(laid.path);
    const task: ScanTask = {
      content: { path: laid.path, format: laid.format, options: laid.options, schema: laid.schema as Schema },
      options: scan.options,
      label: version.label,
      origins: await layOrigins(version, join(folder, 'origins')),
      out: join(folder, 'scanned'),
      maxRecords: MAX_RECORDS,
      maxFindings: MAX_FINDINGS,
    };
    await runTask({
      entry: CHILD,
      task,
      folder,
      limits: {
        memoryBytes: MEMORY_BYTES,
        contentBytes: Math.max(1, config.maxUploadBytes),
        timeMs: TIME_MS,
      },
      signal: job.signal,
      onProgress: ({ stage, part }) =>
        job.progress({
          done: Math.round((part ?? 0) * 1_000),
          total: 1_000,
          detail: { stage: plainLine(stage, 200) },
        }),
    });
    if ((await stat(task.out)).size > MOST_RESULT_BYTES)
      throw new ContentRefused('More was found than can be kept. Scan fewer columns, or name the checks.');
    return JSON.parse(await readFile(task.out, 'utf8')) as Scanned;
  }

  /** Result, audit entry, custody and release in one transaction, or none of them. */
  async function keep(scan: StoredScan, scanned: Scanned): Promise<void> {
    const measured = await datasets.profile(scan.versionId);
    const actor = {
      kind: scan.automatic ? 'system' : 'person',
      id: scan.createdById,
      name: scan.createdBy,
    } as const;
    const kept = await database.transaction().execute(async (tx) => {
      const atMs = clock.now();
      if (!(await keepResult(scan.id, { scanned, profile: measured?.profile ?? null, atMs }, tx)))
        return null;
      const detail = {
        version: scan.versionId,
        number: scan.number,
        records: scanned.rows,
        suspected: scanned.suspected,
        findings: scanned.findings.length,
      };
      const action = 'data.scanned';
      await audit.record({ actor, action, subject: `data-scan:${scan.id}`, detail }, tx);
      const { datasetId, versionId } = scan;
      await custody(
        { datasetId, versionId, action: 'scanned', actor, reason: '', audit: action, detail },
        tx,
      );
      const passed = await store.passed(versionId, tx);
      return { released: passed && (await release(versionId, tx)) };
    });
    if (kept === null) return;
    if (kept.released) await datasets.announce(scan.versionId);
    events.emit('dataset.scanned', {
      datasetId: scan.datasetId,
      versionId: scan.versionId,
      scanId: scan.id,
      findings: scanned.findings.length,
    });
  }

  async function attempt(scan: StoredScan, job: Job<unknown>): Promise<void> {
    const version = await datasets.versionById(scan.versionId);
    if (!version) return;
    const laid = await datasets.lay(scan.versionId, job.signal);
    try {
      await keep(scan, await look(scan, version, laid, job));
    } finally {
      await laid.release();
    }
  }

  /** Whether the content or the options are to blame, so that another attempt would come to the same. */
  function blame(error: unknown): string | null {
    if (error instanceof ContentRefused) return error.message;
    if (isDamage(error)) return 'The stored content no longer has its digest. Verify the version.';
    if (error instanceof AppError && ['gone', 'not_found', 'conflict'].includes(error.code))
      return `${error.message}.${error.hint ? ` ${error.hint}` : ''}`;
    return null;
  }

  const fail = (id: string, failure: string): Promise<boolean> =>
    store.end(id, { state: 'failed', failure: plainLine(failure, 1_000), atMs: clock.now() });

  jobs.work(dataScanQueue, async (job) => {
    const { scanId } = job.payload;
    if (!(await store.begin(scanId, clock.now()))) return;
    const scan = (await store.find(scanId)) as StoredScan;
    try {
      await attempt(scan, job);
    } catch (error) {
      if (job.signal.aborted) throw error;
      const why = blame(error);
      if (why !== null) return void (await fail(scanId, why));
      const reason = error instanceof Error ? error.message : String(error);
      logger.warn({ scanId, reason }, 'a dataset could not be scanned; it is tried again');
      if (job.last)
        return void (await fail(scanId, 'Scanning broke off again and again; the server’s log says why.'));
      throw error;
    }
  });

  return Object.freeze({
    /** Queues what was lost, by a restore or a fault of the queue. */
    async resume(): Promise<void> {
      const ids = await store.unended();
      const alive = await jobs.alive(dataScanQueue, ids);
      for (const id of ids) if (!alive.has(id)) await jobs.send(dataScanQueue, { scanId: id }, { key: id });
    },
  });
}
