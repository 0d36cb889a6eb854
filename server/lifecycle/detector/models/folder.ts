import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { loadModel } from '@bartizan/checks/text/injection/model/load.ts';
import type { Manifest } from '@bartizan/checks/text/injection/model/manifest.ts';
import type { ObjectStore } from '../../../platform/objects/index.ts';

/** Models that lie unpacked on a server's disk at most; the object store has them all. */
const MOST_UNPACKED = 4;

/**
 * Lays a model's files into a folder of their own below `root`, once, and checks them there. Nothing of a model is ever
 * executed: the runtime reads its weights.
 */
export async function unpack(
  objects: Pick<ObjectStore, 'open'>,
  root: string,
  model: { readonly sha256: string; readonly manifest: Manifest },
): Promise<string> {
  const folder = join(root, model.sha256);
  if (intact(folder)) return folder;
  await mkdir(root, { recursive: true, mode: 0o700 });
  await makeRoom(root, model.sha256);
  const draft = await mkdtemp(join(root, '.draft-'));
  try {
    const files = [{ name: 'model.json', sha256: model.sha256 }, ...Object.values(model.manifest.files)];
    for (const { name, sha256 } of files) {
      const into = createWriteStream(join(draft, name), { flags: 'wx', mode: 0o600 });
      await pipeline(Readable.from(objects.open(sha256)), into);
    }
    loadModel(draft);
    await rm(folder, { recursive: true, force: true });
    await rename(draft, folder);
    return folder;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

function intact(folder: string): boolean {
  try {
    return loadModel(folder) !== null;
  } catch {
    return false;
  }
}

async function makeRoom(root: string, wanted: string): Promise<void> {
  const names = (await readdir(root)).filter((name) => name !== wanted && !name.startsWith('.'));
  const others = await Promise.all(
    names.map(async (name) => ({ name, at: (await stat(join(root, name))).mtimeMs })),
  );
  for (const { name } of others.toSorted((a, b) => b.at - a.at).slice(MOST_UNPACKED - 1)) {
    await rm(join(root, name), { recursive: true, force: true });
  }
}
