import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { InjectionModelError, Manifest } from './manifest.ts';

/** A model by the digest of its manifest; `name`: what the manifest must call it. */
interface Wanted {
  readonly sha256: string;
  readonly name?: string;
}

/** A file that a manifest lists; `bytes` is the most that may arrive. */
export interface WantedFile {
  readonly name: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** Gives a file's bytes by its digest; what it gives is checked. */
export type GetFile = (file: WantedFile) => AsyncIterable<Uint8Array> | Promise<AsyncIterable<Uint8Array>>;

/** A model that lies whole in a folder, and stays there until it is let go of. */
export interface LaidModel {
  readonly folder: string;
  /** Idempotent. */
  readonly release: () => Promise<void>;
}

export interface ModelFolders {
  /**
   * The model with this manifest digest, fetched with `get` where it is not there yet. Throws {@link InjectionModelError} where what arrives is not what the digests say.
   */
  readonly take: (wanted: Wanted, get: GetFile) => Promise<LaidModel>;
}

export interface ModelFoldersOptions {
  /** Where models lie, each in a folder named after the digest of its manifest. */
  readonly root: string;
  /** Models that lie there at most, but for those in use. */
  readonly most: number;
  readonly nowMs?: () => number;
}

const MAX_MANIFEST_BYTES = 64 * 1024;
/** A file is fetched in a minute at most: a draft of this age has lost its process. */
const DRAFT_LIVES_MS = 3_600_000;
const PINS = '.pins';
/** A pin that nobody renewed for so long has lost its process. */
const PIN_LIVES_MS = 3_600_000;
const RENEW_MS = 600_000;

/** The bytes that a manifest's digest is over: the same for the same manifest, however its author wrote it. */
export const manifestBytes = (manifest: Manifest): Buffer =>
  Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`);

export const manifestDigest = (manifest: Manifest): string =>
  createHash('sha256').update(manifestBytes(manifest)).digest('hex');

/** Hashes chunk by chunk: the event loop goes on between them. */
async function digestOfFile(path: string): Promise<{ readonly sha256: string; readonly bytes: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { sha256: hash.digest('hex'), bytes };
}

function parseManifest(bytes: Buffer, name: string | undefined): Manifest {
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw new InjectionModelError('its manifest is no JSON', { cause });
  }
  const parsed = Manifest.safeParse(json);
  if (!parsed.success) throw new InjectionModelError('its manifest is not of format 1');
  const { id, version } = parsed.data;
  if (name !== undefined && `${id}@${version}` !== name)
    throw new InjectionModelError('its manifest names another model');
  return parsed.data;
}

async function manifestIn(folder: string, wanted: Wanted) {
  const path = join(folder, 'model.json');
  if ((await stat(path)).size > MAX_MANIFEST_BYTES)
    throw new InjectionModelError('its manifest is too large');
  const bytes = await readFile(path);
  if (createHash('sha256').update(bytes).digest('hex') !== wanted.sha256)
    throw new InjectionModelError('its manifest has another digest');
  return parseManifest(bytes, wanted.name);
}

/** Whether a folder holds the model with this manifest digest and every file that the manifest lists. */
export async function isWhole(folder: string, wanted: Wanted): Promise<boolean> {
  try {
    for (const file of Object.values((await manifestIn(folder, wanted)).files)) {
      const path = join(folder, file.name);
      if ((await stat(path)).size !== file.bytes) return false;
      if ((await digestOfFile(path)).sha256 !== file.sha256) return false;
    }
    return true;
  } catch {
    return false;
  }
}

/** Passes bytes on, and throws when they are more than they may be, or others than the digest says at their end. */
async function* checked(
  chunks: AsyncIterable<Uint8Array>,
  { name, sha256, bytes: most }: WantedFile,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > most) throw new InjectionModelError(`${name} is larger than ${most} bytes`);
    hash.update(chunk);
    yield chunk;
  }
  if (hash.digest('hex') !== sha256) throw new InjectionModelError(`${name} arrived with another digest`);
}

async function lay(draft: string, wanted: Wanted, get: GetFile): Promise<void> {
  const write = async (file: WantedFile): Promise<void> => {
    const into = createWriteStream(join(draft, file.name), { flags: 'wx', mode: 0o600 });
    await pipeline(Readable.from(checked(await get(file), file)), into);
  };
  await write({ name: 'model.json', sha256: wanted.sha256, bytes: MAX_MANIFEST_BYTES });
  const { files } = await manifestIn(draft, wanted);
  for (const file of Object.values(files)) await write(file);
}

const ageOf = async (path: string, now: number): Promise<number> =>
  now - (await stat(path).catch(() => ({ mtimeMs: now }))).mtimeMs;

const namesIn = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);

/**
 * Models on disk by digest, for the processes that run them: laid out once, checked whenever they are taken, and never
 * removed while one of the processes has them in use. Nothing of a model is ever executed: its weights are read.
 */
export function createModelFolders({ root, most, nowMs = Date.now }: ModelFoldersOptions): ModelFolders {
  const pins = join(root, PINS);

  /** Tells all processes with this root that the model is in use. */
  async function pin(sha256: string): Promise<() => Promise<void>> {
    await mkdir(pins, { recursive: true, mode: 0o700 });
    const path = join(pins, `${sha256}.${randomUUID()}`);
    await writeFile(path, '', { mode: 0o600 });
    const timer = setInterval(
      () => void utimes(path, new Date(), new Date()).catch(() => undefined),
      RENEW_MS,
    );
    timer.unref();
    return async () => {
      clearInterval(timer);
      await rm(path, { force: true });
    };
  }

  async function pinned(): Promise<ReadonlySet<string>> {
    const held = new Set<string>();
    for (const name of await namesIn(pins)) {
      if ((await ageOf(join(pins, name), nowMs())) > PIN_LIVES_MS)
        await rm(join(pins, name), { force: true });
      else held.add(name.slice(0, 64));
    }
    return held;
  }

  async function makeRoom(): Promise<void> {
    for (const name of await namesIn(root)) {
      if (!name.startsWith('.draft-')) continue;
      const path = join(root, name);
      if ((await ageOf(path, nowMs())) > DRAFT_LIVES_MS) await rm(path, { recursive: true, force: true });
    }
    const held = await pinned();
    const names = (await namesIn(root)).filter((name) => /^[0-9a-f]{64}$/.test(name));
    const aged = await Promise.all(
      names.map(async (name) => ({ name, age: await ageOf(join(root, name), nowMs()) })),
    );
    const free = aged.filter(({ name }) => !held.has(name)).toSorted((a, b) => a.age - b.age);
    const room = Math.max(0, most - (names.length - free.length));
    for (const { name } of free.slice(room)) await rm(join(root, name), { recursive: true, force: true });
  }

  async function place(folder: string, wanted: { readonly sha256: string }, get: GetFile): Promise<void> {
    const draft = await mkdtemp(join(root, '.draft-'));
    try {
      await lay(draft, wanted, get);
      // Another process may have been faster; what is there and whole is left alone.
      if (await isWhole(folder, wanted)) return;
      await rm(folder, { recursive: true, force: true });
      await rename(draft, folder).catch(async (error: unknown) => {
        if (!(await isWhole(folder, wanted))) throw error;
      });
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  }

  return Object.freeze({
    async take(wanted: Wanted, get: GetFile): Promise<LaidModel> {
      const folder = join(root, wanted.sha256);
      await mkdir(root, { recursive: true, mode: 0o700 });
      // Before it is looked at: from now on nobody removes it.
      const release = await pin(wanted.sha256);
      try {
        if (!(await isWhole(folder, wanted))) await place(folder, wanted, get);
        // The order in which models that nobody uses go.
        await utimes(folder, new Date(nowMs()), new Date(nowMs()));
        await makeRoom();
        return Object.freeze({ folder, release });
      } catch (error) {
        await release();
        throw error;
      }
    },
  });
}
