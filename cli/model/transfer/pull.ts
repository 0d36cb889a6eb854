import { createHash, randomUUID } from 'node:crypto';
import { link, lstat, mkdir, open, realpath, rename, rm, unlink } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  artifactPathClash,
  artifactPathProblem,
  registryRoutes,
  uploadRoutes,
  type VersionDetail,
  type VersionFile,
} from '@bartizan/contracts';
import { ApiFailure, type Client } from '@bartizan/contracts/client.ts';
import { CliError, EXIT } from '../../exit.ts';
import { printable } from '../../output.ts';
import { clientFor, type Stored } from '../../session.ts';
import type { ByteProgress } from './progress.ts';

const AT_ONCE = 4;
const PAGE = 1_000;
const PATIENCE_MS = 5 * 60_000;
const MOST_WAIT_MS = 10_000;

export interface PullOptions {
  readonly session: Stored;
  /** Name or id of the model, and number, alias or `latest`. */
  readonly model: string;
  readonly ref: string;
  /** Folder to write to; made when it is not there. */
  readonly target: string;
  /** Replace files that are there with other content. */
  readonly force: boolean;
  readonly progress: (totalBytes: number) => ByteProgress;
  readonly patienceMs?: number;
}

export interface Pulled {
  readonly model: string;
  readonly version: number;
  readonly digest: string;
  readonly files: number;
  readonly bytes: number;
  /** Files that were there already with this content. */
  readonly kept: number;
}

/** `name@3`, `name@alias`, `name@latest`; without `@`, `latest`. */
export function parseVersion(text: string): { readonly model: string; readonly ref: string } {
  const at = text.lastIndexOf('@');
  const [model, ref] = at === -1 ? [text, 'latest'] : [text.slice(0, at), text.slice(at + 1)];
  if (model === '' || ref === '') {
    throw new CliError(
      `write the version like fraud@3 or fraud@production, not "${printable(text)}"`,
      EXIT.usage,
    );
  }
  return { model, ref };
}

