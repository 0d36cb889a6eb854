import { readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Schema } from '@bartizan/checks/datasets/records/index.ts';
import { ContentRefused } from '../confined/errors.ts';
import { runTask } from '../confined/task.ts';
import type { KnownVersion } from '../ports.ts';
import type { DataWatchDeps } from './deps.ts';
import type { WatchMemory } from './memory.ts';
import type { StoredWatch } from './store.ts';
import type { Watched, WatchTask } from './worker/protocol.ts';

const CHILD = fileURLToPath(new URL('./worker/child.ts', import.meta.url));
const MEMORY_BYTES = 3 * 2 ** 30;
const TIME_MS = 3_600_000;
const MOST_RESULT_BYTES = 128 * 2 ** 20;
/** The part of the version before that makes a version one that goes on from it. */
const CARRIED = 0.5;

/** Where the records of a version came from, and which of them came with it. */
export interface Fresh {
  /** A place in `sources` for each record; null where all came with the version. */
  readonly places: Int32Array | null;
  readonly sources: readonly (string | null)[];
  /** Place of the records that came with the version; null: all did. */
  readonly fresh: number | null;
  readonly rows: number;
}

/** Has versions counted in a process of their own. */
export function createCounting({ datasets, config }: Pick<DataWatchDeps, 'datasets' | 'config'>) {
  /**
   * What came with a version. A version that holds most records of the one before goes on from it: only its further
   * records came with it. One that does not is a batch by itself, though some of its records may be alike.
   */
  async function freshOf(version: KnownVersion): Promise<Fresh> {
    const rows = version.rows ?? 0;
    const { origins, of } = await datasets.originsOf(
      version.id,
      Array.from({ length: rows }, (_, row) => row),
    );
    const own = origins.findIndex(({ versionId }) => versionId === version.id);
    const places = Int32Array.from(of, (place) => place ?? -1);
    const came = places.reduce((sum, place) => sum + Number(place === own), 0);
    const parent = version.parentId === null ? undefined : await datasets.versionById(version.parentId);
    const isBatch = parent?.rows === null || parent === undefined || rows - came < CARRIED * parent.rows;
    return {
      places: origins.length < 2 ? null : places,
      sources: origins.map(({ source }) => source?.name ?? null),
      fresh: isBatch ? null : own,
      rows: isBatch ? rows : came,
    };
  }

  async function run(
    version: KnownVersion,
    task: Omit<WatchTask, 'content' | 'origins' | 'memory' | 'out' | 'sourceName' | 'date'>,
    { fresh, memory, signal }: { fresh: Fresh; memory: WatchMemory | null; signal: AbortSignal },
  ): Promise<Watched> {
    const laid = await datasets.lay(version.id, signal);
    const folder = dirname(laid.path);
    const path = (name: string): string => join(folder, `watch-${name}`);
    try {
      if (fresh.places !== null) await writeFile(path('origins'), fresh.places, { flag: 'wx', mode: 0o600 });
      if (memory !== null)
        await writeFile(path('memory'), JSON.stringify(memory), { flag: 'wx', mode: 0o600 });
      const given: WatchTask = {
        ...task,
        content: {
          path: laid.path,
          format: laid.format,
          options: laid.options,
          schema: laid.schema as Schema,
        },
        origins: fresh.places === null ? null : { path: path('origins'), sources: fresh.sources },
        sourceName: version.sourceName,
        memory: memory === null ? null : path('memory'),
        date: new Date(version.createdAt).toISOString().slice(0, 10),
        out: path('out'),
      };
      await runTask({
        entry: CHILD,
        task: given,
        folder,
        limits: {
          memoryBytes: MEMORY_BYTES,
          contentBytes: Math.max(1, config.maxUploadBytes),
          timeMs: TIME_MS,
        },
        signal,
      });
      if ((await stat(given.out)).size > MOST_RESULT_BYTES)
        throw new ContentRefused('More would be counted than can be kept. Push fewer columns.');
      return JSON.parse(await readFile(given.out, 'utf8')) as Watched;
    } finally {
      await laid.release();
    }
  }

  const common = ({ settings }: StoredWatch, label: string) => ({
    label,
    batch: settings.batch,
    source: settings.source,
    falseAlarmsPerYear: settings.falseAlarmsPerYear,
  });

  return Object.freeze({
    freshOf,
    /** What is usual, from all records of an accepted version. */
    async learn(
      version: KnownVersion,
      watch: StoredWatch,
      { label, size, signal }: { label: string; size: number; signal: AbortSignal },
    ): Promise<Watched> {
      const fresh = await freshOf(version);
      const task = { ...common(watch, label), is: 'learn', fresh: null, size } as const;
      return await run(version, task, { fresh, memory: null, signal });
    },
    observe(
      version: KnownVersion,
      watch: StoredWatch & { readonly memory: WatchMemory },
      { label, fresh, signal }: { label: string; fresh: Fresh; signal: AbortSignal },
    ): Promise<Watched> {
      // A batch by itself is of the source that brought it, though some of its records were there before.
      const own: Fresh = fresh.fresh === null ? { ...fresh, places: null } : fresh;
      const task = { ...common(watch, label), is: 'observe', fresh: own.fresh, size: own.rows } as const;
      return run(version, task, { fresh: own, memory: watch.memory, signal });
    },
  });
}
export type Counting = ReturnType<typeof createCounting>;
