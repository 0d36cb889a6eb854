import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type {
  AuditBreak,
  AuditKey,
  AuditStatus,
  Checkpoint,
  EntryWithProof,
  Verification,
} from '@bartizan/contracts';
import type { MasterKey } from '@bartizan/contracts/sealed.ts';
import { sql } from 'kysely';
import type { Clock } from '../kernel/clock.ts';
import { AppError } from '../kernel/error.ts';
import type { Database } from '../platform/database/index.ts';
import { createLeadership } from '../platform/leadership/index.ts';
import { adopt, beginLog } from './begin.ts';
import { exportLog, type KeptCheckpoint, readCheckpoints } from './export.ts';
import { addKey, type KeyRow, openKeys, readKeys } from './keys.ts';
import { type Actor, type AuditLog, createAuditLog, SYSTEM } from './log.ts';
import { createMemory, type Noticed } from './memory.ts';
import { LogBroken } from './model.ts';
import { createProofs } from './proofs.ts';
import { createPush } from './push.ts';
import { createReading } from './reading.ts';
import { textOf, viewOf } from './rows.ts';
import { createVerification, DAILY, goRounds, noticedBy, type Rounds } from './runs.ts';
import { createSequencer } from './sequencer.ts';
import { readHead } from './tree-store.ts';
import type { FurtherCheck } from './verification.ts';
import { createWatch } from './watch.ts';
import { createWitnesses, readCosignatures, withLines } from './witnesses.ts';

export interface AuditTrailDeps {
  readonly database: Database;
  readonly databaseUrl: string;
  readonly serverId: string;
  /** False: this server leaves the sequencing to others. */
  readonly background: boolean;
  readonly masterKey: MasterKey;
  /** Where the server keeps what it knows of the log outside the database, in a folder `audit`; null for nowhere. */
  readonly dataDir: string | null;
  readonly clock: Clock;
  /** Told of what people should look at; `error` where something failed. */
  readonly warn: (message: string, error?: unknown) => void;
  /**
   * Told of each thing noticed about the log, and at the start of those that nobody acknowledged; may reject. Every
   * server tells of what it notices itself.
   */
  readonly onBreak?: (noticed: Noticed) => Promise<void>;
  /** When the server that gives entries their places verifies the log by itself; once a day unless said. */
  readonly rounds?: Rounds;
}

/** Between looks for entries that wait; an entry has its place within about this and a bit. */
const PAUSE_MS = 100;
const AFTER_FAILURE_MS = 2_000;
/** How often every server compares the log with what it remembers. */
const WATCH_MS = 5_000;
const PUSH_MS = 10_000;

const toAuditKey = ({ keyId, verifierKey, createdAt, retiredAt, vouchedBy }: KeyRow): AuditKey => ({
  keyId,
  verifierKey,
  createdAt,
  retiredAt,
  vouchedBy,
});

