import { createHash } from 'node:crypto';
import type { Snapshot, SnapshotEndpoint, SnapshotKey } from '@bartizan/contracts';
import type { StoredEndpoint } from './store.ts';

export type SnapshotContent = Pick<Snapshot, 'keys' | 'endpoints' | 'policies'>;

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
  };
  return createHash('sha256').update(canonical(sorted)).digest('base64url').slice(0, 32);
}

export interface SnapshotSource {
  /** Reads the configuration as it is now. */
  readonly read: () => Promise<SnapshotContent>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** How long a snapshot is served without looking whether another server changed something. */
const FRESH_MS = 2_000;

/**
 * The current snapshot, built when asked for and kept for 2 s or until something changes, and waiting for the
 * next one. A change made through this server is seen by the next `current()`, one made through another when
 * its notification arrives, or within 2 s.
 */
export function createSnapshots(source: SnapshotSource) {
  let kept: { readonly snapshot: Snapshot; readonly at: number; readonly generation: number } | null = null;
  let building: { readonly promise: Promise<Snapshot>; readonly generation: number } | null = null;
  let generation = 0;
  const waiting = new Set<() => void>();

  async function build(mine: number): Promise<Snapshot> {
    const content = await source.read();
    const version = versionOf(content);
    const snapshot =
      kept?.snapshot.version === version
        ? kept.snapshot
        : Object.freeze({ version, issuedAt: source.now(), ...content });
    kept = { snapshot, at: performance.now(), generation: mine };
    return snapshot;
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

    /** Says that something may have changed: the next snapshot is read anew, and who waits looks again. */
    invalidate(): void {
      generation += 1;
      for (const wake of waiting) wake();
    },

    /** The snapshot once its version is not `known`, or the current one after `waitMs` or when `signal` aborts. */
    async next(known: string | undefined, waitMs: number, signal: AbortSignal): Promise<Snapshot> {
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
