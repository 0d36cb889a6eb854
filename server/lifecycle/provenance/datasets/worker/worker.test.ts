import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ContentRefused, ReaderBroken } from '../../confined/errors.ts';
import { loans } from '../testing.ts';
import { createSampling } from './content.ts';
import { stream, work } from './process.ts';

vi.setConfig({ testTimeout: 120_000 });

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bartizan-worker-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const limits = { memoryBytes: 2 ** 31, contentBytes: 2 ** 30, timeMs: 60_000 };
const content = (format: 'csv' | 'texts' = 'csv') => ({ path: join(folder, 'content'), format, options: {} });
const hash = (signal = new AbortController().signal, given = limits) =>
  work(
    {
      is: 'hash',
      content: content(),
      label: null,
      leaves: join(folder, 'leaves'),
      blocks: join(folder, 'blocks'),
    },
    { folder, limits: given, signal },
  );

/** Processes that read in this folder. */
function readers(): number[] {
  return readdirSync('/proc').flatMap((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder)
        ? [Number(pid)]
        : [];
    } catch {
      return [];
    }
  });
}

test('content that is to blame is told as such; a process that is killed is not the content’s fault', async () => {
  writeFileSync(join(folder, 'content'), 'a,b\n1,"2\n');
  await expect(hash()).rejects.toThrow(ContentRefused);
  writeFileSync(join(folder, 'content'), loans(200_000));
  const reading = hash();
  reading.catch(() => undefined);
  await vi.waitFor(() => expect(readers()).toHaveLength(1), { timeout: 20_000, interval: 10 });
  for (const pid of readers()) process.kill(pid, 'SIGKILL');
  await expect(reading).rejects.toThrow(ReaderBroken);
});

test('limits of time and memory end it, and so does the caller', async () => {
  writeFileSync(join(folder, 'content'), loans(300_000));
  await expect(hash(undefined, { ...limits, timeMs: 1 })).rejects.toThrow(/not read within|longer to read/);
  rmSync(join(folder, 'leaves'), { force: true });
  await expect(hash(undefined, { ...limits, memoryBytes: 2 ** 25 })).rejects.toThrow(/32 MiB of memory/);
  rmSync(join(folder, 'leaves'), { force: true });
  const stop = new AbortController();
  const reading = hash(stop.signal);
  stop.abort(new Error('enough'));
  await expect(reading).rejects.toThrow('enough');
  await vi.waitFor(() => expect(readers()).toEqual([]), { timeout: 10_000 });
});

test('a link in a folder leads nowhere', async () => {
  const secret = mkdtempSync(join(tmpdir(), 'bartizan-secret-'));
  writeFileSync(join(secret, 'key.txt'), 'secret');
  mkdirSync(join(folder, 'content'));
  writeFileSync(join(folder, 'content', 'a.txt'), 'mine');
  symlinkSync(join(secret, 'key.txt'), join(folder, 'content', 'b.txt'));
  const open = await stream(
    { is: 'stream', content: content('texts'), from: 0 },
    { folder, limits, signal: new AbortController().signal },
  );
  const rows: number[] = [];
  for await (const { chunk } of open.chunks()) rows.push(chunk.rows);
  expect(rows).toEqual([1]);
  rmSync(secret, { recursive: true });
});

test('past 250,000 records every eighth chunk is profiled, and the profile says so', () => {
  const sampling = createSampling();
  const taken = Array.from({ length: 116 }, () => sampling.takes(10_000)).filter(Boolean).length;
  expect(taken).toBe(37);
  expect(sampling.profile({ rows: 370_000, columns: [] })).toMatchObject({
    rows: 1_160_000,
    sampledRows: 370_000,
  });
  const small = createSampling();
  small.takes(5);
  expect(small.profile({ rows: 5, columns: [] })).toEqual({ rows: 5, columns: [] });
});
