import type {
  InteractionDetail,
  InteractionFilter,
  InteractionSummary,
  Overview,
  ShipBatch,
} from '@bartizan/contracts';
import type { Actor } from '../../audit/index.ts';
import { AppError } from '../../kernel/error.ts';
import { timeOfUuidv7 } from '../../kernel/id.ts';
import { loggable } from '../../platform/http/index.ts';
import type { EndpointService, Gateways, Snapshots } from '../endpoints/index.ts';
import type { Recording, RecordingQuery } from '../policies/index.ts';
import type { LifecycleDeps } from '../ports.ts';
import { createContentKeys } from './content-keys.ts';
import { createContents } from './contents-store.ts';
import { createExpiry } from './expiry.ts';
import { decodeCursor, encodeCursor, type Position, prepareFilter } from './filter.ts';
import { createIngest } from './ingest.ts';
import { createLive, type LiveItem, toSummary } from './live.ts';
import { createLookup } from './lookup.ts';
import { excerptOf, keptTexts, type RawContent, toDetail } from './model.ts';
import { type Page, type Row, walk } from './pages.ts';
import { createPartitions } from './partitions.ts';
import { createReading, type Reader } from './reading.ts';
import { readOverview } from './rollups.ts';
import type { Prepared } from './seal-record.ts';
import { createBlindIndex } from './words.ts';

export interface InteractionDeps
  extends Pick<
    LifecycleDeps,
    'database' | 'masterKey' | 'audit' | 'clock' | 'logger' | 'identity' | 'config'
  > {
  readonly endpoints: Pick<EndpointService, 'stored'>;
  readonly gateways: Pick<Gateways, 'seen' | 'list'>;
  readonly snapshots: Pick<Snapshots, 'current'>;
  /** Names this process among the servers of the instance. */
  readonly instance: string;
}

/** How long a list looks for matches before it answers with what it has and where to go on. */
const LIST_BUDGET_MS = 2_500;
const EXPORT_PAGE = 200;
const RECORDING_PAGE = 25;
/** Reading unmasked excerpts in lists is recorded once in this time for each reader. */
const BROWSE_NOTE_MS = 10 * 60_000;
const MAX_NOTED_READERS = 10_000;

const noSuchInteraction = (): AppError =>
  new AppError('not_found', 'there is no such interaction', {
    hint: 'It may have expired: endpoints keep interactions for a number of days.',
  });

/** The instant that a UUIDv7 carries, or null for another kind of id. */
const hintOf = (id: string): number | null => (id[14] === '7' ? timeOfUuidv7(id) : null);

