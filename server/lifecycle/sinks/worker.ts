import { setTimeout as sleep } from 'node:timers/promises';
import { type MasterKey, seal, unseal } from '@bartizan/contracts/sealed.ts';
import { uuidv7 } from '../../kernel/id.ts';
import { isDatabaseUnavailable } from '../../platform/database/index.ts';
import { loggable } from '../../platform/http/index.ts';
import type { Logger } from '../ports.ts';
import { type Delivery, delayAfter, deliver } from './deliver.ts';
import type { SinkEvent } from './event.ts';
import type { Feed, Ref } from './feed.ts';
import { toCef } from './formats/cef.ts';
import { toLine, toOcsf } from './formats/ocsf.ts';
import type { StoredSink } from './model.ts';
import type { Loaded, Source } from './source.ts';
import type { NewDeadLetter, Progress, SinkStore } from './store.ts';
import type { Rendered, Transport } from './transports/transport.ts';

export interface WorkerDeps {
  readonly store: SinkStore;
  readonly feed: Pick<Feed, 'place' | 'read'>;
  readonly source: Source;
  readonly transport: Transport;
  readonly masterKey: MasterKey;
  readonly now: () => number;
  readonly logger: Pick<Logger, 'warn'>;
  readonly version: string;
  readonly onDelivered: (events: number) => void;
  readonly onFailed: () => void;
}

const IDLE_MS = 500;
const HEARTBEAT_MS = 5_000;
const DATABASE_AWAY_MS = 2_000;
/** Records looked at before a batch that few pass the filter of is sent all the same. */
const MAX_LOOKED_AT = 20_000;
/** Beyond this, nothing more is set aside: the sink stops instead. */
const MAX_DEAD_LETTERS = 10_000;
const TOO_MANY_DEAD = {
  kind: 'failed' as const,
  message: `${MAX_DEAD_LETTERS} refused events wait to be looked at; send them again or discard them`,
  status: null,
  answer: '',
};

/** Names the sealed copy of a refused event. */
export const deadContext = (id: string): string => `sink-dead-letter:${id}`;

export function render(event: SinkEvent, sink: Pick<StoredSink, 'settings'>, version: string): Rendered {
  const { format } = sink.settings.target;
  return { event, text: format === 'cef' ? toCef(event, version) : toLine(toOcsf(event, version)) };
}

/** Errors that PostgreSQL reports have a severity; they speak of the moment, not of a record. */
const isOfDatabase = (error: unknown): boolean =>
  isDatabaseUnavailable(error) || (error instanceof Error && 'severity' in error);

interface Batch {
  readonly events: readonly SinkEvent[];
  readonly from: number;
  readonly to: number;
  readonly lost: number;
}

/**
 * Delivers to one sink until `signal` aborts: reads on from the cursor, sends, and only then moves the cursor, so
 * that whatever happens in between, nothing is left out (and some may come twice). Returns when another server
 * has moved the cursor or the sink is gone.
 */
