import type { DataFinding, DataScan, DataScanOptions } from '@bartizan/contracts';
import { SYSTEM } from '../../../audit/index.ts';
import { AppError } from '../../../kernel/error.ts';
import { uuidv7 } from '../../../kernel/id.ts';
import type { Database } from '../../../platform/database/types.ts';
import type { Principal } from '../../../platform/http/types.ts';
import type { Viewer } from '../../sight.ts';
import { numberOf } from '../datasets/paging.ts';
import type { KnownVersion } from '../ports.ts';
import { isSamePerson } from '../sources/people.ts';
import type { DataScanDeps } from './deps.ts';
import { fingerprintOf, MAX_ACTIVE, type StoredFinding, type StoredScan, viewOf } from './model.ts';
import { dataScanQueue } from './queues.ts';
import type { ScanStore } from './store.ts';

/** A person who waits goes before what comes in by itself. */
const ASKED_FOR = 10;
/** Pushes often come one after another; the scans of the older ones wait for nobody. */
const AFTER_ARRIVAL_MS = 15_000;
/** What a scan holds in memory. */
const MOST_ROWS = 2_000_000;

const noSuchScan = (): AppError =>
  new AppError('not_found', 'there is no such scan', {
    hint: 'List the scans of the version to see their ids.',
  });
const noSuchFinding = (): AppError => new AppError('not_found', 'the scan has no such finding');

function viewOfFinding(stored: StoredFinding): DataFinding {
  const { complete, known, ...finding } = stored;
  return complete ? finding : { ...finding, evidence: { ...finding.evidence, 'rows that are known': known } };
}

