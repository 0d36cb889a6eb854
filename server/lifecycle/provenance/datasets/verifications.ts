import { type DataVerification, MAX_TAMPERINGS_LISTED } from '@bartizan/contracts';
import type { AuditLog, RecordedEntries } from '../../../audit/index.ts';
import type { Clock } from '../../../kernel/clock.ts';
import { AppError } from '../../../kernel/error.ts';
import { uuidv7 } from '../../../kernel/id.ts';
import type { Database } from '../../../platform/database/types.ts';
import type { Principal } from '../../../platform/http/types.ts';
import type { Job, Jobs } from '../../../platform/jobs/index.ts';
import type { LifecycleDeps } from '../../ports.ts';
import type { Viewer } from '../../sight.ts';
import { ContentRefused } from '../confined/errors.ts';
import type { GovernancePort } from '../ports.ts';
import { alarmOfAltered } from './altered.ts';
import { type Checked, createChecking } from './checking.ts';
import type { CheckedFacts } from './facts.ts';
import type { Findings } from './findings.ts';
import { type Laying, limitsFor, type Workplace } from './laying.ts';
import type { StoredVersion } from './model.ts';
import { afterOf, positionOf } from './paging.ts';
import { verifyQueue } from './queues.ts';
import type { StoredVerification, VerificationEnd, VerificationStore } from './verifications-store.ts';
import type { VersionPlace, Versions } from './versions.ts';
import type { VersionFile, VersionStore } from './versions-store.ts';
import { type WorkOptions, work } from './worker/process.ts';
import type { Kept, Readable, Verified } from './worker/protocol.ts';

export interface VerificationDeps extends Pick<LifecycleDeps, 'alarm' | 'clearAlarm'> {
  readonly database: Database;
  readonly store: VerificationStore;
  readonly versions: VersionStore;
  readonly find: Versions['find'];
  readonly laying: Laying;
  readonly recorded: RecordedEntries;
  readonly governance: Pick<GovernancePort, 'custody'>;
  readonly audit: Pick<AuditLog, 'record'>;
  readonly clock: Clock;
  readonly jobs: Jobs;
  readonly config: { readonly maxUploadBytes: number };
}

type Summary = Omit<DataVerification, 'tamperings'>;

