import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createLeafFile,
  type Format,
  openDataset,
  type ReadOptions,
} from '@bartizan/checks/datasets/read/index.ts';
import {
  createProfiler,
  createRecordEncoder,
  createRecordTree,
  hashRecords,
  shownSummary,
} from '@bartizan/checks/datasets/records/index.ts';
import { MIN_PROFILE_RECORDS, REFERENCE_LEAVES, REFERENCE_MANIFEST } from '@bartizan/contracts';

/** What was read of data that stay where they are. */
export interface Measured {
  /** The leaf file and `version.json`, as a push by reference sends them. */
  readonly leaves: string;
  readonly manifest: string;
  readonly rows: number;
  /** Lower-case hexadecimal. */
  readonly root: string;
  readonly bytes: number;
  /** Removes both files. */
  readonly remove: () => Promise<void>;
}

/**
 * Reads a file or folder once, in constant memory: the hash of every record into a leaf file, schema, profile and root
 * into `version.json`. ReadError for what cannot be read.
 */
export async function measure(
  path: string,
  options: ReadOptions & { readonly format: Format },
  { location, progress }: { readonly location: string; readonly progress: (rows: number) => void },
): Promise<Measured> {
  const data = await openDataset(path, options);
  const folder = await mkdtemp(join(tmpdir(), 'bartizan-data-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const leaves = join(folder, REFERENCE_LEAVES);
    const encoder = createRecordEncoder(data.schema);
    const writer = await createLeafFile(leaves, encoder.schemaDigest);
    const tree = createRecordTree();
    const profiler = createProfiler(data.schema);
    let rows = 0;
    for await (const chunk of data.chunks()) {
      const hashes = hashRecords(encoder.encode(chunk));
      tree.append(hashes);
      await writer.append(hashes);
      profiler.add(chunk);
      rows += chunk.rows;
      progress(rows);
    }
    await writer.close();
    const { size, root } = tree.head();
    const profile = profiler.profile();
    const hex = Buffer.from(root).toString('hex');
    const manifest = join(folder, REFERENCE_MANIFEST);
    const told = {
      schema: data.schema,
      profile: {
        ...profile,
        // Values and figures of few records could be somebody's: they stay here.
        columns: profile.columns.map((column) => ({
          ...column,
          numbers: shownSummary(column.numbers, MIN_PROFILE_RECORDS),
          lengths: shownSummary(column.lengths, MIN_PROFILE_RECORDS),
          top: column.top.filter(({ count, over }) => count - over >= MIN_PROFILE_RECORDS),
        })),
      },
      rows: size,
      root: hex,
      location,
      bytes: data.bytes,
    };
    await writeFile(manifest, JSON.stringify(told), { mode: 0o600 });
    return { leaves, manifest, rows: size, root: hex, bytes: data.bytes, remove };
  } catch (error) {
    await remove();
    throw error;
  } finally {
    await data.close();
  }
}

/** Bytes of a file that is there. */
export const sizeOf = async (path: string): Promise<number> => (await stat(path)).size;
