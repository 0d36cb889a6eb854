import { spawn } from 'node:child_process';
import { readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { masterKeyFromHex } from '@bartizan/contracts/sealed.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { JournalFull } from '../ports.ts';
import { type JournalOptions, type JournalStore, openJournal } from './journal.ts';
import { DirectoryLocked } from './lock.ts';
import { segmentName } from './segment.ts';
import { silentLog, temporaryDirectory, testMaster, testRecord } from './testing.ts';
import { writeAll } from './writer.ts';

const LIMIT = { records: 500, bytes: 8 * 1024 * 1024 };
let directory: string;
let remove: () => Promise<void>;
const opened: JournalStore[] = [];

beforeEach(async () => {
  ({ path: directory, remove } = await temporaryDirectory());
});
afterEach(async () => {
  for (const journal of opened.splice(0)) await journal.close();
  await remove();
});

async function open(options: Partial<JournalOptions> = {}): Promise<JournalStore> {
  const journal = await openJournal({ directory, master: testMaster, log: silentLog, ...options });
  opened.push(journal);
  return journal;
}

async function drain(journal: JournalStore, limit = LIMIT): Promise<string[]> {
  const ids: string[] = [];
  for (let batch = await journal.read(limit); batch; batch = await journal.read(limit)) {
    expect(batch.lines.length).toBeLessThanOrEqual(limit.records);
    for (const line of batch.lines) ids.push((JSON.parse(line.toString()) as { id: string }).id);
    await journal.acknowledge(batch);
  }
  return ids;
}

async function appendMany(journal: JournalStore, count: number): Promise<string[]> {
  const records = Array.from({ length: count }, () => testRecord());
  await Promise.all(records.map((record) => journal.append(record)));
  return records.map((record) => record.id);
}

describe('journal', () => {
  it('gives back what was appended, in order, across batches, segments and restarts', async () => {
    const first = await open({ segmentBytes: 20_000 });
    const ids = [...(await appendMany(first, 130)), ...(await appendMany(first, 40))];
    expect(first.backlog()).toBe(170);
    const batch = await first.read({ records: 33, bytes: 1e6 });
    expect(batch?.lines.length).toBe(33);
    if (batch) await first.acknowledge(batch);
    await first.close();

    const second = await open({ segmentBytes: 20_000 });
    expect(second.backlog()).toBe(137);
    ids.push(...(await appendMany(second, 10)));
    expect(await drain(second, { records: 7, bytes: 5_000 })).toEqual(ids.slice(33));
    expect(second.backlog()).toBe(0);
    expect((await readdir(directory)).filter((name) => name.endsWith('.bzj')).length).toBe(1);
  });

  it('keeps nothing readable on disk', async () => {
    const journal = await open();
    await journal.append(testRecord({ keyName: 'findable-needle' }));
    const bytes = await readFile(join(directory, segmentName(1)));
    expect(bytes.includes('findable-needle')).toBe(false);
    expect((await stat(join(directory, segmentName(1)))).mode & 0o077).toBe(0);
  });

  it('cuts a torn tail and goes on', async () => {
    const first = await open();
    const ids = await appendMany(first, 3);
    await first.append(testRecord());
    await first.close();
    const path = join(directory, segmentName(1));
    await truncate(path, (await stat(path)).size - 5);
    const second = await open();
    expect(second.backlog()).toBe(3);
    expect(await drain(second)).toEqual(ids);
    expect(await readdir(directory)).not.toContain('quarantine');
  });

  it('copies damage aside and keeps every other record', async () => {
    const first = await open();
    const ids: string[] = [];
    for (let index = 0; index < 5; index++) ids.push(...(await appendMany(first, 2)));
    await first.close();
    const path = join(directory, segmentName(1));
    const bytes = await readFile(path);
    const middle = bytes.indexOf('BZF1', Math.floor(bytes.length * 0.45));
    bytes[middle + 40] = (bytes[middle + 40] ?? 0) ^ 1;
    await writeFile(path, bytes);
    const second = await open();
    expect(second.backlog()).toBe(8);
    const kept = await drain(second);
    expect(kept.length).toBe(8);
    expect(ids.filter((id) => kept.includes(id))).toEqual(kept);
    expect((await readdir(join(directory, 'quarantine'))).length).toBe(1);
    expect(second.backlog()).toBe(0);
  });

  it.each([0, 3_000, 1_000_000])(
    'gives back in order what is half in memory (%i bytes of it)',
    async (rememberBytes) => {
      const journal = await open({ segmentBytes: 20_000, rememberBytes });
      const ids: string[] = [];
      const got: string[] = [];
      for (let round = 0; round < 12; round += 1) {
        ids.push(...(await appendMany(journal, 1 + ((round * 7) % 11))));
        const batch = await journal.read({ records: 5, bytes: 1e6 });
        for (const line of batch?.lines ?? []) got.push((JSON.parse(line.toString()) as { id: string }).id);
        if (batch) await journal.acknowledge(batch);
      }
      got.push(...(await drain(journal)));
      expect(got).toEqual(ids);
      expect(journal.backlog()).toBe(0);
    },
  );

  it('notices damage that happens while it runs', async () => {
    const journal = await open({ rememberBytes: 0 });
    await journal.append(testRecord());
    const path = join(directory, segmentName(1));
    const bytes = await readFile(path);
    bytes[60] = (bytes[60] ?? 0) ^ 1;
    await writeFile(path, bytes);
    const [id] = await appendMany(journal, 1);
    expect(await drain(journal)).toEqual([id]);
    expect(journal.backlog()).toBe(0);
  });

  it('moves a journal of another master key aside instead of losing it', async () => {
    const first = await open();
    await appendMany(first, 2);
    await first.close();
    const second = await open({ master: masterKeyFromHex('cd'.repeat(32)) });
    expect(second.backlog()).toBe(0);
    expect(await readdir(join(directory, 'quarantine'))).toEqual([segmentName(1)]);
  });

  it('refuses at its size limit and takes records again once shipped', async () => {
    const journal = await open({ maxBytes: 64 * 1024 });
    let taken = 0;
    await expect(
      (async () => {
        for (; taken < 1000; taken++) await journal.append(testRecord());
      })(),
    ).rejects.toBeInstanceOf(JournalFull);
    expect(taken).toBeGreaterThan(20);
    expect(journal.writable()).toBe(false);
    expect((await drain(journal)).length).toBe(taken);
    expect(journal.writable()).toBe(true);
    await journal.append(testRecord());
  });

  it('refuses on a full disk, stays readable, and recovers when there is room', async () => {
    let full = false;
    const journal = await open({
      probeIntervalMs: 20,
      write: async (handle, bytes, position) => {
        if (!full) return writeAll(handle, bytes, position);
        await writeAll(handle, bytes.subarray(0, bytes.length >> 1), position);
        throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
      },
    });
    const before = await appendMany(journal, 3);
    full = true;
    await expect(journal.append(testRecord())).rejects.toBeInstanceOf(JournalFull);
    expect(journal.writable()).toBe(false);
    await expect(journal.append(testRecord())).rejects.toBeInstanceOf(JournalFull);
    full = false;
    await expect.poll(() => journal.writable(), { timeout: 30_000 }).toBe(true);
    const after = await appendMany(journal, 2);
    expect(await drain(journal)).toEqual([...before, ...after]);
  });

  it('drops raw bodies of a record that is too large to ship', async () => {
    const journal = await open();
    await journal.append(testRecord({ rawRequest: 'x'.repeat(20 * 1024 * 1024) }));
    const batch = await journal.read(LIMIT);
    expect(JSON.parse(String(batch?.lines[0]))).toMatchObject({ rawRequest: null, keyName: 'app' });
  });

  it('is held by one process', async () => {
    const journal = await open();
    await expect(open()).rejects.toBeInstanceOf(DirectoryLocked);
    await journal.close();
    await writeFile(join(directory, 'lock'), '999999999 1');
    await expect(open()).resolves.toBeDefined();
  });

  it('respects the lock of another live process and tells a reused pid apart', async () => {
    await writeFile(join(directory, 'lock'), `${process.ppid} `);
    await expect(open()).rejects.toMatchObject({ pid: process.ppid });
    await writeFile(join(directory, 'lock'), 'rubbish');
    await (await open()).close();
    if (process.platform !== 'linux') return;
    await writeFile(join(directory, 'lock'), `${process.ppid} 1`);
    await expect(open()).resolves.toBeDefined();
  });

  it('refuses appends after close', async () => {
    const journal = await open();
    await journal.close();
    await expect(journal.append(testRecord())).rejects.toBeInstanceOf(JournalFull);
  });

  it('syncs before it answers when told so', async () => {
    const journal = await open({ sync: 'always' });
    const ids = await appendMany(journal, 5);
    expect(await drain(journal)).toEqual(ids);
  });
});

describe('kill -9 while appending', () => {
  it('loses nothing that was acknowledged, over several rounds', async () => {
    const acknowledged: string[] = [];
    const rounds = Number(process.env.BARTIZAN_FAULT_ROUNDS ?? 6);
    for (let round = 0; round < rounds; round++) {
      const child = spawn(process.execPath, [join(import.meta.dirname, 'crash.child.ts'), directory, '9'], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let output = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
      const closed = new Promise((resolve) => child.once('close', resolve));
      await expect.poll(() => output.length, { timeout: 20_000 }).toBeGreaterThan(200);
      await new Promise((resolve) => setTimeout(resolve, (round * 17) % 150));
      child.kill('SIGKILL');
      await closed;
      const lines = output.split('\n').slice(1, -1);
      acknowledged.push(...lines);
    }
    const journal = await open();
    const kept = await drain(journal);
    expect(new Set(kept).size).toBe(kept.length);
    const present = new Set(kept);
    expect(acknowledged.filter((id) => !present.has(id))).toEqual([]);
    expect(acknowledged.length).toBeGreaterThan(rounds * 5);
  }, 600_000);
});
