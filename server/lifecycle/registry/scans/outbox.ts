import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Database } from '../../../platform/database/types.ts';
import type { Jobs } from '../../../platform/jobs/index.ts';
import type { Acceptances } from './acceptances.ts';
import { contentQueue, versionQueue } from './queues.ts';
import type { ScanSettingsService } from './settings.ts';
import { createTurns } from './turns.ts';
import type { VersionScans } from './versions.ts';

const LOOK_MS = 1_000;
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
  const turns = createTurns(database, now);
  let waking = new AbortController();
  const stopping = new AbortController();
  let running: Promise<void> | null = null;

  async function sendVersions(): Promise<void> {
    const due = await turns.versions();
    if (due.length === 0) return;
    const alive = await jobs.alive(
      versionQueue,
      due.map(({ id }) => id),
    );
    const lost = due.filter(({ id }) => !alive.has(id));
    for (const { id, priority } of lost) await jobs.send(versionQueue, { scanId: id }, { key: id, priority });
    await turns.sent(lost.map(({ id }) => id));
  }

  async function sendContents(): Promise<void> {
    const due = await turns.batches();
    if (due.length === 0) return;
    const alive = await jobs.alive(
      contentQueue,
      due.map(({ id }) => id),
    );
    for (const { id, priority } of due) {
      if (!alive.has(id)) await jobs.send(contentQueue, { batch: id }, { key: id, priority });
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
