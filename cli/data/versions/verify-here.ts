import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import {
  createFileSpill,
  type Format,
  formatOf,
  openDataset,
  openLeafFile,
  ReadError,
  type ReadOptions,
} from '@bartizan/checks/datasets/read/index.ts';
import {
  type Change,
  createRecordEncoder,
  recordHashes,
  type Schema,
  verifyRecords,
} from '@bartizan/checks/datasets/records/index.ts';
import { type DataTampering, type DataVerification, datasetRoutes } from '@bartizan/contracts';
import { ApiFailure, type Client } from '@bartizan/contracts/client.ts';
import { CliError } from '../../exit.ts';

type Told = Pick<DataVerification, 'state' | 'rows' | 'tamperings' | 'counts' | 'failure' | 'contentRead'>;

interface Here {
  readonly api: Client;
  readonly dataset: string;
  readonly version: string;
  /** File or folder that should be the version's. */
  readonly path: string;
  readonly limit: number;
}

const KINDS = {
  altered: 'record-altered',
  added: 'record-added',
  removed: 'record-removed',
  moved: 'record-moved',
} as const;

function tampering(change: Change): DataTampering {
  const was = 'was' in change ? change.was : null;
  const now = 'now' in change ? change.now : null;
  return {
    kind: KINDS[change.kind],
    was,
    now,
    where: '',
    message: `Record ${was ?? now} was ${change.kind}.`,
  };
}

const hasSchema = (format: Format): boolean => !['npy', 'texts', 'images'].includes(format);

/**
 * How a file is read whose records should be those of a version: by its own ending, under the version's schema. The
 * same rows from CSV and from Parquet have the same hashes.
 */
function readingOf(path: string, format: Format, { schema, ...options }: ReadOptions): ReadOptions {
  const own = formatOf(path);
  if (own === null || own === format)
    return { format, ...options, ...(hasSchema(format) && schema !== undefined ? { schema } : {}) };
  if (!hasSchema(own) || !hasSchema(format) || schema === undefined)
    throw new CliError(
      `the version is ${format}, and by its ending this is ${own}: their records cannot be the same`,
    );
  return { format: own, schema };
}

interface Kept {
  readonly size: number;
  readonly root: Buffer;
  readonly schemaDigest: Buffer;
}

/** Reads and hashes the data here, and holds them against the version: by its root, or by the hashes of its records. */
async function hold(
  { path, reading, folder, limit }: { path: string; reading: ReadOptions; folder: string; limit: number },
  { size, root, schemaDigest }: Kept,
  leavesFile: string | null,
): Promise<Told> {
  const data = await openDataset(path, reading);
  const leaves = leavesFile === null ? null : await openLeafFile(leavesFile);
  const spill = await createFileSpill(folder);
  try {
    const found = await verifyRecords(
      { head: { size, root }, schemaDigest, ...(leaves === null ? {} : { leaves }) },
      { schemaDigest: createRecordEncoder(data.schema).schemaDigest, hashes: recordHashes(data) },
      { spill },
    );
    const told = { contentRead: true, rows: found.head.size, tamperings: [], counts: {}, failure: null };
    if (found.leaves?.sound === false)
      return {
        ...told,
        state: 'error',
        failure: 'the hashes that the server sent are not those of the version: verify it there',
      };
    const tamperings: DataTampering[] = [];
    const counts: Record<string, number> = {};
    if (found.changes !== null)
      for await (const change of found.changes()) {
        const one = tampering(change);
        counts[one.kind] = (counts[one.kind] ?? 0) + 1;
        if (tamperings.length < limit) tamperings.push(one);
      }
    await found.close();
    return { ...told, state: found.intact ? 'intact' : 'tampered', tamperings, counts };
  } finally {
    await spill.close();
    await leaves?.close();
    await data.close();
  }
}

/** Fetches the hashes of a version's records; false where this caller may not read what tells of records. */
async function fetchLeaves(
  api: Client,
  { id, version, name }: { readonly id: string; readonly version: string; readonly name: string },
  file: string,
): Promise<boolean> {
  try {
    const params = { dataset: id, version };
    const purpose = `naming the records of a copy that differ from ${name}@${version}`;
    const answer = await api.stream(datasetRoutes.leaves, { params, purpose });
    if (answer.body === null) throw new CliError('the server sent no hashes');
    await pipeline(
      Readable.fromWeb(answer.body as ReadableStream<Uint8Array>),
      createWriteStream(file, { mode: 0o600 }),
    );
    return true;
  } catch (error) {
    if (error instanceof ApiFailure && error.status === 403) return false;
    throw error;
  }
}

const unnamed = (path: string): Pick<Told, 'tamperings' | 'counts'> => ({
  counts: { 'record-altered': 1 },
  tamperings: [
    {
      kind: 'record-altered',
      was: null,
      now: null,
      where: path,
      message:
        'Its records are not those of the version. Which ones differ is for those who may read its records (data.content).',
    },
  ],
});

/**
 * Holds a file or folder of this machine against a version: its records are hashed here and their root compared. Only
 * where it differs are the version's hashes fetched, for names of records; that takes the right to read them. How data
 * that were pushed by reference are verified.
 */
export async function verifyHere({ api, dataset, version, path, limit }: Here): Promise<Told> {
  const kept = await api.call(datasetRoutes.version, { params: { dataset, version } });
  if (kept.root === null || kept.rows === null || kept.schema === null || kept.schemaDigest === null)
    throw new CliError(`${dataset}@${kept.number} is not read yet: ${kept.failure ?? kept.state}`);
  const folder = await mkdtemp(join(tmpdir(), 'bartizan-verify-'));
  try {
    const reading = readingOf(path, kept.format, { ...kept.options, schema: kept.schema as Schema });
    const here = { path, reading, folder, limit };
    const head = {
      size: kept.rows,
      root: Buffer.from(kept.root, 'hex'),
      schemaDigest: Buffer.from(kept.schemaDigest, 'hex'),
    };
    const found = await hold(here, head, null);
    if (found.state === 'intact') return found;
    const leaves = join(folder, 'leaves');
    const place = { id: kept.datasetId, version: String(kept.number), name: kept.dataset };
    if (!(await fetchLeaves(api, place, leaves))) return { ...found, ...unnamed(path) };
    return await hold(here, head, leaves);
  } catch (error) {
    throw error instanceof ReadError ? new CliError(error.message) : error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