/** Verifications of versions: what lies in the store and in the database, held against the audit log. */
export function createVerifications(deps: VerificationDeps) {
  const { database, store, versions, find, laying, governance, audit, clock, jobs } = deps;
  const checking = createChecking(deps);

  async function viewOf(verification: StoredVerification): Promise<Summary> {
    const { id, versionId, state, contentRead, rows, counts, notes, failure, startedAt, endedAt } =
      verification;
    const running = state === 'running';
    const progress = running ? (await jobs.progressOf(verifyQueue, [id])).get(id) : undefined;
    return {
      id,
      versionId,
      state,
      contentRead,
      rows,
      counts: { ...counts },
      notes: [...notes],
      failure,
      startedAt,
      endedAt,
      progress: running
        ? { rows: progress?.done ?? 0, stage: String(progress?.detail.stage ?? 'waiting') }
        : null,
      by: { id: verification.byId, name: verification.byName },
    };
  }

  /** The stored hashes as they lie there. */
  async function fetchKept(place: Workplace, facts: CheckedFacts, findings: Findings): Promise<Kept> {
    const fetch = async (sha256: string, name: 'leaves' | 'blocks'): Promise<string | null> => {
      const found = !DIGEST.test(sha256) ? null : await place.fetchRaw(sha256, name);
      if (found === null) findings.add('leaves-damaged', name, `The stored ${name} are gone.`);
      return found?.path ?? null;
    };
    return {
      rows: facts.rows,
      root: facts.root,
      schemaDigest: facts.schemaDigest,
      leaves: await fetch(facts.leaves, 'leaves'),
      blocks: await fetch(facts.blocks, 'blocks'),
    };
  }

  /** Lays the content out as it lies in the store; null where there is none to read. */
  async function layContent(
    place: Workplace,
    { findings, rows: { version, files }, schema, facts }: Checked,
  ): Promise<Readable | null> {
    if (!facts.hasContent) return null;
    const { format } = facts;
    let gone = 0;
    const missing = (file: string): void => {
      gone += 1;
      findings.add('content-missing', file, 'The stored file is gone.');
    };
    for (const file of files) if (!canLie(file)) missing(file.path);
    const path = await place.content({ format }, files.filter(canLie), {
      missing,
      damaged: (file) => findings.add('content-damaged', file, 'The stored file no longer has its digest.'),
    });
    if (files.length === 0 || (gone > 0 && files.length === 1)) return null;
    const read = { path, format, options: version.options };
    return schema === null || !facts.hasSchema ? read : { ...read, schema };
  }

  /** Holds the content against the stored hashes. */
  async function checkContent(checked: Checked, place: Workplace, options: WorkOptions): Promise<Verified> {
    const kept = await fetchKept(place, checked.facts, checked.findings);
    const content = await layContent(place, checked);
    return await work({ is: 'verify', content, kept, limit: MAX_TAMPERINGS_LISTED }, options);
  }

  async function check(
    version: StoredVersion,
    { place, last }: { readonly place: Workplace; readonly last: boolean },
    options: WorkOptions,
  ) {
    const checked = await checking.check(version.id);
    if (checked === null) throw new ContentRefused('The version is gone.');
    const { findings, facts } = checked;
    let found: Verified = { rows: 0, tamperings: [], counts: {} };
    try {
      if (facts.root !== '') found = await checkContent(checked, place, options);
    } catch (error) {
      const isNamed = findings.tamperings.length > 0 && options.signal?.aborted !== true;
      if (!isNamed || !(last || error instanceof ContentRefused)) throw error;
      // What was changed in the database is named, though the records cannot be read any more.
      const why = error instanceof ContentRefused ? error.message : 'the server’s log says why.';
      findings.note(`The records could not be held against their hashes: ${why}`);
    }
    const counts: Record<string, number> = { ...found.counts };
    for (const [kind, count] of Object.entries(findings.counts)) counts[kind] = (counts[kind] ?? 0) + count;
    const tamperings = [...findings.tamperings, ...found.tamperings].slice(0, MAX_TAMPERINGS_LISTED);
    return { rows: found.rows, counts, tamperings, notes: findings.notes };
  }

  async function end(verification: StoredVerification, result: VerificationEnd): Promise<void> {
    const { id, versionId, byKind, byId, byName } = verification;
    const version = await versions.find(versionId);
    const tell = await database.transaction().execute(async (tx) => {
      if (!version || !(await store.end(id, result, tx))) return;
      const actor = { kind: byKind, id: byId, name: byName };
      const action = 'data.version-verified';
      const { state, rows, counts } = result;
      const detail = { dataset: version.datasetId, number: version.number, state, rows, counts };
      await audit.record({ actor, action, subject: `dataset-version:${versionId}`, detail }, tx);
      await governance.custody(
        {
          datasetId: version.datasetId,
          versionId,
          action: 'verified',
          actor,
          reason: '',
          audit: action,
          detail: { number: version.number, state, rows, counts },
        },
        tx,
      );
      return await alarmOfAltered(deps, version, result, tx);
    });
    tell?.();
  }

  async function attempt(verification: StoredVerification, job: Job<unknown>): Promise<VerificationEnd> {
    const version = await versions.find(verification.versionId);
    if (!version) throw new ContentRefused('The version is gone.');
    const place = await laying.begin(job.signal);
    try {
      const total = Math.max(0, version.rows ?? 0);
      const options = {
        folder: place.folder,
        limits: limitsFor(deps.config),
        signal: job.signal,
        onProgress: ({ rows, stage }: { rows: number; stage: string }) =>
          job.progress({ done: rows, total, detail: { stage } }),
      };
      const result = await check(version, { place, last: job.last }, options);
      const tampered = Object.keys(result.counts).length > 0;
      return { ...result, state: tampered ? 'tampered' : 'intact', failure: null, endedAt: clock.now() };
    } finally {
      await place.remove();
    }
  }

  const failed = (failure: string): VerificationEnd => ({
    state: 'error',
    rows: null,
    counts: {},
    tamperings: [],
    notes: [],
    failure,
    endedAt: clock.now(),
  });

  jobs.work(verifyQueue, async (job) => {
    const verification = await store.find(job.payload.verificationId);
    if (verification?.state !== 'running') return;
    try {
      await end(verification, await attempt(verification, job));
    } catch (error) {
      if (job.signal.aborted) throw error;
      if (error instanceof ContentRefused) return await end(verification, failed(error.message));
      if (job.last)
        return await end(verification, failed('It broke off again and again; the server’s log says why.'));
      throw error;
    }
  });

  return Object.freeze({
    /** Begins a verification, or tells of the one that is under way. */
    async begin(principal: Principal, place: VersionPlace): Promise<DataVerification> {
      const version = await find(principal, place);
      if (version.state === 'processing')
        throw new AppError('conflict', 'this version is being read: its records are not known yet', {
          hint: 'Verify it once it is ready.',
        });
      const begun = await database.transaction().execute(async (tx) => {
        await versions.lock(version.id, tx);
        const running = await store.running(version.id, tx);
        if (running) return running;
        const now = clock.now();
        const fresh: StoredVerification = {
          id: uuidv7(now),
          versionId: version.id,
          state: 'running',
          contentRead: hasContent(version),
          rows: null,
          counts: {},
          notes: [],
          failure: null,
          byKind: principal.kind,
          byId: principal.id,
          byName: principal.name,
          startedAt: now,
          endedAt: null,
        };
        await store.insert(fresh, tx);
        await jobs.send(verifyQueue, { verificationId: fresh.id }, { key: fresh.id, within: tx });
        const detail = { dataset: version.datasetId, number: version.number };
        const subject = `dataset-version:${version.id}`;
        await audit.record({ actor: principal, action: 'data.verification-begun', subject, detail }, tx);
        return fresh;
      });
      jobs.wake(verifyQueue);
      return { ...(await viewOf(begun)), tamperings: [] };
    },

    async list(
      viewer: Viewer,
      place: VersionPlace,
      { cursor, limit }: { readonly cursor?: string | undefined; readonly limit: number },
    ) {
      const version = await find(viewer, place);
      const found = await store.page(version.id, afterOf(cursor), limit + 1);
      const items = await Promise.all(found.slice(0, limit).map(viewOf));
      const last = items.at(-1);
      return {
        items,
        next: found.length > limit && last ? positionOf({ at: last.startedAt, id: last.id }) : null,
      };
    },

    async get(viewer: Viewer, place: VersionPlace, id: string): Promise<DataVerification> {
      const version = await find(viewer, place);
      const verification = await store.find(id);
      if (verification?.versionId !== version.id)
        throw new AppError('not_found', 'this version has no such verification');
      return { ...(await viewOf(verification)), tamperings: await store.tamperings(id) };
    },

    /** Queues what was lost, by a restore or a fault of the queue. */
    async resume(): Promise<void> {
      const running = await store.allRunning();
      const alive = await jobs.alive(
        verifyQueue,
        running.map(({ id }) => id),
      );
      for (const { id } of running)
        if (!alive.has(id)) await jobs.send(verifyQueue, { verificationId: id }, { key: id });
    },
  });
}
export type Verifications = ReturnType<typeof createVerifications>;

const hasContent = ({ storage, contentRemovedAt }: StoredVersion): boolean =>
  storage === 'value' && contentRemovedAt === null;

const DIGEST = /^[0-9a-f]{64}$/;

/** Whether a row of a file can be one that was written here: with a digest, and a path that stays in its folder. */
const canLie = ({ path, sha256 }: VersionFile): boolean =>
  DIGEST.test(sha256) && !path.startsWith('/') && !path.split(/[\\/]/).includes('..') && !path.includes('\0');