/** The log and all that proves it: what main wires. `log` is the one to record with. */
export function createAuditTrail(deps: AuditTrailDeps) {
  const { database, masterKey, clock, warn } = deps;
  const watch = createWatch({ clock });
  const log: AuditLog = createAuditLog({ database, clock, masterKey, onWritten: watch.add });
  const memory = createMemory(deps.dataDir && join(deps.dataDir, 'audit'), {
    now: clock.now,
    warn: (error) => warn('what is known of the audit log cannot be kept outside the database', error),
  });
  const further: FurtherCheck[] = [];
  let state: AuditStatus['state'] = 'starting';
  let problem: string | null = null;

  async function tell(noticed: Noticed): Promise<void> {
    try {
      await deps.onBreak?.(noticed);
    } catch (error) {
      warn('no alarm could be raised about the audit log', error);
    }
  }

  /** False where the same was noticed before, and nobody acknowledged it. */
  function notice(noticed: Noticed): boolean {
    const made = memory.notice(noticed);
    if (made === null) return false;
    proofs.forget();
    warn(`the audit log: ${noticed.message}`);
    const detail = { kind: noticed.kind, message: noticed.message };
    log
      .record({ actor: SYSTEM, action: 'audit.break-noticed', subject: `audit-break:${made.id}`, detail })
      .catch((error: unknown) => warn('what was noticed could not be recorded', error));
    void tell(noticed);
    return true;
  }

  let passedAt = 0;
  /** What a round finds that people know of already is not told again, until it was put right in between. */
  const isKnown = ({ message }: Noticed): boolean =>
    memory.breaks().some((one) => one.message === message && (one.acknowledgedAt ?? 0) > passedAt);

  async function ended(result: Verification, asked: boolean): Promise<void> {
    const { state, size, problems, endedAt } = result;
    if (state === 'error') return;
    if (state === 'passed') passedAt = endedAt ?? 0;
    const found = noticedBy(result, memory.breaks());
    if (found !== null && (asked || !isKnown(found)) && !notice(found)) await tell(found);
    const detail = { state, size, problems: problems.length, asked };
    await log.record({ actor: SYSTEM, action: 'audit.verification-ended', subject: 'audit:log', detail });
  }

  const sequencer = createSequencer({ database, masterKey, memory, clock, notice });
  const proofs = createProofs(database);
  const reading = createReading(database);
  const witnesses = createWitnesses({ database, log, clock });
  const push = createPush({ database, proofs, witnesses });
  const verification = createVerification({
    database,
    masterKey,
    memory,
    clock,
    further: () => further,
    onError: (error) => warn('the audit log could not be verified', error),
    onEnded: ended,
  });

  /** Runs a step; what it meets becomes the state that people see. */
  async function guarded<T>(step: () => Promise<T>): Promise<T | null> {
    try {
      const result = await step();
      [state, problem] = ['running', null];
      return result;
    } catch (error) {
      if (error instanceof LogBroken) {
        [state, problem] = ['stopped', error.message];
        notice({ kind: error.kind, message: error.message });
      } else {
        warn('entries of the audit log wait for their place longer than they should', error);
      }
      return null;
    }
  }

  async function sequence(signal: AbortSignal): Promise<void> {
    await guarded(() => adopt({ database, masterKey }, notice));
    while (!signal.aborted) {
      const placed = await guarded(sequencer.batch);
      const pauseMs = placed === null ? AFTER_FAILURE_MS : PAUSE_MS;
      // A backlog is worked off without a pause.
      if (placed === null || placed < 5_000)
        await sleep(pauseMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  async function pushing(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await push.run(signal).catch((error: unknown) => warn('witnesses could not be asked', error));
      await sleep(PUSH_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  const leadership = createLeadership({
    url: deps.databaseUrl,
    name: 'audit',
    serverId: deps.serverId,
    enabled: deps.background,
    onElected: async ({ signal }) =>
      void (await Promise.all([
        sequence(signal),
        pushing(signal),
        goRounds(verification, deps.rounds ?? DAILY, signal),
      ])),
    onError: (error) => warn('the audit log has no sequencer at the moment', error),
  });

  const stop = new AbortController();
  let watching: Promise<void> = Promise.resolve();
  async function watchOver(): Promise<void> {
    while (!stop.signal.aborted) {
      await sleep(WATCH_MS, undefined, { signal: stop.signal, ref: false }).catch(() => undefined);
      if (stop.signal.aborted) return;
      await guarded(sequencer.check);
      await watch
        .sweep(database, notice)
        .catch((error: unknown) => warn('waiting entries could not be looked after', error));
    }
  }

  async function checkpointsOf(rows: readonly KeptCheckpoint[]): Promise<(Checkpoint & { note: string })[]> {
    const cosigned = await readCosignatures(
      database,
      rows.map(({ size }) => size),
    );
    return rows.map(({ size, root, at, keyId, note }) => {
      const own = cosigned.filter((one) => one.size === size);
      return {
        size,
        root: root.toString('base64'),
        at,
        keyId,
        cosignatures: own.map(({ witness, keyId: id, at: when }) => ({ witness, keyId: id, at: when })),
        note: withLines(
          note,
          own.map(({ line }) => line),
        ),
      };
    });
  }

  /** The newest note with its cosignatures. */
  async function checkpointNote(): Promise<string> {
    const head = await readHead(database);
    if (head === null) throw new AppError('not_found', 'the log has not begun');
    const lines = (await readCosignatures(database, [head.size])).map(({ line }) => line);
    const kept = (await readCheckpoints(database, head.size + 1, 1))[0];
    return kept?.note === head.checkpoint ? withLines(head.checkpoint, lines) : head.checkpoint;
  }

  return Object.freeze({
    log,
    proofs,
    reading,
    witnesses,
    verification,
    checkpointNote,

    /** Whatever else is compared with the log when it is verified. */
    alsoVerify: (check: FurtherCheck): void => void further.push(check),

    /** After the migrations. Resolves when the log is begun; the rest goes on by itself. */
    async start(): Promise<void> {
      await beginLog({ database, masterKey, log, clock });
      for (const known of memory.breaks()) if (known.acknowledgedAt === null) await tell(known);
      await guarded(sequencer.check);
      leadership.start();
      watching = watchOver();
    },
    async stop(): Promise<void> {
      stop.abort();
      await Promise.all([leadership.stop(), watching, verification.stop()]);
    },

    async status(): Promise<AuditStatus> {
      // Before the head: what waits no more is in it.
      const { rows } = await sql<{ entries: number; oldestMs: number | null }>`
        select coalesce(sum(cardinality(ids)), 0)::bigint as entries,
          (extract(epoch from clock_timestamp() - min(since)) * 1000)::double precision as "oldestMs"
        from audit_waiting`.execute(database);
      const [waiting = { entries: 0, oldestMs: null }] = rows;
      const head = await readHead(database);
      if (head === null) throw new AppError('gone', 'the tree of the log is gone from the database');
      const [last] = await checkpointsOf(await readCheckpoints(database, head.size + 1, 1));
      const keys = await readKeys(database);
      const known = memory.checkpoint();
      return {
        origin: head.origin,
        size: head.size,
        root: head.root.toString('base64'),
        checkpoint: last ?? null,
        waiting: {
          entries: waiting.entries,
          oldestMs: waiting.oldestMs === null ? null : Math.max(0, waiting.oldestMs),
        },
        key: keys.filter(({ retiredAt }) => retiredAt === null).map(toAuditKey)[0] ?? null,
        witnesses: await witnesses.list(),
        remembered: known && memory.durable() ? { size: known.size, at: known.at } : null,
        state,
        problem,
        breaks: [...memory.breaks()],
        verification: verification.current(),
      };
    },

    async entry(id: string): Promise<EntryWithProof> {
      const row = await reading.get(id);
      const leaf = textOf(row);
      const entry = viewOf(row);
      if (row.index === null) return { entry, leaf, inclusion: null, checkpoint: null };
      const note = await checkpointNote();
      const size = Number(note.split('\n', 2)[1]);
      return { entry, leaf, inclusion: await proofs.inclusion(row.index, size), checkpoint: note };
    },

    async checkpoints(page: { readonly cursor?: string | undefined; readonly limit: number }) {
      const below = page.cursor === undefined ? Number.MAX_SAFE_INTEGER : Number(page.cursor);
      if (!Number.isSafeInteger(below) || below < 0) {
        throw new AppError('invalid_input', 'this is no cursor of the list');
      }
      const rows = await readCheckpoints(database, below, page.limit + 1);
      const items = await checkpointsOf(rows.slice(0, page.limit));
      return { items, next: rows.length > page.limit ? String(items.at(-1)?.size) : null };
    },

    keys: async (): Promise<AuditKey[]> => (await readKeys(database)).map(toAuditKey),

    rotateKey: (actor: Actor): Promise<AuditKey> =>
      sequencer.holding(async (tx, { size, origin, ring, sign }) => {
        const before = { signer: ring.signer, size };
        const key = await addKey(tx, { origin, master: masterKey, nowMs: clock.now(), before });
        await sign(openKeys(await readKeys(tx), masterKey));
        const detail = {
          previous: ring.signer.verifierKey,
          next: key.verifierKey,
          vouchedBy: key.vouchedBy,
        };
        await log.record(
          { actor, action: 'audit.key-rotated', subject: `audit-key:${key.keyId}`, detail },
          tx,
        );
        return key;
      }),

    async acknowledge(id: string, note: string, actor: Actor): Promise<AuditBreak> {
      const known = memory.breaks().find((one) => one.id === id);
      if (!known) throw new AppError('not_found', 'there is no such notice on this server');
      const detail = { kind: known.kind, message: known.message, note };
      await log.record({ actor, action: 'audit.break-acknowledged', subject: `audit-break:${id}`, detail });
      const done = memory.acknowledge(id, { name: actor.name, note });
      if (!done) throw new AppError('not_found', 'there is no such notice on this server');
      return done;
    },

    /** Export as lines; the entry about it is written before. */
    async *export(actor: Actor, signal: AbortSignal): AsyncGenerator<string, void> {
      const size = (await readHead(database))?.size ?? 0;
      await log.record({ actor, action: 'audit.exported', subject: 'audit:log', detail: { size } });
      yield* exportLog(database, { nowMs: clock.now(), signal });
    },
  });
}
export type AuditTrail = ReturnType<typeof createAuditTrail>;
