import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Sink, SinkStatus, SinkTestResult } from '@bartizan/contracts';
import type { Actor } from '../../audit/index.ts';
import { AppError } from '../../kernel/error.ts';
import { uuidv7 } from '../../kernel/id.ts';
import type { Database } from '../../platform/database/types.ts';
import type { EndpointService } from '../endpoints/index.ts';
import type { InteractionService } from '../interactions/index.ts';
import type { LifecycleDeps, SinkMeter } from '../ports.ts';
import { isUniqueViolation } from '../sql-state.ts';
import { createBehind } from './behind.ts';
import { createDeadLetters } from './dead-letters.ts';
import { createFeed } from './feed.ts';
import { createLocks } from './locks.ts';
import {
  type NewSink,
  noSuchSink,
  openSecrets,
  type Settled,
  type StoredSink,
  sealSecrets,
  settle,
  type TargetSecrets,
  toSink,
} from './model.ts';
import { createSource } from './source.ts';
import { createSinkStore, type Progress } from './store.ts';
import { createSupervisor } from './supervisor.ts';
import { openTransport } from './transports/open.ts';
import { createTrial, described } from './trial.ts';
import { createWorker } from './worker.ts';

const NO_METER: SinkMeter = Object.freeze({
  delivered: () => undefined,
  failed: () => undefined,
  lag: () => undefined,
});

export interface SinkDeps
  extends Pick<LifecycleDeps, 'database' | 'masterKey' | 'audit' | 'alarm' | 'clock' | 'logger'> {
  readonly databaseUrl: string;
  readonly interactions: Pick<InteractionService, 'lookup'>;
  readonly endpoints: Pick<EndpointService, 'stored'>;
  /** Sinks that write files do so in the folder `sinks` below it. */
  readonly dataDir: string;
  readonly version: string;
  readonly meter?: SinkMeter;
}

/** A worker says this often that it is there; a sink that nobody has is `waiting` after that. */
const HEARTBEAT_GRACE_MS = 20_000;
const MAX_SINKS = 50;
const SECRETS_AGAIN_MS = 60_000;

