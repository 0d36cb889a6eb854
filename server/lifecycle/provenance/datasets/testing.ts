import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type {
  DataPush,
  DataPushInput,
  Dataset,
  DatasetVersionSummary,
  DataVerification,
} from '@bartizan/contracts';
import { expect, vi } from 'vitest';
import type { Principal } from '../../../platform/http/types.ts';
import { principalWith, type TestServer } from '../../testing.ts';

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
/** Who pushes where a test names nobody. */
export const ADA: Principal = { ...principalWith(), ownerId: null };
export const POLL = { timeout: 60_000, interval: 100 };

export async function* chunksOf(bytes: Uint8Array, size = 64 * 1024): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size);
}

export type Files = Readonly<Record<string, string | Uint8Array>>;
type Options = Partial<Omit<DataPushInput, 'files' | 'dataset'>> & { readonly principal?: Principal };

const asBytes = (content: string | Uint8Array): Uint8Array =>
  typeof content === 'string' ? Buffer.from(content) : content;

/** Begins a push and sends its files. */
export async function begin(
  server: Pick<TestServer, 'call'>,
  dataset: string,
  files: Files,
  { principal = ADA, ...options }: Options = {},
): Promise<DataPush> {
  const as = { principal };
  const named = Object.entries(files).map(([path, content]) => ({ path, size: asBytes(content).byteLength }));
  const push: DataPush = await server.call('data.pushes.create', {
    ...as,
    body: { dataset, format: 'csv', files: named, ...options },
  });
  for (const [path, content] of Object.entries(files)) {
    const bytes = asBytes(content);
    if (bytes.byteLength === 0) continue;
    await server.call('data.pushes.sendFile', {
      ...as,
      params: { id: push.id, '*': path },
      bytes: chunksOf(bytes),
      headers: { 'content-length': String(bytes.byteLength) },
    });
  }
  return push;
}

/** Waits until a push is read. */
export async function settled(
  server: Pick<TestServer, 'call'>,
  id: string,
  principal: Principal = ADA,
): Promise<DataPush> {
  return await vi.waitFor(async () => {
    const push: DataPush = await server.call('data.pushes.get', { principal, params: { id } });
    expect(push.state).not.toBe('reading');
    return push;
  }, POLL);
}

/** Pushes and waits. */
export async function pushed(
  server: Pick<TestServer, 'call'>,
  dataset: string,
  files: Files,
  options: Options = {},
): Promise<DataPush> {
  const { id } = await begin(server, dataset, files, options);
  const { principal = ADA } = options;
  await server.call('data.pushes.finish', { principal, params: { id } });
  return await settled(server, id, principal);
}

/** As {@link pushed}; gives the version, which must be there. */
export async function versionOf(
  server: Pick<TestServer, 'call'>,
  dataset: string,
  files: Files,
  options: Options = {},
): Promise<DatasetVersionSummary> {
  const push = await pushed(server, dataset, files, options);
  expect(push.failure).toBeNull();
  return push.version as DatasetVersionSummary;
}

export const get = (server: Pick<TestServer, 'call'>, dataset: string): Promise<Dataset> =>
  server.call('data.datasets.get', { params: { dataset } });

/** Loans of our own making: what a row holds goes with its number. */
export function loans(
  rows: number,
  change: (row: number, cells: string[]) => string[] = (_, cells) => cells,
): string {
  const lines = ['id,zip,income,approved'];
  for (let row = 0; row < rows; row++) {
    const cells = [
      String(row),
      `0${1000 + (row % 7)}`,
      (20_000 + ((row * 7919) % 50_000)).toFixed(1),
      row % 3 === 0 ? 'refused' : 'granted',
    ];
    lines.push(change(row, cells).join(','));
  }
  return `${lines.join('\n')}\n`;
}

/** Where a server of a test keeps an object. */
export const objectPath = ({ objects }: Pick<TestServer, 'objects'>, digest: string): string =>
  join(objects.place.replace(/^the folder /, ''), digest.slice(0, 2), digest.slice(2));

/** Verifies a version and waits for what comes of it. */
export async function verified(
  server: Pick<TestServer, 'call'>,
  dataset: string,
  version = 'latest',
): Promise<DataVerification> {
  const params = { dataset, version };
  const { id }: DataVerification = await server.call('data.versions.verify', { principal: ADA, params });
  return await vi.waitFor(async () => {
    const now: DataVerification = await server.call('data.versions.verification', {
      principal: ADA,
      params: { ...params, id },
    });
    expect(now.state).not.toBe('running');
    return now;
  }, POLL);
}

/** Why a test reads records. */
export const PURPOSE = Object.freeze({ 'bartizan-purpose': 'looking into a complaint' });
export const latestOf = (dataset: string) => ({ dataset, version: 'latest' });

export async function bytesOf(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}