export function createInteractionService(deps: InteractionDeps) {
  const { database, masterKey, audit, clock, logger, identity, gateways, snapshots } = deps;
  const keys = createContentKeys(database, masterKey);
  const contents = createContents(database, keys);
  const reading = createReading(contents);
  const partitions = createPartitions(database);
  const index = createBlindIndex(masterKey);
  const live = createLive();
  const ingest = createIngest({
    database,
    partitions,
    keys,
    index,
    now: clock.now,
    instance: deps.instance,
  });
  const browsed = new Map<string, number>();

  const pagesOf = (
    filter: InteractionFilter,
    after: Position | null,
    pageRows: number,
    signal: AbortSignal,
  ) => {
    const prepared = prepareFilter(filter, index);
    const options = {
      filter: prepared,
      after,
      pageRows,
      nowMs: clock.now(),
      extent: partitions.extent,
      signal,
    };
    return { words: prepared.words, pages: walk(database, options) };
  };

  async function noteBrowsing(reader: Reader): Promise<void> {
    const now = clock.now();
    if (!reader.mayReadContent || now - (browsed.get(reader.actor.id) ?? 0) < BROWSE_NOTE_MS) return;
    await audit.record({
      actor: reader.actor,
      action: 'interactions.excerpts_read',
      subject: 'interactions',
      detail: { forMs: BROWSE_NOTE_MS },
    });
    if (browsed.size >= MAX_NOTED_READERS) browsed.clear();
    browsed.set(reader.actor.id, now);
  }

  async function withExcerpts(rows: readonly Row[], reader: Reader): Promise<InteractionSummary[]> {
    const excerpts = await contents.excerpts(rows);
    return rows.map((row) =>
      toSummary({ row, excerpt: excerpts.get(row.id) ?? null }, reader.mayReadContent),
    );
  }

  function onStored(fresh: readonly Prepared[]): void {
    if (live.watched()) {
      live.tell(fresh.map((item): LiveItem => ({ row: item.summary, excerpt: excerptOf(item.body) })));
    }
    const lastUse = new Map<string, number>();
    for (const { record } of fresh) {
      if (record.keyId) lastUse.set(record.keyId, Math.max(lastUse.get(record.keyId) ?? 0, record.at));
    }
    if (lastUse.size === 0) return;
    const newest = Math.min(Math.max(...lastUse.values()), clock.now());
    identity
      .touchKeys([...lastUse.keys()], newest)
      .catch((error: unknown) =>
        logger.warn({ error: loggable(error) }, 'the last use of keys could not be noted'),
      );
  }

  return Object.freeze({
    async ship(batch: ShipBatch): Promise<{ stored: number; known: number }> {
      const { gatewayId, snapshotVersion, backlog } = batch;
      gateways
        .seen({ id: gatewayId, snapshotVersion, backlog, lastSeenAt: clock.now(), about: batch.about })
        .catch((error: unknown) => logger.warn({ error: loggable(error) }, 'a gateway could not be noted'));
      return await ingest.store(batch.interactions, onStored);
    },

    async list(
      filter: InteractionFilter,
      page: { readonly cursor?: string | undefined; readonly limit: number },
      reader: Reader,
      signal: AbortSignal,
    ): Promise<{ items: InteractionSummary[]; next: string | null }> {
      const after = page.cursor === undefined ? null : decodeCursor(page.cursor);
      const { words, pages } = pagesOf(filter, after, page.limit + 1, signal);
      await noteBrowsing(reader);
      const deadline = performance.now() + LIST_BUDGET_MS;
      const found: Row[] = [];
      let reached: Page['reached'] = after;
      for await (const stretch of pages) {
        found.push(...(await reading.verified(stretch.rows, words, reader)));
        reached = stretch.reached;
        if (found.length > page.limit || performance.now() > deadline) break;
      }
      const rows = found.slice(0, page.limit);
      const last = rows.at(-1);
      if (found.length > page.limit && last) reached = { at: last.at, id: last.id };
      return {
        items: await withExcerpts(rows, reader),
        next: reached === null ? null : encodeCursor(reached),
      };
    },

    async get(id: string, reader: Reader): Promise<InteractionDetail> {
      const place = await contents.place(id, hintOf(id));
      const found = place && (await contents.bodies([place]).next()).value;
      if (!found) throw noSuchInteraction();
      if (!found.body) {
        throw new AppError('gone', 'the content of this interaction cannot be opened any more', {
          hint: 'It was sealed with another master key. Start Bartizan with the key that was in use then.',
        });
      }
      if (reader.mayReadContent && keptTexts(found.body.segments).length > 0) {
        const subject = `interaction:${id}`;
        await audit.record({ actor: reader.actor, action: 'interactions.content_read', subject, detail: {} });
      }
      return toDetail(found.body, found.hasRaw, reader.mayReadContent);
    },

    async raw(id: string, actor: Actor): Promise<RawContent> {
      const place = await contents.place(id, hintOf(id));
      if (!place) throw noSuchInteraction();
      await audit.record({
        actor,
        action: 'interactions.raw_read',
        subject: `interaction:${id}`,
        detail: {},
      });
      return (await contents.raw(place)) ?? { request: null, response: null };
    },

    /** Everything that matches as JSON Lines, newest first, a page in memory at a time. */
    async *export(
      filter: InteractionFilter,
      reader: Reader,
      signal: AbortSignal,
    ): AsyncGenerator<string, void> {
      const { words, pages } = pagesOf(filter, null, EXPORT_PAGE, signal);
      await audit.record({
        actor: reader.actor,
        action: 'interactions.exported',
        subject: 'interactions',
        detail: {
          filter: { ...filter, text: filter.text === undefined ? undefined : '…' },
          content: reader.mayReadContent,
        },
      });
      for await (const { rows } of pages) {
        yield* reading.exported(await reading.verified(rows, words, reader), reader, signal);
        if (signal.aborted) return;
      }
    },

    async live(reader: Reader, signal: AbortSignal): Promise<AsyncIterable<string>> {
      await noteBrowsing(reader);
      return live.watch(reader.mayReadContent, signal);
    },

    /** Another server stored these; looks them up for those who watch here. `message` is that server's. */
    async onNotified(message: string): Promise<void> {
      if (!live.watched()) return;
      const note = JSON.parse(message) as { from: string; since: number; ids: string[] };
      if (note.from === deps.instance) return;
      const ids = new Set(note.ids);
      const filter = { from: note.since };
      const { pages } = pagesOf(filter, null, 500, AbortSignal.timeout(5_000));
      const rows: Row[] = [];
      for await (const page of pages) {
        rows.push(...page.rows.filter(({ id }) => ids.has(id.replaceAll('-', ''))));
        if (rows.length >= ids.size) break;
      }
      const excerpts = await contents.excerpts(rows);
      live.tell(rows.toReversed().map((row) => ({ row, excerpt: excerpts.get(row.id) ?? null })));
    },

    async overview(windowMs: number): Promise<Overview> {
      const now = clock.now();
      const [figures, seen, snapshot] = await Promise.all([
        readOverview(database, windowMs, now),
        gateways.list(now),
        snapshots.current(),
      ]);
      return {
        ...figures,
        gatewayUrl: deps.config.gatewayUrl,
        gateways: seen.map((gateway) => ({
          ...gateway,
          current: gateway.snapshotVersion === snapshot.version,
        })),
      };
    },

    /** For dry runs: what was recorded, newest first. */
    async *recordings(query: RecordingQuery): AsyncGenerator<readonly Recording[], void> {
      const { since: from, until: to, endpointId, limit, signal } = query;
      const filter = { from, to, endpoint: endpointId === undefined ? undefined : [endpointId] };
      const { pages } = pagesOf(filter, null, RECORDING_PAGE, signal);
      let left = limit;
      for await (const { rows } of pages) {
        const wanted = rows.slice(0, left);
        yield* reading.recordings(wanted);
        left -= wanted.length;
        if (left <= 0) return;
      }
    },

    /** By their place, for the stages that come after. */
    lookup: createLookup(database, contents),

    /** Makes the partitions of today and the days ahead. */
    prepareStorage: () => partitions.ensureAhead(clock.now()),

    /** Partitions ahead, expiry, pruning: what has to be done now and then. */
    upkeep: createExpiry({ database, partitions, keys, logger }),
  });
}
export type InteractionService = ReturnType<typeof createInteractionService>;
