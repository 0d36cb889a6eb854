import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open as openFile } from 'node:fs/promises';
import type { MasterKey } from '@bartizan/contracts/sealed.ts';
import { z } from 'zod';
import { type Counted, End, entries, parse, Start, type Table } from './content.ts';
import { type Header, open, readHeader } from './envelope.ts';
import { BackupError } from './error.ts';
import { gunzip } from './write.ts';

/** Told of a backup's parts in their order; every method may be left out. */
export interface Visitor {
  readonly start?: (start: Start) => Promise<void>;
  readonly table?: (table: Table) => Promise<void>;
  readonly rows?: (rows: Buffer) => Promise<void>;
  /** After the last rows of a table. */
  readonly tableEnd?: (table: Table, counted: Omit<Counted, 'rows'>) => Promise<void>;
  readonly file?: (path: string) => Promise<void>;
  readonly bytes?: (bytes: Buffer) => Promise<void>;
}

export interface BackupRead {
  readonly header: Header;
  readonly start: Start;
  readonly end: End;
}

const HEAD_BYTES = 1024;

/** The first line alone: says which master key opens it, without being proof of anything. */
export async function peek(path: string): Promise<Header> {
  const file = await openFile(path, 'r').catch((cause: Error) => {
    throw new BackupError(`${path} cannot be read: ${cause.message}`, { cause });
  });
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return readHeader(buffer.subarray(0, bytesRead)).header;
  } finally {
    await file.close();
  }
}

const Named = z.object({ name: z.string() });
const Filed = z.object({ path: z.string() });

/**
 * Reads a backup to its end in constant memory and checks everything that can be checked without a database:
 * authenticity, completeness, order, and that each table's bytes are those that were counted. What the visitor
 * was told stands only if this resolves. Throws {@link BackupError}.
 */
export async function readBackup(
  path: string,
  master: MasterKey,
  visitor: Visitor = {},
): Promise<BackupRead> {
  const header = await peek(path);
  const content = gunzip(open(createReadStream(path, { highWaterMark: 1 << 18 }), master));
  const reading = createReading(visitor);
  try {
    for await (const { kind, content: part } of entries(content)) await reading[kind](part);
  } catch (error) {
    if (error instanceof Error && /^Z_|^ERR_(?:BUFFER|_ZLIB)/.test((error as { code?: string }).code ?? '')) {
      throw new BackupError('this backup does not unpack', { cause: error });
    }
    throw error;
  }
  return { header, ...reading.result() };
}

function createReading(visitor: Visitor) {
  let start: Start | null = null;
  let end: End | null = null;
  let table: Table | null = null;
  let file: string | null = null;
  let hash = createHash('sha256');
  let bytes = 0;
  const seen = new Map<string, { bytes: number; sha256: string }>();
  const files = new Map<string, { bytes: number; sha256: string }>();
  const tables = new Map<string, Table>();

  const wrong: () => never = () => {
    throw new BackupError('the parts of this backup do not stand in their order');
  };
  const begin = (): void => {
    hash = createHash('sha256');
    bytes = 0;
  };
  const take = (part: Buffer): void => {
    hash.update(part);
    bytes += part.length;
  };
  async function close(): Promise<void> {
    const counted = { bytes, sha256: hash.digest('hex') };
    begin();
    if (table !== null) {
      const done = table;
      table = null;
      seen.set(done.name, counted);
      await visitor.tableEnd?.(done, counted);
    } else if (file !== null) {
      files.set(file, counted);
      file = null;
    }
  }

  return Object.freeze({
    async start(part: Buffer) {
      if (start !== null) wrong();
      start = parse(Start, part);
      for (const one of start.tables) if (one.rows) tables.set(one.name, one);
      await visitor.start?.(start);
    },
    async table(part: Buffer) {
      if (start === null || end !== null || file !== null || files.size > 0) wrong();
      await close();
      const found = tables.get(parse(Named, part).name);
      if (found === undefined || seen.has(found.name)) return wrong();
      table = found;
      await visitor.table?.(found);
    },
    async rows(part: Buffer) {
      if (table === null) wrong();
      take(part);
      await visitor.rows?.(part);
    },
    async file(part: Buffer) {
      if (start === null || end !== null) wrong();
      await close();
      file = parse(Filed, part).path;
      if (files.has(file)) wrong();
      await visitor.file?.(file);
    },
    async bytes(part: Buffer) {
      if (file === null) wrong();
      take(part);
      await visitor.bytes?.(part);
    },
    async end(part: Buffer) {
      if (start === null || end !== null) wrong();
      await close();
      end = parse(End, part);
      demandSame(end.tables, seen, tables.keys());
      demandSame(end.files, files, files.keys());
    },
    result(): { start: Start; end: End } {
      if (start === null || end === null) throw new BackupError('this backup is not complete');
      return { start, end };
    },
  });
}

function demandSame(
  stated: Readonly<Record<string, { bytes: number; sha256: string }>>,
  seen: ReadonlyMap<string, { bytes: number; sha256: string }>,
  wanted: Iterable<string>,
): void {
  for (const name of new Set([...wanted, ...Object.keys(stated)])) {
    const [one, other] = [stated[name], seen.get(name)];
    if (!one || !other || one.bytes !== other.bytes || one.sha256 !== other.sha256) {
      throw new BackupError(`what this backup holds of "${name}" is not what was written`);
    }
  }
}