export function createWorker(sink: StoredSink, deps: WorkerDeps) {
  const { store, feed, source, transport, now, logger } = deps;
  const { settings } = sink;
  let failures = 0;
  let beatAt = 0;

  const pause = (ms: number, signal: AbortSignal) => sleep(ms, undefined, { signal }).catch(() => undefined);

  /** A record that cannot be read, altered content say, is left out and counted; the others are not held up. */
  async function load(refs: readonly Ref[]): Promise<Loaded> {
    try {
      return await source.load(refs, { ...settings.filter, includeExcerpts: settings.includeExcerpts });
    } catch (error) {
      if (isOfDatabase(error)) throw error;
      const [first] = refs;
      if (refs.length <= 1) {
        logger.warn(
          { error: loggable(error), sink: sink.name, id: first?.id },
          'a record cannot be read, so it is not sent',
        );
        return { events: [], gone: refs.length };
      }
      const middle = Math.ceil(refs.length / 2);
      const [a, b] = [await load(refs.slice(0, middle)), await load(refs.slice(middle))];
      return { events: [...a.events, ...b.events], gone: a.gone + b.gone };
    }
  }

  /** Reads on until there is a full batch, the feed ends, or enough was looked at. */
  async function gather(cursor: number): Promise<Batch> {
    const events: SinkEvent[] = [];
    let to = cursor;
    let lost = 0;
    while (events.length < settings.maxBatch && to - cursor < MAX_LOOKED_AT) {
      const refs: readonly Ref[] = await feed.read(to, settings.maxBatch);
      const last = refs.at(-1);
      if (!last) break;
      const loaded = await load(refs);
      events.push(...loaded.events);
      lost += loaded.gone;
      to = last.position + 1;
      if (refs.length < settings.maxBatch) break;
    }
    return { events, from: cursor, to, lost };
  }

  function deadLetters(refused: Delivery['refused']): NewDeadLetter[] {
    return refused.map(({ item, problem }) => {
      const id = uuidv7(now());
      return {
        id,
        at: now(),
        kind: item.event.kind,
        subjectId: item.event.subjectId,
        reason: [problem.message, problem.answer].filter((part) => part !== '').join(': '),
        status: problem.status,
        sealedEvent: seal(deps.masterKey, JSON.stringify(item), deadContext(id)),
      };
    });
  }

  async function fail(failure: NonNullable<Delivery['failure']>): Promise<void> {
    failures += 1;
    deps.onFailed();
    const nowMs = now();
    const next = nowMs + delayAfter(failures, failure.retryAfterMs, Math.random());
    const message = [failure.message, failure.answer].filter((part) => part !== '').join(': ');
    await store.failed(sink.id, { at: nowMs, message, status: failure.status }, next);
    logger.warn({ sink: sink.name, attempt: failures, nextAttemptAt: next }, `a sink: ${failure.message}`);
  }

  /** In parts of at most `maxBatch`; stops at the first failure. */
  async function send(events: readonly SinkEvent[], signal: AbortSignal): Promise<Delivery> {
    const delivered: Rendered[] = [];
    const refused: Delivery['refused'][number][] = [];
    for (let start = 0; start < events.length; start += settings.maxBatch) {
      const part = events
        .slice(start, start + settings.maxBatch)
        .map((event) => render(event, sink, deps.version));
      const done = await deliver(transport, part, signal);
      delivered.push(...done.delivered);
      refused.push(...done.refused);
      if (done.failure) return { delivered, refused, failure: done.failure };
    }
    return { delivered, refused, failure: null };
  }

  /** True when the worker may go on. */
  async function step(batch: Batch, signal: AbortSignal): Promise<boolean> {
    const done = await send(batch.events, signal);
    if (signal.aborted) return false;
    if (done.failure) {
      await fail(done.failure);
      return true;
    }
    const full =
      done.refused.length > 0 && (await store.deadCount(sink.id)) + done.refused.length > MAX_DEAD_LETTERS;
    if (full) {
      await fail(TOO_MANY_DEAD);
      return true;
    }
    failures = 0;
    deps.onDelivered(done.delivered.length);
    return await store.advance({
      sinkId: sink.id,
      from: batch.from,
      to: batch.to,
      delivered: done.delivered.length,
      lost: batch.lost,
      dead: deadLetters(done.refused),
      successAt: done.delivered.length > 0 ? now() : null,
    });
  }

  /** Sends again what people asked for. True when there was something. */
  async function retryDead(signal: AbortSignal): Promise<boolean> {
    const letters = await store.toRetry(sink.id, settings.maxBatch);
    if (letters.length === 0) return false;
    const items = letters.map(({ id, sealedEvent }) => ({
      id,
      item: JSON.parse(unseal(deps.masterKey, sealedEvent, deadContext(id))) as Rendered,
    }));
    const idOf = new Map(items.map(({ id, item }) => [item, id]));
    const done = await deliver(
      transport,
      items.map(({ item }) => item),
      signal,
    );
    if (signal.aborted) return false;
    const refused = done.failure ? [] : done.refused;
    await store.retried(
      sink.id,
      done.delivered.map((item) => idOf.get(item) ?? ''),
      refused.map(({ item, problem }) => ({
        id: idOf.get(item) ?? '',
        reason: [problem.message, problem.answer].filter((part) => part !== '').join(': '),
        status: problem.status,
      })),
      now(),
    );
    deps.onDelivered(done.delivered.length);
    if (done.failure) await fail(done.failure);
    return true;
  }

  async function beat(): Promise<void> {
    if (Math.abs(now() - beatAt) < HEARTBEAT_MS) return;
    beatAt = now();
    await store.heartbeat(sink.id, beatAt);
  }

  const mustWait = (progress: Progress): boolean => (progress.nextAttemptAt ?? 0) > now();

  /** One turn. False when this worker is no longer the one to do it. */
  async function turn(signal: AbortSignal): Promise<boolean> {
    await beat();
    const progress = await store.progress(sink.id);
    if (!progress) return false;
    if (mustWait(progress)) {
      await pause(Math.min(IDLE_MS, (progress.nextAttemptAt ?? 0) - now()), signal);
      return true;
    }
    await feed.place();
    const batch = await gather(progress.cursor);
    if (batch.to > batch.from) return await step(batch, signal);
    if (!(await retryDead(signal))) await pause(IDLE_MS, signal);
    return true;
  }

  return Object.freeze({
    async run(signal: AbortSignal): Promise<void> {
      let told = false;
      while (!signal.aborted) {
        try {
          if (!(await turn(signal))) return;
          told = false;
        } catch (error) {
          if (signal.aborted) return;
          if (!told)
            logger.warn(
              { error: loggable(error), sink: sink.name },
              'a sink could not go on; it is tried again',
            );
          told = true;
          await pause(DATABASE_AWAY_MS, signal);
        }
      }
    },
  });
}
