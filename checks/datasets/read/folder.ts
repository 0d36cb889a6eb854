import { createHash } from 'node:crypto';
import { lstat, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Chunk, MAX_CELL_BYTES, type Schema, type Value } from '../records/index.ts';
import { imageSize } from './images.ts';
import { type OpenDataset, ReadError, type ReadOptions } from './types.ts';

const MAX_FILES = 5_000_000;
const MAX_FOLDERS_DEEP = 32;
/** Records of a chunk, and bytes of its texts, at most (one record may have more by itself). */
const CHUNK_ROWS = 256;
const CHUNK_BYTES = 16 * 2 ** 20;
const READ_BYTES = 1 << 20;
/** An image's size stands in its first bytes. */
const IMAGE_HEAD = 1 << 18;

const TEXTS: Schema = {
  columns: [
    { name: 'path', type: { kind: 'text' } },
    { name: 'text', type: { kind: 'text' } },
  ],
};
const IMAGES: Schema = {
  columns: [
    { name: 'path', type: { kind: 'text' } },
    /** The folder that the image lies in, which commonly is its class; '' at the top. */
    { name: 'folder', type: { kind: 'text' } },
    { name: 'format', type: { kind: 'text' } },
    { name: 'width', type: { kind: 'integer' } },
    { name: 'height', type: { kind: 'integer' } },
    { name: 'bytes', type: { kind: 'integer' } },
    { name: 'sha256', type: { kind: 'bytes' } },
  ],
};

interface Entry {
  /** Below the folder, with `/`. */
  readonly path: string;
  readonly bytes: number;
}

/** Regular files below a folder, by the bytes of their paths. Links are not followed; files with a dot in front are left out. */
async function filesBelow(root: string, most: number): Promise<Entry[]> {
  const entries: Entry[] = [];
  let total = 0;
  async function walk(folder: string, depth: number): Promise<void> {
    if (depth > MAX_FOLDERS_DEEP)
      throw new ReadError(`Folders are nested more than ${MAX_FOLDERS_DEEP} deep.`);
    for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.name.startsWith('.')) continue;
      if (entry.isDirectory()) await walk(path, depth + 1);
      if (!entry.isFile()) continue;
      const { size } = await lstat(join(root, path));
      total += size;
      if (total > most) throw new ReadError(`The files have more than ${most} bytes together.`);
      if (entries.length === MAX_FILES) throw new ReadError(`The folder has more than ${MAX_FILES} files.`);
      entries.push({ path, bytes: size });
    }
  }
  if (!(await lstat(root)).isDirectory()) throw new ReadError('This is no folder.');
  await walk('', 0);
  return entries.sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
}

async function* bytesOf(path: string, limit: number): AsyncGenerator<Buffer> {
  const file = await open(path, 'r');
  try {
    if (!(await file.stat()).isFile()) throw new ReadError('A file became something else while it was read.');
    let read = 0;
    for (;;) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(READ_BYTES), 0, READ_BYTES, read);
      if (bytesRead === 0) return;
      read += bytesRead;
      if (read > limit) throw new ReadError('A file grew while it was read.');
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

async function textRecord(root: string, { path, bytes }: Entry): Promise<Value[]> {
  if (bytes > MAX_CELL_BYTES)
    throw new ReadError(`${JSON.stringify(path)} has ${bytes} bytes, more than ${MAX_CELL_BYTES}.`);
  const parts: Buffer[] = [];
  for await (const part of bytesOf(join(root, path), MAX_CELL_BYTES)) parts.push(Buffer.from(part));
  try {
    return [path, utf8.decode(Buffer.concat(parts))];
  } catch (cause) {
    throw new ReadError(`${JSON.stringify(path)} is no UTF-8 text.`, { cause, column: 'text' });
  }
}

async function imageRecord(root: string, { path, bytes }: Entry): Promise<Value[]> {
  const hash = createHash('sha256');
  let head = Buffer.alloc(0);
  let total = 0;
  for await (const part of bytesOf(join(root, path), bytes)) {
    hash.update(part);
    total += part.length;
    if (head.length < IMAGE_HEAD) head = Buffer.concat([head, part]).subarray(0, IMAGE_HEAD);
  }
  const size = imageSize(head);
  if (size === null)
    throw new ReadError(`${JSON.stringify(path)} is no PNG or JPEG image whose size can be told.`);
  const folder = path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
  return [path, folder, size.format, size.width, size.height, total, hash.digest()];
}

/** A folder with a text (UTF-8) or an image (PNG, JPEG) in each file, as records by path. Pixels are not decoded. */
export async function openFolder(
  path: string,
  format: 'texts' | 'images',
  options: ReadOptions = {},
): Promise<OpenDataset> {
  if (options.schema !== undefined) throw new ReadError('A folder has its own schema.');
  const entries = await filesBelow(path, options.limits?.fileBytes ?? 2 ** 40);
  const bad = entries.find((entry) => !entry.path.isWellFormed() || entry.path.includes('\ufffd'));
  if (bad) throw new ReadError(`${JSON.stringify(bad.path)} is no well-formed name.`);
  const [schema, record] = format === 'texts' ? [TEXTS, textRecord] : [IMAGES, imageRecord];
  const deadline =
    options.limits?.timeoutMs === undefined ? null : AbortSignal.timeout(options.limits.timeoutMs);
  async function* chunks(): AsyncGenerator<Chunk> {
    let rows: Value[][] = [];
    let held = 0;
    for (const entry of entries) {
      if (deadline?.aborted) throw new ReadError('The folder took longer to read than is allowed.');
      rows.push(await record(path, entry));
      held += format === 'texts' ? entry.bytes : 0;
      if (rows.length < CHUNK_ROWS && held < CHUNK_BYTES) continue;
      yield chunkOf(schema, rows);
      [rows, held] = [[], 0];
    }
    if (rows.length > 0) yield chunkOf(schema, rows);
  }
  const bytes = entries.reduce((total, entry) => total + entry.bytes, 0);
  return Object.freeze({ format, bytes, schema, chunks, close: async () => {} });
}

const chunkOf = ({ columns }: Schema, rows: readonly (readonly Value[])[]): Chunk => ({
  rows: rows.length,
  columns: columns.map((_, at) => ({
    store: 'values',
    valid: null,
    values: rows.map((row) => row[at] ?? null),
  })),
});
