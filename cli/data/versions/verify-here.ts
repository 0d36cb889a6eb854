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
import type { Client } from '@bartizan/contracts/client.ts';
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

/**
 * Holds a file or folder of this machine against a version: its records are hashed here, and nothing but the version's
 * hashes is fetched. How data that were pushed by reference are verified.
 */
export async function verifyHere({ api, dataset, version, path, limit }: Here): Promise<Told> {
  const kept = await api.call(datasetRoutes.version, { params: { dataset, version } });
  if (kept.root === null || kept.rows === null || kept.schema === null || kept.schemaDigest === null)
    throw new CliError(`${dataset}@${kept.number} is not read yet: ${kept.failure ?? kept.state}`);
  const folder = await mkdtemp(join(tmpdir(), 'bartizan-verify-'));
  try {
    const file = join(folder, 'leaves');
    const params = { dataset: kept.datasetId, version: String(kept.number) };
    const answer = await api.stream(datasetRoutes.leaves, { params });
    if (answer.body === null) throw new CliError('the server sent no hashes');
    await pipeline(
      Readable.fromWeb(answer.body as ReadableStream<Uint8Array>),
      createWriteStream(file, { mode: 0o600 }),
    );
    const schema = kept.schema as Schema;
    const data = await openDataset(path, readingOf(path, kept.format, { ...kept.options, schema }));
    const leaves = await openLeafFile(file);
    const spill = await createFileSpill(folder);
    try {
      const found = await verifyRecords(
        {
          head: { size: kept.rows, root: Buffer.from(kept.root, 'hex') },
          schemaDigest: Buffer.from(kept.schemaDigest, 'hex'),
          leaves,
        },
        { schemaDigest: createRecordEncoder(data.schema).schemaDigest, hashes: recordHashes(data) },
        { spill },
      );
      if (found.leaves?.sound === false)
        return {
          state: 'error',
          contentRead: true,
          rows: found.head.size,
          tamperings: [],
          counts: {},
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
      return {
        state: found.intact ? 'intact' : 'tampered',
        contentRead: true,
        rows: found.head.size,
        tamperings,
        counts,
        failure: null,
      };
    } finally {
      await spill.close();
      await leaves.close();
      await data.close();
    }
  } catch (error) {
    throw error instanceof ReadError ? new CliError(error.message) : error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
