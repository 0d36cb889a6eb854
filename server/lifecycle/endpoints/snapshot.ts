import { createHash } from 'node:crypto';
import type { Snapshot, SnapshotEndpoint, SnapshotKey } from '@bartizan/contracts';
import type { StoredEndpoint } from './store.ts';

export type SnapshotContent = Pick<Snapshot, 'keys' | 'endpoints' | 'policies' | 'detector'>;

export interface NumberedContent {
  readonly version: string;
  readonly sequence: number;
  readonly issuedAt: number;
  readonly content: SnapshotContent;
}

/** An endpoint as gateways get it: with sealed keys, without what only people need. */
export function toSnapshotEndpoint(stored: StoredEndpoint): SnapshotEndpoint {
  return {
    ...stored.fields,
    id: stored.id,
    kind: 'llm',
    upstreams: stored.upstreams.map(({ id, settings, sealedApiKey }) => ({ ...settings, id, sealedApiKey })),
  };
}

/** JSON with the keys of objects in order, so that equal content has equal bytes. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${entries.map(([name, item]) => `${JSON.stringify(name)}:${canonical(item)}`).join(',')}}`;
  }
  return JSON.stringify(value ?? null);
}

const byId = <T extends { readonly id: string }>(items: readonly T[]): T[] =>
  items.toSorted((a, b) => (a.id < b.id ? -1 : 1));

/** The version of a snapshot is the hash of its content: equal on every server, whatever the order of rows. */
export function versionOf(content: SnapshotContent): string {
  const sorted = {
    keys: byId(content.keys).map((key: SnapshotKey) => ({
      ...key,
      endpoints: key.endpoints === '*' ? '*' : key.endpoints.toSorted(),
    })),
    endpoints: byId(content.endpoints),
    policies: byId(content.policies),
    // Nothing where it is the gateways' own, so that this member changed no version when it came.
    detector: content.detector ?? undefined,
  };
  return createHash('sha256').update(canonical(sorted)).digest('base64url').slice(0, 32);
}

export interface SnapshotSource {
  /**
   * Reads the configuration as it is now and gives it a number: of two readings, on whichever servers, the one
   * with the higher number was begun after the other had ended. Unchanged content keeps its number, unless
   * `afresh`.
   */
  readonly read: (afresh: boolean) => Promise<NumberedContent>;
}

/** How long a snapshot is served without looking whether another server changed something. */
const FRESH_MS = 1_000;
/** A server that lags behind what a gateway has reads again, at most this often. */
const CATCH_UP_MS = 100;

/**
 * The current snapshot, built when asked for and kept for 1 s or until something changes, and waiting for the
 * next one. A change made through this server is seen by the next `current()`, one made through another when
 * its notification arrives, or within 1 s.
 */
export function createSnapshots(source: SnapshotSource) {
  let kept: { readonly snapshot: Snapshot; readonly at: number; readonly generation: number } | null = null;
  let building: { readonly promise: Promise<Snapshot>; readonly generation: number } | null = null;
  let generation = 0;
  /** True until a reading took a number of its own: after a start, and after the database may have been another. */
  let afresh = true;
  /** One reading at a time: each holds a database connection while it needs others. */
  let turn: Promise<unknown> = Promise.resolve();
  const waiting = new Set<() => void>();

  function build(mine: number): Promise<Snapshot> {
    const built = turn.then(async () => {
      if (kept && kept.generation >= mine && performance.now() - kept.at < FRESH_MS) return kept.snapshot;
      const forced = afresh;
      // What is asked for while this reads counts for the next.
      afresh = false;
      const seen = generation;
      const { version, sequence, issuedAt, content } = await source.read(forced).catch((error: unknown) => {
        afresh ||= forced;
        throw error;
      });
      const same = kept?.snapshot.version === version && kept.snapshot.sequence === sequence;
      const snapshot =
        same && kept ? kept.snapshot : Object.freeze({ version, sequence, issuedAt, ...content });
      kept = { snapshot, at: performance.now(), generation: seen };
      return snapshot;
    });
    turn = built.catch(() => undefined);
    return built;
  }

  async function current(): Promise<Snapshot> {
    if (kept && kept.generation === generation && performance.now() - kept.at < FRESH_MS)
      return kept.snapshot;
    // What is being built may have read before the latest change.
    if (building && building.generation === generation) return await building.promise;
    const mine = { promise: build(generation), generation };
    building = mine;
    try {
      return await mine.promise;
    } finally {
      if (building === mine) building = null;
    }
  }

  function changeOrTimeout(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        waiting.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      waiting.add(done);
      signal.addEventListener('abort', done, { once: true });
    });
  }

  return Object.freeze({
    current,

    /**
     * Says that something may have changed: the next snapshot is read anew, and who waits looks again. With
     * `renumber`, when the database may be another one than before (restored, or a standby that took over), what
     * is read next gets a new number even if it is the same.
     */
    invalidate(options: { readonly renumber?: boolean } = {}): void {
      generation += 1;
      afresh ||= options.renumber ?? false;
      for (const wake of waiting) wake();
    },

    /**
     * The snapshot once its version is not `known`, or the current one after `waitMs` or when `signal` aborts.
     * A gateway that has a later one (`sequence`) than this server read last makes it read again first.
     */
    async next(
      known: string | undefined,
      waitMs: number,
      signal: AbortSignal,
      sequence = 0,
    ): Promise<Snapshot> {
      if (kept && kept.snapshot.sequence < sequence && performance.now() - kept.at > CATCH_UP_MS)
        generation += 1;
      const deadline = performance.now() + waitMs;
      for (;;) {
        const before = generation;
        const snapshot = await current();
        const leftMs = deadline - performance.now();
        if (snapshot.version !== known || leftMs <= 0 || signal.aborted) return snapshot;
        if (generation === before) await changeOrTimeout(Math.min(leftMs, FRESH_MS), signal);
      }
    },
  });
}
export type Snapshots = ReturnType<typeof createSnapshots>;
