import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadModel } from '@bartizan/checks/text/injection/model/load.ts';
import { InjectionModelError, Manifest } from '@bartizan/checks/text/injection/model/manifest.ts';
import { detectorGatewayRoutes, type Snapshot } from '@bartizan/contracts';
import { createServers } from '../servers.ts';

export type WantedModel = NonNullable<Snapshot['detector']>;

export interface FetchOptions {
  /** One server, or several separated by commas. */
  readonly serverUrl: string;
  /** Internal token of the instance; never logged. */
  readonly token: string;
  /** Where models lie, each in a folder named after the digest of its manifest. */
  readonly root: string;
}

export interface ModelFetcher {
  /** The folder of the model, whole and checked; fetched where it is not there yet. */
  readonly folderOf: (wanted: WantedModel, signal: AbortSignal) => Promise<string>;
  readonly close: () => Promise<void>;
}

const MAX_MANIFEST_BYTES = 64 * 1024;
const TIMEOUT_MS = 60_000;
/** Models kept on disk: the one in use, the one before for the way back, and one more. */
const MOST_KEPT = 3;

const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function isWhole(folder: string, wanted: WantedModel): boolean {
  try {
    return loadModel(folder)?.name === wanted.name;
  } catch {
    return false;
  }
}

/** Gets models from the server by digest: whatever else arrives is thrown away. */
export function createModelFetcher({ serverUrl, token, root }: FetchOptions): ModelFetcher {
  const servers = createServers(serverUrl, 1);

  async function ask(sha256: string, maxBytes: number, signal: AbortSignal): Promise<Buffer> {
    const answer = await servers.pool().request({
      method: 'GET',
      path: detectorGatewayRoutes.file.path.replace(':digest', sha256),
      headers: { authorization: `Bearer ${token}` },
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
      signal,
    });
    if (answer.statusCode !== 200) {
      await answer.body.dump({ limit: 64 * 1024 });
      throw new Error(`the server answered ${answer.statusCode}`);
    }
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of answer.body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw new Error(`a file of the model is larger than ${maxBytes} bytes`);
      chunks.push(chunk);
    }
    const whole = Buffer.concat(chunks);
    if (digestOf(whole) === sha256) return whole;
    throw new Error('a file of the model arrived with another digest');
  }

  async function get(sha256: string, maxBytes: number, signal: AbortSignal): Promise<Buffer> {
    try {
      return await ask(sha256, maxBytes, signal);
    } catch (error) {
      servers.next();
      throw error;
    }
  }

  async function lay(draft: string, wanted: WantedModel, signal: AbortSignal): Promise<void> {
    const described = await get(wanted.sha256, MAX_MANIFEST_BYTES, signal);
    const parsed = Manifest.safeParse(JSON.parse(described.toString('utf8')));
    if (!parsed.success) throw new InjectionModelError('its manifest is not of format 1');
    const { id, version, files } = parsed.data;
    if (`${id}@${version}` !== wanted.name) throw new InjectionModelError('its manifest names another model');
    await writeFile(join(draft, 'model.json'), described, { mode: 0o600 });
    for (const file of Object.values(files)) {
      const bytes = await get(file.sha256, file.bytes, signal);
      await writeFile(join(draft, file.name), bytes, { flag: 'wx', mode: 0o600 });
    }
  }

  async function makeRoom(wanted: string): Promise<void> {
    const names = (await readdir(root)).filter((name) => name !== wanted && !name.startsWith('.'));
    const kept = await Promise.all(
      names.map(async (name) => ({ name, at: (await stat(join(root, name))).mtimeMs })),
    );
    for (const { name } of kept.toSorted((a, b) => b.at - a.at).slice(MOST_KEPT - 1)) {
      await rm(join(root, name), { recursive: true, force: true });
    }
  }

  async function folderOf(wanted: WantedModel, signal: AbortSignal): Promise<string> {
    const folder = join(root, wanted.sha256);
    if (isWhole(folder, wanted)) return folder;
    await mkdir(root, { recursive: true, mode: 0o700 });
    const draft = await mkdtemp(join(root, '.draft-'));
    try {
      await lay(draft, wanted, signal);
      loadModel(draft);
      await rm(folder, { recursive: true, force: true });
      await rename(draft, folder).catch((error: unknown) => {
        // Another process of this gateway was faster.
        if (!isWhole(folder, wanted)) throw error;
      });
      await makeRoom(wanted.sha256);
      return folder;
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  }

  return Object.freeze({ folderOf, close: servers.close });
}
