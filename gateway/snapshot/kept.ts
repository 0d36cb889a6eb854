import { hkdfSync, randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Snapshot } from '@bartizan/contracts';
import { decryptBytes, encryptBytes, type MasterKey } from '@bartizan/contracts/sealed.ts';

/** The snapshot on disk, encrypted and authenticated under the master key: a changed file is refused. */
export interface KeptSnapshot {
  /** Null when there is none. Throws when the file was altered, is torn or belongs to another key. */
  readonly load: () => Promise<Snapshot | null>;
  /** Atomic: after a crash the file is the old or the new one. */
  readonly save: (snapshot: Snapshot) => Promise<void>;
}

const CONTEXT = 'gateway:snapshot';

export function keptSnapshot(path: string, master: MasterKey): KeptSnapshot {
  const key = Buffer.from(hkdfSync('sha256', master.bytes, '', 'bartizan snapshot v1', 32));

  async function load(): Promise<Snapshot | null> {
    let bytes: Buffer;
    try {
      bytes = await readFile(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
    return Snapshot.parse(JSON.parse(decryptBytes(key, bytes, CONTEXT).toString()));
  }

  async function save(snapshot: Snapshot): Promise<void> {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const draft = `${path}.${process.pid}.${randomUUID()}`;
    const handle = await open(draft, 'wx', 0o600);
    try {
      await handle.writeFile(encryptBytes(key, Buffer.from(JSON.stringify(snapshot)), CONTEXT));
      await handle.sync();
      await handle.close();
      await rename(draft, path);
    } catch (error) {
      await handle.close().catch(() => undefined);
      await rm(draft, { force: true });
      throw error;
    }
  }

  return Object.freeze({ load, save });
}
