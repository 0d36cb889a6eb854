import type { InteractionFilter, InteractionSummary, Overview, ShipBatch } from '@bartizan/contracts';
import { loggable } from '../../platform/http/index.ts';
import type { EndpointService, Gateways, Snapshots } from '../endpoints/index.ts';
import type { Recording, RecordingQuery } from '../policies/index.ts';
import type { LifecycleDeps } from '../ports.ts';
import type { Sight, Viewer } from '../sight.ts';
import { createContentKeys } from './content-keys.ts';
import { createContents } from './contents-store.ts';
import { createExpiry } from './expiry.ts';
import { decodeCursor, encodeCursor, type Position, prepareFilter } from './filter.ts';
import { createIngest } from './ingest.ts';
import { createLive, type LiveItem, toSummary } from './live.ts';
import { createLookup } from './lookup.ts';
import { excerptOf } from './model.ts';
import { type Page, type Row, walk } from './pages.ts';
import { createPartitions } from './partitions.ts';
import { createProtectedReads } from './protected.ts';
import { createReading, type Reader } from './reading.ts';
import { readOverview } from './rollups.ts';
import type { Prepared } from './seal-record.ts';
import { readTraffic } from './traffic.ts';
import { createVerdictCheck } from './verdict-batches.ts';
import { createBlindIndex } from './words.ts';

export interface InteractionDeps
  extends Pick<
    LifecycleDeps,
    'database' | 'masterKey' | 'audit' | 'clock' | 'logger' | 'identity' | 'config'
  > {
  readonly endpoints: Pick<EndpointService, 'stored' | 'sightOf'>;
  readonly gateways: Pick<Gateways, 'seen' | 'list'>;
  readonly snapshots: Pick<Snapshots, 'current'>;
  /** Names this process among the servers of the instance. */
  readonly instance: string;
}

/** How long a list looks for matches before it answers with what it has and where to go on. */
const LIST_BUDGET_MS = 2_500;
const EXPORT_PAGE = 200;
const RECORDING_PAGE = 25;

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
    audit,
    now: clock.now,
    instance: deps.instance,
  });
  const pagesOf = (
    filter: InteractionFilter & { readonly sight: Sight },
    after: Position | null,
    pageRows: number,
    signal: AbortSignal,
  ) => {
    const prepared = prepareFilter(filter, index, filter.sight);
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

  const protectedReads = createProtectedReads({
    contents,
    reading,
    audit,
    pagesOf: (filter, { sight }, signal) => pagesOf({ ...filter, sight }, null, EXPORT_PAGE, signal),
  });

  async function withExcerpts(rows: readonly Row[]): Promise<InteractionSummary[]> {
    const excerpts = await contents.excerpts(rows);
    return rows.map((row) => toSummary({ row, excerpt: excerpts.get(row.id) ?? null }));
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
      const { sight } = reader;
      const { words, pages } = pagesOf({ ...filter, sight }, after, page.limit + 1, signal);
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
        items: await withExcerpts(rows),
        next: reached === null ? null : encodeCursor(reached),
      };
    },

    place: protectedReads.place,
    get: protectedReads.get,
    record: protectedReads.record,
    content: protectedReads.content,
    raw: protectedReads.raw,
    export: protectedReads.export,

    /** Watches from now on, with as much in sight as is there for the viewer at each moment. */
    async live(viewer: Viewer, signal: AbortSignal): Promise<AsyncIterable<string>> {
      return live.watch(() => deps.endpoints.sightOf(viewer), signal);
    },

    sightOf: (viewer: Viewer): Promise<Sight> => deps.endpoints.sightOf(viewer),

    /** Another server stored these; looks them up for those who watch here. `message` is that server's. */
    async onNotified(message: string): Promise<void> {
      if (!live.watched()) return;
      const note = JSON.parse(message) as { from: string; since: number; ids: string[] };
      if (note.from === deps.instance) return;
      const ids = new Set(note.ids);
      const filter = { from: note.since, sight: '*' as const };
      const { pages } = pagesOf(filter, null, 500, AbortSignal.timeout(5_000));
      const rows: Row[] = [];
      for await (const page of pages) {
        rows.push(...page.rows.filter(({ id }) => ids.has(id.replaceAll('-', ''))));
        if (rows.length >= ids.size) break;
      }
      const excerpts = await contents.excerpts(rows);
      live.tell(rows.toReversed().map((row) => ({ row, excerpt: excerpts.get(row.id) ?? null })));
    },

    async overview(windowMs: number, sight: Sight): Promise<Overview> {
      const now = clock.now();
      const [figures, seen, snapshot] = await Promise.all([
        readOverview(database, { windowMs, nowMs: now, sight }),
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
      const { since: from, until: to, endpointId, sight, limit, signal } = query;
      const filter = { from, to, sight, endpoint: endpointId === undefined ? undefined : [endpointId] };
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

    /** Requests by endpoint since a time, for those that keep an eye on what is in use. */
    traffic: (sinceMs: number) => readTraffic(database, sinceMs),

    /** Makes the partitions of today and the days ahead. */
    prepareStorage: () => partitions.ensureAhead(clock.now()),

    /** Partitions ahead, expiry, pruning: what has to be done now and then. */
    upkeep: createExpiry({ database, partitions, keys, logger, audit }),

    /** Stored verdicts against the audit log. */
    verdictCheck: createVerdictCheck({ database, contents, now: clock.now }),
  });
}
export type InteractionService = ReturnType<typeof createInteractionService>;
