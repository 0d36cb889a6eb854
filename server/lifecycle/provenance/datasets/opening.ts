import type { OpenDataset } from '@bartizan/checks/datasets/read/index.ts';
import type { Chunk, Schema } from '@bartizan/checks/datasets/records/index.ts';
import type { DataOrigin } from '@bartizan/contracts';
import { AppError } from '../../../kernel/error.ts';
import type { RecordedObjects } from '../../../platform/objects/index.ts';
import { ContentRefused } from '../confined/errors.ts';
import type { LaidVersion } from '../ports.ts';
import { type Laying, limitsFor } from './laying.ts';
import type { StoredVersion } from './model.ts';
import { ORIGIN_BYTES } from './originating.ts';
import { noSuchDatasetVersion } from './reach.ts';
import { originOf } from './versions.ts';
import type { VersionStore } from './versions-store.ts';
import { stream } from './worker/process.ts';

export interface OpeningDeps {
  readonly versions: VersionStore;
  readonly laying: Laying;
  readonly objects: Pick<RecordedObjects, 'read'>;
  readonly config: { readonly maxUploadBytes: number };
}

export interface OpenRecords {
  readonly schema: Schema;
  /** Can be read once. `first`: place of the first record of the chunk. */
  readonly chunks: () => AsyncGenerator<{ readonly first: number; readonly chunk: Chunk }>;
  readonly close: () => Promise<void>;
}

const ALL_MS = 6 * 3_600_000;

/** What a reader says of stored content becomes an answer: it was changed, or takes too much. */
async function answered<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof ContentRefused)) throw error;
    throw new AppError('unavailable', `the stored content cannot be read: ${error.message}`, {
      hint: 'Verify the version: it may have been changed.',
      cause: error,
    });
  }
}

/** Opens the content of versions in processes of their own. Says nothing about who may read. */
export function createOpening({ versions, laying, objects, config }: OpeningDeps) {
  async function demandContent(versionId: string): Promise<StoredVersion> {
    const version = await versions.find(versionId);
    if (!version) throw noSuchDatasetVersion();
    if (version.storage === 'reference')
      throw new AppError('gone', 'the data of this version are not kept here', {
        hint: 'It was pushed by reference: only its hashes and profile are here.',
      });
    if (version.contentRemovedAt !== null)
      throw new AppError('gone', 'the content of this version was removed');
    return version;
  }

  async function lay(
    versionId: string,
    signal: AbortSignal,
  ): Promise<LaidVersion & { readonly folder: string }> {
    const version = await demandContent(versionId);
    const measured = await versions.measured(versionId);
    if (measured === null) throw new AppError('conflict', `this version is ${version.state}`);
    const place = await laying.begin(signal);
    try {
      const path = await place.content(version, await versions.files(versionId));
      const { format, options } = version;
      return Object.freeze({
        path,
        folder: place.folder,
        format,
        options,
        schema: measured.schema,
        release: place.remove,
      });
    } catch (error) {
      await place.remove();
      throw error;
    }
  }

  function begin(laid: LaidVersion & { readonly folder: string }, asked: Asked) {
    const { path, format, options, schema } = laid;
    return answered(
      stream(
        { is: 'stream', content: { path, format, options, schema: schema as Schema }, from: asked.from },
        { folder: laid.folder, limits: limitsFor(config, asked.timeMs), signal: asked.signal },
      ),
    );
  }

  async function open(versionId: string, asked: Asked): Promise<OpenRecords> {
    const laid = await lay(versionId, asked.signal);
    try {
      const streamed = await begin(laid, asked);
      return Object.freeze({
        schema: streamed.schema,
        chunks: streamed.chunks,
        async close() {
          streamed.end();
          await laid.release();
        },
      });
    } catch (error) {
      await laid.release();
      throw error;
    }
  }

  async function records(versionId: string, signal: AbortSignal): Promise<OpenDataset> {
    const laid = await lay(versionId, signal);
    const { bytes } = (await versions.find(versionId)) ?? { bytes: 0 };
    async function* chunks(): AsyncGenerator<Chunk> {
      const streamed = await begin(laid, { from: 0, signal, timeMs: ALL_MS });
      for await (const { chunk } of streamed.chunks()) yield chunk;
    }
    return Object.freeze({
      format: laid.format,
      bytes,
      schema: laid.schema as Schema,
      chunks,
      close: laid.release,
    });
  }

  async function originsOf(
    versionId: string,
    rows: readonly number[],
  ): Promise<{ readonly origins: readonly DataOrigin[]; readonly of: readonly (number | null)[] }> {
    const version = await versions.find(versionId);
    if (!version) throw noSuchDatasetVersion();
    const found = new Map(
      (await versions.all(version.origins.map((one) => one.version))).map((one) => [one.id, one]),
    );
    const places = new Map<number, number>();
    const origins: DataOrigin[] = [];
    const of: (number | null)[] = [];
    const numberAt = numbersIn(version, objects);
    for (const row of rows) {
      const number = row < (version.rows ?? 0) && row >= 0 ? await numberAt(row) : null;
      const origin = number === null ? undefined : found.get(version.origins[number]?.version ?? '');
      if (number === null || origin === undefined) {
        of.push(null);
        continue;
      }
      const place = places.get(number) ?? origins.push(originOf(origin)) - 1;
      places.set(number, place);
      of.push(place);
    }
    return { origins, of };
  }

  return Object.freeze({ open, records, lay, originsOf });
}
export type Opening = ReturnType<typeof createOpening>;

interface Asked {
  readonly from: number;
  readonly signal: AbortSignal;
  readonly timeMs: number;
}

/** Numbers are read in blocks of 64 KiB, of which the last is kept. */
const BLOCK_ROWS = 16_384;

function numbersIn(version: StoredVersion, objects: OpeningDeps['objects']) {
  const { recordOrigins } = version;
  let block = -1;
  let bytes: Uint8Array = new Uint8Array(0);
  return async (row: number): Promise<number> => {
    if (recordOrigins === null) return 0;
    const wanted = Math.floor(row / BLOCK_ROWS);
    if (wanted !== block) {
      bytes = await objects.read(
        recordOrigins,
        wanted * BLOCK_ROWS * ORIGIN_BYTES,
        BLOCK_ROWS * ORIGIN_BYTES,
      );
      block = wanted;
    }
    const at = (row % BLOCK_ROWS) * ORIGIN_BYTES;
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(at, true);
  };
}
