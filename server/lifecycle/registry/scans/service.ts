import type { ScanSettings, ScanSummary, VersionScan } from '@bartizan/contracts';
import type { Actor } from '../../../audit/index.ts';
import { AppError } from '../../../kernel/error.ts';
import { isDatabaseUnavailable } from '../../../platform/database/index.ts';
import type { Database } from '../../../platform/database/types.ts';
import { loggable } from '../../../platform/http/index.ts';
import type { Jobs } from '../../../platform/jobs/index.ts';
import type { ObjectStore } from '../../../platform/objects/index.ts';
import type { Caller } from '../../../reviews/index.ts';
import type { LifecycleDeps } from '../../ports.ts';
import type { Viewer } from '../../sight.ts';
import type { ScanNote } from '../model.ts';
import { createAcceptances } from './acceptances.ts';
import { createContents } from './contents.ts';
import { createFindings } from './findings.ts';
import { createGate } from './gate.ts';
import { createGroups } from './groups.ts';
import { createOutbox } from './outbox.ts';
import { contentQueue, versionQueue } from './queues.ts';
import { createReading } from './reading.ts';
import { createContentRun } from './run-content.ts';
import { createVersionRun } from './run-version.ts';
import { scannerVersion } from './scanner.ts';
import { createScanSettings } from './settings.ts';
import { createStandings } from './standing.ts';
import { createSummaries } from './summaries.ts';
import { demandTarget } from './targets.ts';
import { createTell } from './tell.ts';
import { createVersionScans } from './versions.ts';
import { createWeights } from './weights.ts';

export interface ScanDeps
  extends Pick<LifecycleDeps, 'database' | 'audit' | 'alarm' | 'events' | 'clock' | 'logger'> {
  readonly objects: Pick<ObjectStore, 'open' | 'read'>;
  readonly jobs: Jobs;
  /** Of Bartizan. */
  readonly version: string;
  /** False: this server scans nothing. */
  readonly background: boolean;
  /** The registry notes what its lists show of a scan. */
  readonly noteScan: (versionId: string, note: ScanNote, within: Database) => Promise<void>;
  /** Names the scanner; from its code where absent. */
  readonly scanner?: string;
}

const notReady = (): AppError =>
  new AppError('conflict', 'the version has no files that could be scanned', {
    hint: 'Wait until it is ready.',
  });

const notEverything = (): AppError =>
  new AppError('forbidden', 'reading everything again is for those who manage models (models.manage)', {
    hint: 'Scan it again without it: only what was not read to its end is then read.',
  });

/** Scans of model versions and of what runs leave behind, and what their verdicts mean for downloads. */
export function createScanService(deps: ScanDeps) {
  const { database, audit, events, clock, logger, jobs } = deps;
  const { now } = clock;
  const scanner = deps.scanner ?? scannerVersion(deps.version);
  const versions = createVersionScans(database, now);
  const contents = createContents(database, now);
  const standings = createStandings({ database, now, versions, noteScan: deps.noteScan });
  const settings = createScanSettings({ database, audit, now, scanner });
  const tell = createTell(deps);
  const findings = createFindings(database, now);
  const acceptances = createAcceptances({ database, audit, now, findings, standings, tell });
  const outbox = createOutbox({
    database,
    now,
    jobs,
    versions,
    acceptances,
    settings,
    scanner,
    onError(error) {
      if (isDatabaseUnavailable(error)) return;
      logger.warn({ error: loggable(error) }, 'scans that are due were not looked for; it is tried again');
    },
  });
  const gate = createGate({
    database,
    now,
    versions,
    contents,
    standings,
    settings,
    poke: () => outbox.poke(),
  });
  const summaries = createSummaries({ database, now, jobs });
  const reading = createReading({
    database,
    now,
    versions,
    contents,
    standings,
    summaries,
    gate,
    version: deps.version,
  });
  const weights = createWeights(database);
  const groups = createGroups(database, versions);
  const runDeps = { ...deps, scanner, versions, contents, groups, standings, settings, tell };
  const runVersion = createVersionRun(runDeps);
  jobs.work(versionQueue, async (job) => {
    try {
      await runVersion(job);
    } finally {
      // Whose turn it is next is known only now.
      outbox.poke();
    }
  });
  jobs.work(contentQueue, createContentRun(runDeps));
  const ends: (() => void)[] = [];

  const target = (viewer: Viewer, versionId: string) => demandTarget(database, viewer, versionId);

  return Object.freeze({
    gate,
    /** For the registry's own lists and comparisons. */
    judged: reading.judged,
    briefs: reading.briefs,
    overview: async (viewer: Viewer) => await summaries.overview(viewer, await settings.newestScanner()),
    list: summaries.list,
    settings: settings.view,
    changeSettings: (actor: Actor, next: ScanSettings) => settings.change(actor, next),

    async version(caller: Caller, versionId: string): Promise<VersionScan> {
      const shown = await reading.version(caller, await target(caller, versionId));
      if (shown === undefined) throw notReady();
      return shown;
    },

    async rescan(caller: Caller, versionId: string, everything: boolean): Promise<ScanSummary> {
      const about = await target(caller, versionId);
      if (everything && !caller.permissions.has('models.manage')) throw notEverything();
      if (about.status !== 'ready') throw notReady();
      const { scan } = await database.transaction().execute(async (tx) => {
        const queued = await versions.queue(tx, {
          versionId,
          reason: 'requested',
          everything,
          requestedBy: caller.name,
        });
        await audit.record(
          {
            actor: caller,
            action: 'scans.requested',
            subject: `version:${versionId}`,
            detail: {
              model: about.modelName,
              version: about.version,
              everything,
              waitsAlready: !queued.fresh,
            },
          },
          tx,
        );
        await standings.noteState(tx, versionId);
        return queued;
      });
      outbox.poke();
      const shown = await summaries.list(caller, { versionId, limit: 20 });
      const summary = shown.items.find(({ scanId }) => scanId === scan.id);
      if (summary === undefined) throw notReady();
      return summary;
    },

    async files(viewer: Viewer, versionId: string, query: { cursor?: string | undefined; limit: number }) {
      await target(viewer, versionId);
      return await reading.files(versionId, query);
    },
    async findings(viewer: Viewer, versionId: string, query: Parameters<typeof findings.list>[1]) {
      await target(viewer, versionId);
      return await findings.list(versionId, query);
    },
    async finding(viewer: Viewer, versionId: string, finding: string) {
      await target(viewer, versionId);
      return await findings.detail(versionId, finding);
    },
    async accept(
      caller: Caller,
      versionId: string,
      finding: string,
      given: { readonly reason: string; readonly expiresAt: number },
    ) {
      return await acceptances.accept(caller, await target(caller, versionId), finding, given);
    },
    async withdraw(caller: Caller, versionId: string, finding: string) {
      return await acceptances.withdraw(caller, await target(caller, versionId), finding);
    },
    async weights(viewer: Viewer, versionId: string) {
      await target(viewer, versionId);
      return await weights.read(viewer, versionId);
    },
    async sarif(viewer: Viewer, versionId: string): Promise<string> {
      await target(viewer, versionId);
      return await reading.sarif(versionId);
    },

    /** After the migrations and before `jobs.start`. */
    async start(): Promise<void> {
      await settings.registerScanner();
      ends.push(events.on('version.created', () => outbox.poke()));
    },
    /** After `jobs.start`: looks for what is due. */
    run(): void {
      if (deps.background) outbox.start();
    },
    async stop(): Promise<void> {
      for (const end of ends.splice(0)) end();
      await outbox.stop();
    },
  });
}
export type ScanService = ReturnType<typeof createScanService>;