async function filesOf(api: Client, model: string, version: number): Promise<VersionFile[]> {
  const files: VersionFile[] = [];
  let cursor: string | undefined;
  do {
    const page = await api.call(registryRoutes.files, {
      params: { model, version: String(version) },
      query: { limit: PAGE, ...(cursor === undefined ? {} : { cursor }) },
    });
    files.push(...page.items);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return files;
}

/** The digest of a version, as the registry and model signatures have it: over digests in the order of the paths. */
function digestOf(files: readonly VersionFile[]): string {
  const hash = createHash('sha256');
  const sorted = files.toSorted((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
  for (const { sha256 } of sorted) hash.update(sha256, 'hex');
  return hash.digest('hex');
}

/** A server is not believed that its paths stay inside, nor that its files are those of the digest. */
function demandPlausible(files: readonly VersionFile[], digest: string): void {
  for (const { path } of files) {
    const problem = artifactPathProblem(path);
    if (problem !== null)
      throw new CliError(`the server names a file "${printable(path)}", which ${problem}`);
  }
  const clash = artifactPathClash(files.map(({ path }) => path));
  if (clash) throw new CliError(`the server names a file "${printable(clash.path)}", which ${clash.reason}`);
  if (digestOf(files) !== digest)
    throw new CliError('the files that the server lists are not those of the version’s digest');
}

/** Makes the folder of a file below `root`, and throws where that leads elsewhere by a link. */
async function folderFor(root: string, path: string): Promise<string> {
  const folder = dirname(join(root, path));
  await mkdir(folder, { recursive: true });
  const real = await realpath(folder);
  const inside = relative(root, real);
  if (inside === '..' || inside.startsWith(`..${sep}`)) {
    throw new CliError(`${printable(path)} would be written outside of ${printable(root)}, through a link`);
  }
  return real;
}

async function hasContent(place: string, file: VersionFile): Promise<boolean> {
  const handle = await open(place, 'r');
  try {
    if ((await handle.stat()).size !== file.size) return false;
    const hash = createHash('sha256');
    for await (const chunk of handle.createReadStream({ autoClose: false })) hash.update(chunk as Uint8Array);
    return hash.digest('hex') === file.sha256;
  } finally {
    await handle.close();
  }
}

interface Context {
  readonly api: Client;
  readonly version: VersionDetail;
  readonly progress: ByteProgress;
  readonly force: boolean;
  readonly root: string;
  readonly patienceMs: number;
}

/** Streams what is missing of a file into `handle`, from where it stands. */
async function fetchInto(
  { api, version, progress }: Context,
  file: VersionFile,
  state: { readonly write: (bytes: Uint8Array) => Promise<void>; offset: number },
): Promise<void> {
  const params = { model: version.modelId, version: String(version.version), '*': file.path };
  const response = await api.stream(uploadRoutes.download, {
    params,
    headers: state.offset > 0 ? { range: `bytes=${state.offset}-` } : {},
  });
  if (state.offset > 0 && response.status !== 206)
    throw new CliError('the server does not send parts of files');
  try {
    for await (const chunk of response.body ?? []) {
      if (state.offset + chunk.byteLength > file.size)
        throw new CliError(`${printable(file.path)} is longer than the server said`);
      await state.write(chunk);
      state.offset += chunk.byteLength;
      progress.add(chunk.byteLength);
    }
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new ApiFailure(0, { code: 'unreachable', message: 'the connection broke', requestId: '' });
  }
}

const isPassing = (error: unknown): boolean =>
  error instanceof ApiFailure && (error.status === 0 || error.status === 429 || error.status >= 500);

/** Writes one file beside, compares its digest, and only then gives it its name. */
async function pullFile(context: Context, file: VersionFile): Promise<'written' | 'kept'> {
  const { root, force, progress } = context;
  const folder = await folderFor(root, file.path);
  const place = join(folder, file.path.split('/').at(-1) ?? '');
  const there = await lstat(place).catch(() => null);
  if (there?.isFile() && (await hasContent(place, file))) {
    progress.add(file.size);
    return 'kept';
  }
  if (there && (!force || !there.isFile())) {
    throw new CliError(
      `${printable(place)} is there already with other content${there.isFile() ? '; add --force to replace it' : ''}`,
      EXIT.usage,
    );
  }
  const beside = join(folder, `.bartizan-${randomUUID()}`);
  const handle = await open(beside, 'wx', 0o666);
  try {
    const hash = createHash('sha256');
    const state = {
      offset: 0,
      async write(bytes: Uint8Array) {
        hash.update(bytes);
        await handle.writeFile(bytes);
      },
    };
    try {
      await insist(context, file, state);
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (hash.digest('hex') !== file.sha256)
      throw new CliError(`${printable(file.path)} did not arrive with its digest`);
    // Without --force nothing that appeared meanwhile is replaced.
    if (force) await rename(beside, place);
    else {
      await link(beside, place);
      await unlink(beside);
    }
    return 'written';
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
}

async function insist(
  context: Context,
  file: VersionFile,
  state: Parameters<typeof fetchInto>[2],
): Promise<void> {
  let wellMs = performance.now();
  for (let attempt = 0; state.offset < file.size; attempt++) {
    const before = state.offset;
    try {
      await fetchInto(context, file, state);
    } catch (error) {
      if (state.offset > before) [wellMs, attempt] = [performance.now(), 0];
      if (!isPassing(error) || performance.now() - wellMs > context.patienceMs) throw error;
      await sleep(Math.min(MOST_WAIT_MS, 500 * 2 ** attempt));
    }
  }
}

/** Fetches every file of a version into a folder, verified by digest, and never writes outside of it. */
export async function pullVersion(options: PullOptions): Promise<Pulled> {
  const api = clientFor(options.session);
  const params = { model: options.model, version: options.ref };
  const version = await api.call(registryRoutes.version, { params });
  if (version.digest === null) throw new CliError('this version has no files yet');
  const files = await filesOf(api, version.modelId, version.version);
  demandPlausible(files, version.digest);
  await mkdir(options.target, { recursive: true });
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  const progress = options.progress(bytes);
  const context: Context = {
    api,
    version,
    progress,
    force: options.force,
    root: await realpath(options.target),
    patienceMs: options.patienceMs ?? PATIENCE_MS,
  };
  let kept = 0;
  const left = files.values();
  try {
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (const file of left) if ((await pullFile(context, file)) === 'kept') kept++;
      }),
    );
  } finally {
    progress.end();
  }
  return {
    model: version.modelName,
    version: version.version,
    digest: version.digest,
    files: files.length,
    bytes,
    kept,
  };
}