export function createSinkService(deps: SinkDeps) {
  const { database, masterKey, audit, clock, logger, meter = NO_METER } = deps;
  const store = createSinkStore(database);
  const feed = createFeed(database);
  const source = createSource({ ...deps, now: clock.now });
  const folder = join(deps.dataDir, 'sinks');
  let delivers = false;

  const transportFor = (settings: StoredSink['settings'], secrets: TargetSecrets) =>
    openTransport(settings, secrets, folder);
  const test = createTrial({ ...deps, transportFor });

  async function work(sink: StoredSink, signal: AbortSignal): Promise<void> {
    let secrets: TargetSecrets;
    try {
      secrets = openSecrets(masterKey, sink);
    } catch {
      const message =
        'its secrets were sealed for another place or with another master key; enter them again';
      const next = clock.now() + SECRETS_AGAIN_MS;
      await store.failed(sink.id, { at: clock.now(), message, status: null }, next);
      await sleep(SECRETS_AGAIN_MS, undefined, { signal }).catch(() => undefined);
      return;
    }
    const transport = transportFor(sink.settings, secrets);
    const worker = createWorker(sink, {
      ...deps,
      store,
      feed,
      source,
      transport,
      now: clock.now,
      onDelivered: (events) => meter.delivered(sink.name, events),
      onFailed: () => meter.failed(sink.name),
    });
    try {
      await worker.run(signal);
    } finally {
      await transport.close();
    }
  }

  const supervisor = createSupervisor({
    store,
    feed,
    logger,
    work,
    watch: createBehind({ ...deps, store, meter }),
    locks: (onLost) => createLocks(deps.databaseUrl, onLost),
  });

  /** Another server that delivers looks by itself every few seconds. */
  const refresh = async (): Promise<void> => (delivers ? await supervisor.refresh() : undefined);

  async function statusOf(sink: StoredSink): Promise<SinkStatus> {
    const progress = await store.progress(sink.id);
    if (!progress) throw noSuchSink();
    const [lag, deadLetters] = await Promise.all([feed.lag(progress.cursor), store.deadCount(sink.id)]);
    const { delivered, failedAttempts, lost, lastSuccessAt, lastError, nextAttemptAt, alarmSince } = progress;
    return {
      state: stateOf(sink, progress),
      lag,
      alarm: alarmSince !== null,
      delivered,
      failedAttempts,
      lost,
      deadLetters,
      lastSuccessAt,
      lastError,
      nextAttemptAt,
    };
  }

  function stateOf(sink: StoredSink, progress: Progress): SinkStatus['state'] {
    if (sink.paused) return 'paused';
    if (clock.now() - (progress.heartbeatAt ?? 0) > HEARTBEAT_GRACE_MS) return 'waiting';
    return progress.nextAttemptAt === null ? 'delivering' : 'retrying';
  }

  /** Secrets that do not open (another master key) count as absent: they must be entered again. */
  function secretsOf(sink: StoredSink): TargetSecrets {
    try {
      return openSecrets(masterKey, sink);
    } catch {
      return {};
    }
  }

  const shown = async (sink: StoredSink): Promise<Sink> =>
    toSink(sink, secretsOf(sink), await statusOf(sink));

  async function found(id: string): Promise<StoredSink> {
    const sink = await store.find(id);
    if (!sink) throw noSuchSink();
    return sink;
  }

  const witness = (actor: Actor, id: string, action: string, detail: object) => (tx: Database) =>
    audit.record({ actor, action, subject: `sink:${id}`, detail: { ...detail } }, tx);

  async function requireFree(input: NewSink, id: string | null): Promise<void> {
    const others = (await store.list()).filter((sink) => sink.id !== id);
    if (id === null && others.length >= MAX_SINKS) {
      throw new AppError('conflict', `there are ${MAX_SINKS} sinks already`, {
        hint: 'Remove one that is not needed.',
      });
    }
    const { target } = input;
    if (target.type !== 'file') return;
    const clash = others.find(
      ({ settings }) =>
        settings.target.type === 'file' && settings.target.name.toLowerCase() === target.name.toLowerCase(),
    );
    if (!clash) return;
    throw new AppError('invalid_input', `the sink "${clash.name}" writes this file`, {
      hint: 'Give each sink a file of its own.',
      issues: [{ path: 'target.name', message: 'another sink writes this file' }],
    });
  }

  function nameTaken(cause: unknown): unknown {
    if (!isUniqueViolation(cause)) return cause;
    return new AppError('conflict', 'another sink has this name', {
      hint: 'Choose another name.',
      issues: [{ path: 'name', message: 'already taken' }],
      cause,
    });
  }

  async function setPaused(actor: Actor, id: string, paused: boolean): Promise<Sink> {
    const action = paused ? 'sinks.paused' : 'sinks.resumed';
    const after = await store.change(
      id,
      (before) => ({ ...before, paused, updatedAt: Math.max(clock.now(), before.updatedAt + 1) }),
      (tx, before) => witness(actor, id, action, { name: before.name })(tx),
    );
    if (!after) throw noSuchSink();
    await refresh();
    return await shown(after);
  }

  const settleFor = (input: NewSink, before: StoredSink | null): Settled =>
    settle(input, before && { target: before.settings.target, secrets: secretsOf(before) });

  return Object.freeze({
    list: async (): Promise<Sink[]> => await Promise.all((await store.list()).map(shown)),
    get: async (id: string): Promise<Sink> => await shown(await found(id)),
    status: async (id: string): Promise<SinkStatus> => await statusOf(await found(id)),

    /** Begins with what is stored from now on. Throws `invalid_input`, or `conflict` when the name is taken. */
    async create(actor: Actor, input: NewSink): Promise<Sink> {
      const { settings, secrets } = settleFor(input, null);
      await requireFree(input, null);
      const now = clock.now();
      const id = uuidv7(now);
      const sealedSecrets = sealSecrets(masterKey, { id, target: settings.target }, secrets);
      const sink = {
        id,
        name: input.name,
        settings,
        sealedSecrets,
        paused: false,
        createdAt: now,
        updatedAt: now,
      };
      await feed.prepare();
      try {
        // Rows of other sinks that wait for their place belong to the past of this one.
        await feed.place();
        await store.create(sink, (tx) => feed.end(tx), witness(actor, id, 'sinks.created', described(sink)));
      } catch (cause) {
        throw nameTaken(cause);
      }
      await refresh();
      return await shown(sink);
    },

    async update(actor: Actor, id: string, input: NewSink): Promise<Sink> {
      await requireFree(input, id);
      let after: StoredSink | undefined;
      try {
        after = await store.change(
          id,
          (before) => {
            const { settings, secrets } = settleFor(input, before);
            return {
              ...before,
              name: input.name,
              settings,
              sealedSecrets: sealSecrets(masterKey, { id, target: settings.target }, secrets),
              updatedAt: Math.max(clock.now(), before.updatedAt + 1),
            };
          },
          (tx, before, next) =>
            witness(actor, id, 'sinks.updated', { before: described(before), after: described(next) })(tx),
        );
      } catch (cause) {
        throw nameTaken(cause);
      }
      if (!after) throw noSuchSink();
      await refresh();
      return await shown(after);
    },

    async remove(actor: Actor, id: string): Promise<void> {
      const done = await store.remove(id, (tx, name) => witness(actor, id, 'sinks.removed', { name })(tx));
      if (!done) throw noSuchSink();
      await refresh();
      if ((await store.list()).length === 0) await feed.trim(0, 0);
    },

    pause: (actor: Actor, id: string) => setPaused(actor, id, true),
    resume: (actor: Actor, id: string) => setPaused(actor, id, false),

    async test(actor: Actor, id: string, signal: AbortSignal): Promise<SinkTestResult> {
      const sink = await found(id);
      return await test(actor, sink, openSecrets(masterKey, sink), signal);
    },

    async tryOut(
      actor: Actor,
      request: { readonly sinkId?: string | undefined; readonly sink: NewSink },
      signal: AbortSignal,
    ): Promise<SinkTestResult> {
      const before = request.sinkId === undefined ? null : await found(request.sinkId);
      const { settings, secrets } = settleFor(request.sink, before);
      await requireFree(request.sink, before?.id ?? null);
      const id = before?.id ?? uuidv7(clock.now());
      return await test(actor, { id, name: request.sink.name, settings }, secrets, signal);
    },

    ...createDeadLetters({ store, masterKey, audit, found }),

    /** After the migrations: has the feed filled and, where told to, delivers until `stop`. */
    async start({ deliver }: { readonly deliver: boolean }): Promise<void> {
      await feed.prepare();
      delivers = deliver;
      if (deliver) supervisor.start();
    },
    stop: () => supervisor.stop(),
  });
}
export type SinkService = ReturnType<typeof createSinkService>;
