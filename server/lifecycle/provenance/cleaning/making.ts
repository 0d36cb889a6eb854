import { createReadStream } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../../kernel/error.ts';
import { ContentRefused } from '../confined/errors.ts';
import { actingOf } from '../datasets/model.ts';
import type { DerivedVersion, KnownVersion, LaidVersion } from '../ports.ts';
import { packRows } from '../scans/model.ts';
import type { CleaningDeps } from './deps.ts';
import type { StoredQuarantine } from './model.ts';
import type { CleaningStore } from './store.ts';
import { isTable, placeOf, workOn } from './working.ts';

const TIME_MS = 4 * 3_600_000;
const MOST_REASON = 2_000;

type Files = DerivedVersion['files'];

const isFolder = ({ format }: LaidVersion): boolean => format === 'texts' || format === 'images';

/** Makes the versions: without some records, or with all of an earlier one again. */
export function createMaking(deps: CleaningDeps & { readonly store: CleaningStore }) {
  const { database, store, audit, objects, config, datasets, custody } = deps;

  async function put(path: string, file: string, signal: AbortSignal): Promise<Files[number]> {
    const { size } = await stat(file);
    const { sha256 } = await objects.put(createReadStream(file), { signal });
    return { path, size, sha256 };
  }

  async function putAll(laid: LaidVersion, paths: readonly string[], signal: AbortSignal): Promise<Files> {
    const files: Files[number][] = [];
    for (const path of paths) files.push(await put(path, join(laid.path, path), signal));
    return files;
  }

  const derived = (
    version: KnownVersion,
    laid: LaidVersion,
    files: Files,
    reason: string,
  ): DerivedVersion => ({
    datasetId: version.datasetId,
    parentId: version.id,
    format: laid.format,
    // The same types as before, whatever the records that stay would be taken for; Parquet says them itself.
    options:
      isTable(laid) && laid.format !== 'parquet' ? { ...laid.options, schema: laid.schema } : laid.options,
    files,
    reason: reason.slice(0, MOST_REASON),
    // Nobody delivered it: its records are from where the version before has them from.
    source: null,
    batch: null,
  });

  async function keepCleaned(
    quarantine: StoredQuarantine,
    version: KnownVersion,
    made: {
      readonly laid: LaidVersion;
      readonly files: Files;
      readonly record: string;
      readonly removed: number;
    },
  ): Promise<void> {
    const actor = actingOf(quarantine.acting);
    const { reason } = quarantine;
    const told = `${made.removed} records of version ${version.number} were taken out: ${reason}`;
    await database.transaction().execute(async (tx) => {
      const now = await store.lock(quarantine.id, tx);
      if (now?.state !== 'working') return;
      const { versionId, number } = await datasets.createVersion(
        actor,
        derived(version, made.laid, made.files, told),
        tx,
      );
      await store.setMade(quarantine.id, { versionId, record: made.record }, tx);
      const detail = { quarantine: quarantine.id, from: version.number, to: number, records: made.removed };
      const action = 'data.records-quarantined';
      const subject = `dataset-version:${version.id}`;
      await audit.record({ actor, action, subject, detail: { ...detail, reason, record: made.record } }, tx);
      const place = { datasetId: version.datasetId, versionId: version.id };
      await custody({ ...place, action: 'quarantined', actor, reason, audit: action, detail }, tx);
    });
  }

  async function keepRestored(
    quarantine: StoredQuarantine,
    version: KnownVersion,
    made: { readonly laid: LaidVersion; readonly files: Files },
  ): Promise<void> {
    const actor = actingOf(quarantine.acting);
    const reason = quarantine.restoreReason ?? '';
    const told = `Records of version ${version.number} are back: ${reason}`;
    await database.transaction().execute(async (tx) => {
      const now = await store.lock(quarantine.id, tx);
      if (now?.state !== 'restoring') return;
      const { versionId, number } = await datasets.createVersion(
        actor,
        derived(version, made.laid, made.files, told),
        tx,
      );
      await store.setRestored(quarantine.id, versionId, tx);
      const detail = {
        quarantine: quarantine.id,
        from: version.number,
        to: number,
        records: quarantine.removed,
      };
      const action = 'data.records-restored';
      const subject = `dataset-version:${version.id}`;
      await audit.record({ actor, action, subject, detail: { ...detail, reason } }, tx);
      const place = { datasetId: version.datasetId, versionId: version.id };
      await custody({ ...place, action: 'restored', actor, reason, audit: action, detail }, tx);
    });
  }

  const tableFile = (laid: LaidVersion): string => `records.${laid.format}`;

  return Object.freeze({
    /** Writes the content without the rows and begins the version of it. */
    async clean(
      quarantine: StoredQuarantine,
      version: KnownVersion,
      {
        rows,
        signal,
        onProgress,
      }: { rows: readonly number[]; signal: AbortSignal; onProgress: (stage: string) => void },
    ): Promise<void> {
      if (rows.length === 0) throw new ContentRefused('No record is meant by this selection.');
      if (rows.length >= (version.rows ?? 0))
        throw new ContentRefused('All records are meant: put the whole version into quarantine instead.');
      const laid = await datasets.lay(version.id, signal);
      try {
        const { content, path } = placeOf(laid);
        const task = {
          is: 'rewrite',
          content,
          rows: path('rows'),
          out: path('out'),
          removed: path('removed'),
        } as const;
        await writeFile(task.rows, packRows(rows), { flag: 'wx', mode: 0o600 });
        const told = ({ stage }: { stage: string }): void => onProgress(stage);
        const { removed } = await workOn(task, { config, timeMs: TIME_MS, signal, onProgress: told });
        if (removed !== rows.length)
          throw new AppError('conflict', 'other records were removed than were meant');
        const record = (await objects.put(createReadStream(task.removed), { signal })).sha256;
        const files = isFolder(laid)
          ? await putAll(laid, JSON.parse(await readFile(task.out, 'utf8')) as string[], signal)
          : [await put(tableFile(laid), task.out, signal)];
        await keepCleaned(quarantine, version, { laid, files, record, removed });
      } finally {
        await laid.release();
      }
    },

    /** Begins a version with the content of the one that the records were taken out of. */
    async restore(
      quarantine: StoredQuarantine,
      version: KnownVersion,
      { signal }: { readonly signal: AbortSignal },
    ): Promise<void> {
      const laid = await datasets.lay(version.id, signal);
      try {
        const files = isFolder(laid)
          ? await putAll(laid, await allPaths(laid), signal)
          : [await put(tableFile(laid), laid.path, signal)];
        await keepRestored(quarantine, version, { laid, files });
      } finally {
        await laid.release();
      }
    },
  });
}
export type Making = ReturnType<typeof createMaking>;

async function allPaths(laid: LaidVersion): Promise<string[]> {
  const { readdir } = await import('node:fs/promises');
  const found = await readdir(laid.path, { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(laid.path.length + 1))
    .sort();
}
