import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Database } from '../../../platform/database/types.ts';
import type { Jobs } from '../../../platform/jobs/index.ts';
import type { Acceptances } from './acceptances.ts';
import { contentQueue, versionQueue } from './queues.ts';
import type { ScanSettingsService } from './settings.ts';
import type { VersionScans } from './versions.ts';

const LOOK_MS = 1_000;
const AT_ONCE = 100;
const HOUR_MS = 3_600_000;
/** Failures in a row before anybody is told: a database that restarts is told of elsewhere. */
const PATIENCE = 4;

export interface OutboxDeps {
  readonly database: Database;
  readonly now: () => number;
  readonly jobs: Pick<Jobs, 'send' | 'alive'>;
  readonly versions: VersionScans;
  readonly acceptances: Acceptances;
  readonly settings: ScanSettingsService;
  /** The scanner of this process. */
  readonly scanner: string;
  readonly onError: (error: unknown) => void;
}

/**
 * Turns what stands in the tables of scans into jobs: what became due in the transaction that made a version, what
 * was lost from the queue (a restored backup has none), what an older scanner has judged. Looks every second, and at
 * once when poked.
 */
export function createOutbox(deps: OutboxDeps) {
  const { database, now, jobs, versions, acceptances, settings, scanner, onError } = deps;
  let waking = new AbortController();
  const stopping = new AbortController();
  let running: Promise<void> | null = null;

  async function sendVersions(): Promise<void> {
    const open = await versions.open(AT_ONCE);
    if (open.length === 0) return;
    const keys = open.map(({ id }) => id);
    const alive = await jobs.alive(versionQueue, keys);
    for (const { id, reason } of open) {
      if (alive.has(id)) continue;
      const priority = reason === 'requested' ? 10 : reason === 'scanner' ? 0 : 5;
      await jobs.send(versionQueue, { scanId: id }, { key: id, priority });
    }
  }

  async function sendContents(): Promise<void> {
    const { rows } = await sql<{ batch: string }>`select batch from content_scan_requests
      group by batch order by min(requested_at) limit ${AT_ONCE}`.execute(database);
    if (rows.length === 0) return;
    const keys = rows.map(({ batch }) => batch);
    const alive = await jobs.alive(contentQueue, keys);
    for (const batch of keys) {
      if (!alive.has(batch)) await jobs.send(contentQueue, { batch }, { key: batch });
    }
  }

  /** One version after the other, as many an hour as the instance says; what is in use first. */
  async function rescan(): Promise<void> {
    const rules = await settings.get();
    // Another server has a newer scanner: what this one has to say is older.
    if (!rules.rescan || (await settings.newestScanner()) !== scanner) return;
    const since = now() - HOUR_MS / rules.rescansPerHour;
    await database.transaction().execute(async (tx) => {
      const turn = await sql<{ mine: boolean }>`select pg_try_advisory_xact_lock(4241001) as mine`.execute(
        tx,
      );
      if (!turn.rows[0]?.mine) return;
      const { rows } = await sql<{ id: string }>`select v.id from version_standings t
        join model_versions v on v.id = t.version_id and v.removed_at is null and v.status = 'ready'
        join scanners was on was.version = t.scanner
        join scanners own on own.version = ${scanner} and own.first_seen_at >= was.first_seen_at
        where t.scanner <> ${scanner}
          and not exists (select from version_scans s where s.version_id = v.id
            and (s.state in ('queued', 'running') or (s.scanner = ${scanner} and s.state = 'failed')))
          and not exists (select from version_scans s where s.reason = 'scanner' and s.queued_at > ${since})
        order by (v.stage = 'production' or exists (select from model_aliases a where a.version_id = v.id)) desc,
          t.scanned_at, v.id limit 1`.execute(tx);
      const due = rows[0];
      if (due === undefined) return;
      await versions.queue(tx, {
        versionId: due.id,
        reason: 'scanner',
        everything: false,
        requestedBy: null,
      });
    });
  }

  async function look(): Promise<void> {
    await acceptances.expire();
    await rescan();
    await sendVersions();
    await sendContents();
  }

  async function run(): Promise<void> {
    let failures = 0;
    while (!stopping.signal.aborted) {
      waking = new AbortController();
      try {
        await look();
        failures = 0;
      } catch (error) {
        failures += 1;
        if (failures % PATIENCE === 0 && !stopping.signal.aborted) onError(error);
      }
      const signal = AbortSignal.any([waking.signal, stopping.signal]);
      await sleep(LOOK_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  return Object.freeze({
    /** Looks now. */
    poke: () => waking.abort(),
    start(): void {
      running ??= run();
    },
    async stop(): Promise<void> {
      stopping.abort();
      await running;
    },
  });
}
export type Outbox = ReturnType<typeof createOutbox>;
