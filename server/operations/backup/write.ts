import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { open as openFile, rename, rm } from 'node:fs/promises';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import type { MasterKey } from '@bartizan/contracts/sealed.ts';
import pg from 'pg';
import { uuidv7 } from '../../kernel/id.ts';
import { type DumpOptions, dump } from './dump.ts';
import { newHeader, seal } from './envelope.ts';
import { BackupError } from './error.ts';

export interface BackupOptions extends DumpOptions {
  readonly databaseUrl: string;
  readonly master: MasterKey;
  /** A file that does not exist yet, or a stream. */
  readonly out: string | Writable;
  readonly nowMs: number;
}

export interface BackupMade {
  readonly id: string;
  readonly createdAt: string;
  readonly bytes: number;
}

/** A connection for backups and restores: no time limit on statements, big integers as text. */
export async function connect(databaseUrl: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    application_name: 'bartizan-backup',
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
  });
  // A lost connection makes the running query fail, which is told; without a listener it would end the process.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** Sends what `source` yields through a zlib stream; an error on either side ends both. */
export function through(
  source: AsyncIterable<Buffer>,
  zip: ReturnType<typeof createGzip>,
): AsyncIterable<Buffer> {
  pipeline(Readable.from(source, { objectMode: false }), zip).catch(() => undefined);
  return zip as AsyncIterable<Buffer>;
}

export const gunzip = (source: AsyncIterable<Buffer>): AsyncIterable<Buffer> =>
  through(source, createGunzip() as ReturnType<typeof createGzip>);

/**
 * Writes a backup: compressed, encrypted and authenticated under the master key, which is not in it. The file
 * appears under its name only when it is complete and on the disk. Throws {@link BackupError}.
 */
export async function writeBackup(options: BackupOptions): Promise<BackupMade> {
  const id = uuidv7(options.nowMs);
  const header = newHeader(id, options.nowMs, options.master);
  const client = await connect(options.databaseUrl);
  try {
    const zipped = through(dump(client, options), createGzip({ level: 3 }));
    let bytes = 0;
    async function* counted(): AsyncGenerator<Buffer> {
      for await (const part of seal(header, options.master, zipped)) {
        bytes += part.length;
        yield part;
      }
    }
    if (typeof options.out === 'string') await toFile(options.out, counted());
    else await toStream(options.out, counted());
    return { id, createdAt: header.createdAt, bytes };
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function toFile(path: string, content: AsyncIterable<Buffer>): Promise<void> {
  const partial = `${path}.partial`;
  const claim = await openFile(path, 'wx', 0o600).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'EEXIST')
      throw new BackupError(`${path} exists already; choose another name`, { cause });
    throw new BackupError(`${path} cannot be written: ${cause.message}`, { cause });
  });
  await claim.close();
  try {
    await pipeline(
      Readable.from(content, { objectMode: false }),
      createWriteStream(partial, { mode: 0o600 }),
    );
    const written = await openFile(partial, 'r');
    await written.sync();
    await written.close();
    await rename(partial, path);
  } catch (error) {
    await Promise.all([rm(partial, { force: true }), rm(path, { force: true })]);
    throw error;
  }
}

async function toStream(out: Writable, content: AsyncIterable<Buffer>): Promise<void> {
  for await (const part of content) {
    if (!out.write(part)) await once(out, 'drain');
  }
}
