import { createHash } from 'node:crypto';
import type { MlflowServer } from './http.ts';
import { Files } from './shapes.ts';
import { allPages, type Import } from './state.ts';

/** Deeper folders are taken for a server that goes in circles. */
const MAX_DEPTH = 30;
const MAX_FILES = 100_000;

interface Listing {
  /** The files and folders at a path, with their paths from the root. */
  readonly list: (path: string) => Promise<readonly ListedFile[]>;
}
interface ListedFile {
  readonly path: string;
  readonly is_dir: boolean;
  readonly file_size?: string | number | undefined;
  readonly sha256?: string | undefined;
}

export const runListing = (server: MlflowServer, runId: string): Listing => ({
  list: (path) =>
    allPages(
      (page_token) =>
        server.get('artifacts/list', { run_id: runId, path: path || undefined, page_token }, Files),
      ({ files }) => files,
    ),
});

export const modelListing = (server: MlflowServer, modelId: string): Listing => ({
  list: (path) =>
    allPages(
      (page_token) =>
        server.get(
          `logged-models/${encodeURIComponent(modelId)}/artifacts/directories`,
          { artifact_directory_path: path || undefined, page_token },
          Files,
        ),
      ({ files }) => files,
    ),
});

async function treeOf({ list }: Listing): Promise<readonly ListedFile[]> {
  const files: ListedFile[] = [];
  const folders = [{ path: '', depth: 0 }];
  for (let folder = folders.pop(); folder; folder = folders.pop()) {
    for (const entry of await list(folder.path)) {
      if (!entry.is_dir) files.push(entry);
      else if (folder.depth < MAX_DEPTH && entry.path.startsWith(folder.path)) {
        folders.push({ path: entry.path, depth: folder.depth + 1 });
      }
      if (files.length > MAX_FILES) throw new Error(`there are more than ${MAX_FILES} files`);
    }
  }
  return files;
}

export interface Copying {
  readonly from: Listing;
  readonly to: Listing;
  /** Address of a file at the source. */
  readonly sourcePath: (path: string) => string;
  /** Where the target keeps the files: `<experiment>/…/artifacts`. */
  readonly targetRoot: string;
  /** For messages. */
  readonly what: string;
}

const encoded = (path: string): string => path.split('/').map(encodeURIComponent).join('/');

async function digestOf(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of bytes) hash.update(chunk);
  return hash.digest('hex');
}

/** Copies the files that are not there yet with their content, one after the other, without keeping any on this machine. */
export async function copyFiles(state: Import, copying: Copying): Promise<void> {
  const { source, target, tally, maxFileBytes } = state;
  const there = new Map(
    (await treeOf(copying.to)).map(({ path, file_size, sha256 }) => [
      path,
      { size: Number(file_size ?? -1), sha256 },
    ]),
  );
  /** Where the source tells no digest, its bytes are read: another file may be of the same size. */
  async function isThere({ path, sha256 }: ListedFile, size: number): Promise<boolean> {
    const known = there.get(path);
    if (known?.sha256 === undefined || known.size !== size) return false;
    return known.sha256 === (sha256 ?? (await digestOf(await source.open(copying.sourcePath(path)))));
  }
  for (const file of await treeOf(copying.from)) {
    const { path } = file;
    const size = Number(file.file_size ?? 0);
    if (size > maxFileBytes) {
      tally.problems.push(`${copying.what}: ${path} has ${size} bytes, more than --max-file-bytes`);
      continue;
    }
    if (await isThere(file, size)) continue;
    const bytes = await source.open(copying.sourcePath(path));
    await target.put(`/api/2.0/mlflow-artifacts/artifacts/${copying.targetRoot}/${encoded(path)}`, bytes);
    tally.files++;
    tally.bytes += size;
  }
}

/** The path below our artifacts that an address names. */
export const rootOf = (uri: string): string => uri.replace(/^mlflow-artifacts:\//, '');
