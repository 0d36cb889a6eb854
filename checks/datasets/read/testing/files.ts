import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRecordTree, recordHashes } from '../../records/index.ts';
import { openDataset, ReadError, type ReadOptions } from '../index.ts';

/** A folder for the files of a test, and what reading them gives. */
export async function createFiles() {
  const folder = await mkdtemp(join(tmpdir(), 'bartizan-test-'));
  return Object.freeze({
    folder,
    remove: () => rm(folder, { recursive: true, force: true }),
    file: async (name: string, content: string | Uint8Array): Promise<string> => {
      await writeFile(join(folder, name), content);
      return join(folder, name);
    },
  });
}

/** Number of the records of a file, and their root. */
export async function rootOf(
  path: string,
  options: ReadOptions = {},
): Promise<{ readonly size: number; readonly root: string }> {
  const dataset = await openDataset(path, options);
  try {
    const tree = createRecordTree();
    for await (const hashes of recordHashes(dataset)) tree.append(hashes);
    const { size, root } = tree.head();
    return { size, root: Buffer.from(root).toString('hex') };
  } finally {
    await dataset.close();
  }
}
/** The ReadError that reading ends with. */
export const failure = async (path: string, options: ReadOptions = {}): Promise<ReadError> => {
  const error = await rootOf(path, options).then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ReadError)) throw new Error(`no ReadError but ${String(error)}`);
  return error;
};
/** Names and kinds of the columns. */
export const types = async (path: string, options: ReadOptions = {}): Promise<string[]> => {
  const dataset = await openDataset(path, options);
  await dataset.close();
  return dataset.schema.columns.map(({ name, type }) => `${name} ${type.kind}`);
};
