import type { KeyObject } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { ShipBatch } from '@bartizan/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readFrame } from './frames.ts';
import { type JournalStore, openJournal } from './journal.ts';
import { adoptOrphans } from './orphans.ts';
import { openGroup, SEGMENT_HEADER_BYTES, segmentKey } from './segment.ts';
import { type Shipper, type ShipperOptions, startShipper } from './shipper.ts';
import { silentLog, temporaryDirectory, testMaster, testRecord } from './testing.ts';

interface Received {
  readonly authorization: string | undefined;
  readonly batch: ShipBatch;
}

let directory: string;
let remove: () => Promise<void>;
let journal: JournalStore;
let server: Server;
let shipper: Shipper | null = null;
let received: Received[] = [];
let answer: (batch: ShipBatch) => number = () => 200;

beforeEach(async () => {
  ({ path: directory, remove } = await temporaryDirectory());
  journal = await openJournal({ directory, master: testMaster, log: silentLog });
  received = [];
  answer = () => 200;
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const batch = ShipBatch.parse(JSON.parse(Buffer.concat(chunks).toString()));
      const status = answer(batch);
      if (status === 200) received.push({ authorization: request.headers.authorization, batch });
      response.writeHead(status, { 'content-type': 'application/json' }).end('{"stored":0,"known":0}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  await shipper?.close();
  shipper = null;
  await journal.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await remove();
});

function start(options: Partial<ShipperOptions> = {}): void {
  shipper = startShipper({
    journal,
    serverUrl: `http://127.0.0.1:${(server.address() as AddressInfo | null)?.port ?? 1}`,
    token: 'internal-token',
    gatewayId: 'gw',
    snapshotVersion: () => 'v1',
    log: silentLog,
    minBackoffMs: 10,
    maxBackoffMs: 50,
    ...options,
  });
}
const shipped = (): string[] => received.flatMap(({ batch }) => batch.interactions.map(({ id }) => id));

async function append(count: number): Promise<string[]> {
  const records = Array.from({ length: count }, () => testRecord());
  await Promise.all(records.map((record) => journal.append(record)));
  return records.map(({ id }) => id);
}

describe('shipper', () => {
  it('ships within 150 ms of arrival, authenticated, in batches that the contract accepts', async () => {
    start();
    await expect.poll(() => received.length).toBe(1);
    const at = performance.now();
    const ids = await append(3);
    while (shipped().length < 3) await new Promise((resolve) => setTimeout(resolve, 2));
    expect(performance.now() - at).toBeLessThan(2_000); // 80 ms linger; the rest is slack for a busy machine
    expect(shipped()).toEqual(ids);
    expect(received.at(-1)?.authorization).toBe('Bearer internal-token');
    expect(received.at(-1)?.batch).toMatchObject({ gatewayId: 'gw', snapshotVersion: 'v1', backlog: 0 });
    await expect.poll(() => journal.backlog()).toBe(0);
  });

  it('splits a backlog into bounded batches', async () => {
    const ids = await append(45);
    start({ batchRecords: 10 });
    await expect.poll(() => shipped().length).toBe(45);
    expect(shipped()).toEqual(ids);
    expect(Math.max(...received.map(({ batch }) => batch.interactions.length))).toBe(10);
  });

  it('keeps trying while the server fails and then delivers everything', async () => {
    let calls = 0;
    answer = () => (++calls < 5 ? 503 : 200);
    const ids = await append(4);
    start();
    await expect.poll(() => shipped()).toEqual(ids);
    expect(calls).toBeGreaterThanOrEqual(5);
  });

  it('delivers after the server was unreachable', async () => {
    const { port } = server.address() as AddressInfo;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    start({ serverUrl: `http://127.0.0.1:${port}` });
    const ids = await append(2);
    await new Promise((resolve) => setTimeout(resolve, 150));
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    await expect.poll(() => shipped(), { timeout: 30_000 }).toEqual(ids);
  });

  it('sets one invalid record aside and ships all others', async () => {
    const ids = await append(20);
    const bad = ids[13] as string;
    answer = (batch) => (batch.interactions.some(({ id }) => id === bad) ? 400 : 200);
    start();
    await expect.poll(() => journal.backlog()).toBe(0);
    expect(shipped()).toEqual(ids.filter((id) => id !== bad));
    const [name] = await readdir(join(directory, 'rejected'));
    const bytes = await readFile(join(directory, 'rejected', String(name)));
    const frame = readFrame(bytes, SEGMENT_HEADER_BYTES);
    if (frame.kind !== 'frame') throw new Error('no frame');
    const [line] = openGroup(segmentKey(testMaster, bytes) as KeyObject, 0, frame);
    expect(JSON.parse(String(line))).toMatchObject({ id: bad });
  });

  it('keeps all records when the server refuses everything', async () => {
    let refusing = true;
    answer = () => (refusing ? 400 : 200);
    const ids = await append(3);
    start();
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(await readdir(directory)).not.toContain('rejected');
    refusing = false;
    await expect.poll(() => shipped()).toEqual(ids);
  });

  it('keeps a record that was refused just before the server came to its senses', async () => {
    const [id] = await append(1);
    let refusals = 0;
    answer = (batch) => (batch.interactions.length > 0 && ++refusals === 1 ? 400 : 200);
    start();
    await expect.poll(() => shipped()).toEqual([id]);
    expect(await readdir(directory)).not.toContain('rejected');
  });

  it('does not mistake a refused token for bad records', async () => {
    let calls = 0;
    answer = () => (++calls < 4 ? 401 : 200);
    const ids = await append(2);
    start();
    await expect.poll(() => shipped()).toEqual(ids);
    expect(await readdir(directory)).not.toContain('rejected');
  });

  it('ships what another gateway left behind and lets go of it', async () => {
    const root = join(directory, 'all');
    const left = await openJournal({ directory: join(root, 'gone'), master: testMaster, log: silentLog });
    const record = testRecord();
    await left.append(record);
    await left.close();
    const live = await openJournal({ directory: join(root, 'live'), master: testMaster, log: silentLog });
    await live.append(testRecord());
    const orphans = await adoptOrphans({
      root,
      own: ['mine'],
      master: testMaster,
      checkIntervalMs: 10,
      serverUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      token: 't',
      snapshotVersion: () => 'v1',
      log: silentLog,
    });
    await expect.poll(() => shipped()).toEqual([record.id]);
    await expect.poll(() => readdir(join(root, 'gone'))).not.toContain('lock');
    expect(live.backlog()).toBe(1);
    await orphans.close();
    await live.close();
  });

  it('drains before it ends', async () => {
    start({ lingerMs: 5000 });
    const ids = await append(6);
    await shipper?.drain(3000);
    expect(shipped()).toEqual(ids);
  });

  it('says that it lives when there is nothing to ship', async () => {
    start({ heartbeatMs: 20 });
    await expect.poll(() => received.length).toBeGreaterThan(2);
    expect(shipped()).toEqual([]);
  });
});