export function createScanService(deps: DataScanDeps & { readonly store: ScanStore }) {
  const { database, store, audit, clock, jobs, datasets, release } = deps;

  /** The scan, where its version is in reach; `not_found` otherwise. */
  async function find(viewer: Viewer, id: string): Promise<StoredScan> {
    const scan = await store.find(id);
    if (!scan || (await datasets.versionsOf(viewer, [scan.versionId])).length === 0) throw noSuchScan();
    return scan;
  }

  async function viewed(scans: readonly StoredScan[]): Promise<DataScan[]> {
    const running = scans.filter(({ state }) => state === 'running').map(({ id }) => id);
    const progress = await jobs.progressOf(dataScanQueue, running);
    return scans.map((scan) => viewOf(scan, progress.get(scan.id)));
  }

  const view = async (scan: StoredScan): Promise<DataScan> => (await viewed([scan]))[0] as DataScan;

  function demandScannable(version: KnownVersion): void {
    if (version.storage === 'reference')
      throw new AppError('conflict', 'the records of this version are not kept here', {
        hint: 'Scan them where they are: bartizan data scan FILE.',
      });
    if (version.state !== 'ready' && version.state !== 'awaiting-review')
      throw new AppError('conflict', `this version is ${version.state}; there is nothing to scan`);
  }

  async function insert(
    scan: { versionId: string; options: DataScanOptions; automatic: boolean },
    actor: { id: string; name: string },
    tx: Database,
  ): Promise<string | null> {
    const id = uuidv7(clock.now());
    const { versionId, options, automatic } = scan;
    const fingerprint = fingerprintOf(options);
    const created = { createdById: actor.id, createdBy: actor.name, createdAt: clock.now() };
    if (!(await store.insert({ id, versionId, options, fingerprint, automatic, ...created }, tx)))
      return null;
    const waiting = automatic ? { delayMs: AFTER_ARRIVAL_MS } : { priority: ASKED_FOR };
    await jobs.send(dataScanQueue, { scanId: id }, { key: id, within: tx, ...waiting });
    return id;
  }

  async function begin(actor: Principal, version: KnownVersion, options: DataScanOptions): Promise<string> {
    return await database.transaction().execute(async (tx) => {
      const same = await store.active(version.id, fingerprintOf(options), tx);
      if (same) {
        if (same.automatic && (await store.takeOver(same.id, actor, tx)))
          await begun(actor, { id: same.id, version, options }, tx);
        return same.id;
      }
      if ((await store.activeOf(version.teamId, tx)) >= MAX_ACTIVE)
        throw new AppError('too_many_requests', `${MAX_ACTIVE} scans of this team wait or run already`, {
          hint: 'Wait until one is done, or cancel one.',
          retryAfterMs: 30_000,
        });
      const id = await insert({ versionId: version.id, options, automatic: false }, actor, tx);
      if (id === null)
        throw new AppError('conflict', 'such a scan was begun in this moment', { hint: 'List the scans.' });
      await begun(actor, { id, version, options }, tx);
      return id;
    });
  }

  async function begun(
    actor: Principal,
    { id, version, options }: { id: string; version: KnownVersion; options: DataScanOptions },
    tx: Database,
  ): Promise<void> {
    const detail = { version: version.id, number: version.number, options };
    await audit.record({ actor, action: 'data.scan-started', subject: `data-scan:${id}`, detail }, tx);
  }

  /** What came in by itself waits a while; somebody who asks for the same does not. */
  async function hasten(id: string): Promise<void> {
    const scan = await store.find(id);
    if (scan?.state !== 'queued') return;
    await jobs.cancel(dataScanQueue, id);
    await jobs.send(dataScanQueue, { scanId: id }, { key: id, priority: ASKED_FOR });
  }

  /** What holds a version back is not called a false alarm by who brought the version. */
  async function demandOther(
    actor: Principal,
    versionId: string,
    { severity }: Pick<StoredFinding, 'severity'>,
    tx: Database,
  ): Promise<void> {
    if (severity !== 'high' && severity !== 'critical') return;
    const version = await datasets.versionById(versionId, tx);
    if (version?.state !== 'awaiting-review') return;
    if (!(await isSamePerson(actor, version.createdById, deps.standBehind, tx))) return;
    throw new AppError(
      'forbidden',
      'while a version awaits review, somebody other than who pushed it says what in it is a false alarm',
      {
        hint: `${version.createdBy} pushed it. Anybody else with the permission data.manage (roles administrator and security) can say so, unless they stand behind the key that pushed it.`,
      },
    );
  }

  return Object.freeze({
    find,

    async start(actor: Principal, ref: { dataset: string; version: string }, options: DataScanOptions) {
      const version = await datasets.version(actor, ref.dataset, ref.version);
      demandScannable(version);
      const id = await begin(actor, version, options);
      await hasten(id);
      jobs.wake(dataScanQueue);
      return await view((await store.find(id)) as StoredScan);
    },

    /** Begins the scan of a version that came in, in the transaction that brings it in. */
    async arrived(versionId: string, tx: Database): Promise<void> {
      const version = await datasets.versionById(versionId, tx);
      if (!version || version.storage === 'reference') return;
      if (version.format === 'npy' || version.format === 'images') return;
      if (version.rows === null || version.rows === 0 || version.rows > MOST_ROWS) return;
      await insert({ versionId, options: {}, automatic: true }, SYSTEM, tx);
    },

    async list(viewer: Viewer, ref: { dataset: string; version: string }) {
      const version = await datasets.version(viewer, ref.dataset, ref.version);
      return { items: await viewed(await store.of(version.id)) };
    },

    async get(viewer: Viewer, id: string) {
      const scan = await find(viewer, id);
      return { scan: await view(scan), findings: (await store.findings(id)).map(viewOfFinding) };
    },

    async records(
      viewer: Viewer,
      id: string,
      { cursor, limit, check }: { cursor?: string | undefined; limit: number; check?: string | undefined },
    ) {
      await find(viewer, id);
      const found = await store.records(id, { after: numberOf(cursor) ?? -1, limit: limit + 1, check });
      const items = found.slice(0, limit);
      return { items, next: found.length > limit ? String(items.at(-1)?.rank) : null };
    },

    async decide(
      actor: Principal,
      { id, number }: { id: string; number: number },
      { decision, note }: { decision: DataFinding['decision']; note: string },
    ): Promise<DataFinding> {
      const scan = await find(actor, id);
      const released = await database.transaction().execute(async (tx) => {
        await store.lock(id, tx);
        const finding = await store.finding(id, number, tx);
        if (!finding) throw noSuchFinding();
        if (decision === 'dismissed') await demandOther(actor, scan.versionId, finding, tx);
        const open = decision === 'open';
        const change = { decision, note, by: open ? null : actor.name, atMs: open ? null : clock.now() };
        await store.decide(id, number, change, tx);
        const { check, severity, decision: before } = finding;
        const detail = { version: scan.versionId, finding: number, check, severity, before, decision, note };
        await audit.record({ actor, action: 'data.finding-decided', subject: `data-scan:${id}`, detail }, tx);
        return (await store.passed(scan.versionId, tx)) && (await release(scan.versionId, tx));
      });
      if (released) await datasets.announce(scan.versionId);
      return viewOfFinding((await store.finding(id, number)) as StoredFinding);
    },

    async cancel(actor: Principal, id: string): Promise<DataScan> {
      const scan = await find(actor, id);
      await database.transaction().execute(async (tx) => {
        if (!(await store.end(id, { state: 'cancelled', failure: null, atMs: clock.now() }, tx)))
          throw new AppError('conflict', `this scan is ${scan.state}; there is nothing to cancel`);
        const detail = { version: scan.versionId, number: scan.number };
        await audit.record({ actor, action: 'data.scan-cancelled', subject: `data-scan:${id}`, detail }, tx);
      });
      await jobs.cancel(dataScanQueue, id);
      return await view((await store.find(id)) as StoredScan);
    },
  });
}
export type ScanService = ReturnType<typeof createScanService>;
