import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ScanFinding, ScanSettings, type VersionScan } from '@bartizan/contracts';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { OpenDatabase } from '../../../platform/database/index.ts';
import { JOBS_SCHEMA } from '../../../platform/jobs/index.ts';
import {
  caller,
  HARMLESS,
  MALICIOUS,
  makeVersion,
  openScanDatabase,
  type ScanServer,
  type ServerOptions,
  scanServer,
  sha256Of,
} from './testing.ts';

// A busy machine starts a process in seconds.
vi.setConfig({ testTimeout: 120_000 });

const POLL = { timeout: 40_000, interval: 100 };
const ada = caller();
let open: OpenDatabase;
let folder: string;
const ends: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  open = await openScanDatabase();
  folder = mkdtempSync(join(tmpdir(), 'scan-faults-'));
});
afterAll(async () => {
  await open?.close();
  rmSync(folder, { recursive: true, force: true });
});
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

async function server(options: ServerOptions = {}): Promise<ScanServer> {
  const one = await scanServer(open, folder, options);
  ends.push(() => one.close());
  return one;
}

async function ended({ scans }: ScanServer, versionId: string): Promise<VersionScan> {
  const look = async () => ['done', 'failed'].includes((await scans.version(ada, versionId)).state);
  await expect.poll(look, POLL).toBe(true);
  return await scans.version(ada, versionId);
}

test('a server that is killed in the middle of a scan: another goes on where it was, and its reader ends', async () => {
  const [first, second] = [Buffer.from('read before'), Buffer.concat([MALICIOUS, Buffer.from('killed')])];
  const idle = await server({ background: false });
  const version = await makeVersion(open, idle, { files: { a: first, b: second } });
  const script = new URL('./killed.fixture.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [script, open.url, folder, sha256Of(second)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  ends.push(async () => void child.kill('SIGKILL'));
  let said = '';
  for await (const chunk of child.stdout) {
    said += String(chunk);
    if (said.includes('\n')) break;
  }
  const readers = (/hangs ([\d ]*)\n/.exec(said)?.[1] ?? '').split(' ').filter((pid) => pid !== '');
  expect(await idle.scans.version(ada, version.id)).toMatchObject({ state: 'running' });
  const over = once(child, 'exit');
  child.kill('SIGKILL');
  await over;
  for (const pid of readers) await expect.poll(() => existsSync(`/proc/${pid}`), POLL).toBe(false);
  // Nobody has heard of that server for a minute.
  await sql`update ${sql.raw(`${JOBS_SCHEMA}.job`)} set heartbeat_on = now() - interval '1 minute'
    where state = 'active'`.execute(open.database);
  const other = await server();
  expect(await ended(other, version.id)).toMatchObject({
    state: 'done',
    verdict: 'malicious',
    filesKnown: 1,
  });
  expect(new Set(other.reads)).toEqual(new Set([sha256Of(second)]));
}, 300_000);

test('a file that takes too long is an error, never clean, and read again by the next scan; the others are judged', async () => {
  const slow = Buffer.from('slow as a snail');
  let hangs = true;
  const one = await server({
    beforeRead: async (sha256) => {
      if (hangs && sha256 === sha256Of(slow)) await new Promise(() => undefined);
    },
  });
  await one.scans.changeSettings(ada, ScanSettings.parse({ fileSeconds: 2 }));
  const version = await makeVersion(open, one, {
    files: { 'a.pkl': HARMLESS, 'b.bin': slow, 'c.pkl': HARMLESS },
  });
  const scan = await ended(one, version.id);
  expect(scan).toMatchObject({ state: 'done', verdict: 'error', download: { because: 'error' } });
  const { items } = await one.scans.files(ada, version.id, { limit: 10 });
  expect(items.find(({ path }) => path === 'b.bin')?.errors).toMatchObject([
    { message: 'not done within 2 s' },
  ]);
  expect(items.find(({ path }) => path === 'c.pkl')?.verdict).toBe('clean');
  // Whatever is said of errors: nobody knows what is in it.
  await one.scans.changeSettings(ada, ScanSettings.parse({ fileSeconds: 2, onError: 'allow' }));
  await expect(one.scans.gate.demandVersion(version.id)).rejects.toMatchObject({
    code: 'forbidden',
    message: expect.stringContaining('to their end'),
  });
  const promotion = { version, to: { alias: 'champion' } };
  await expect(one.scans.gate.demandPromotable(promotion, open.database)).rejects.toMatchObject({
    code: 'forbidden',
  });
  await one.scans.changeSettings(ada, ScanSettings.parse({}));
  hangs = false;
  await one.scans.rescan(ada, version.id, false);
  await expect.poll(async () => (await one.scans.version(ada, version.id)).verdict, POLL).toBe('clean');
});

test('a scan that does not come to its end takes nothing back, by whichever scanner', async () => {
  const bad = Buffer.concat([MALICIOUS, Buffer.from('not taken back')]);
  let hangs = false;
  const beforeRead = async (sha256: string) => {
    if (hangs && sha256 === sha256Of(bad)) await new Promise(() => undefined);
  };
  const one = await server({ beforeRead });
  const version = await makeVersion(open, one, { files: { 'm.pkl': bad } });
  expect(await ended(one, version.id)).toMatchObject({ verdict: 'malicious', quarantined: true });
  const writer = caller('*', ['models.read', 'models.write', 'models.download']);
  await expect(one.scans.rescan(writer, version.id, true)).rejects.toMatchObject({
    code: 'forbidden',
    hint: expect.any(String),
  });
  await one.scans.changeSettings(ada, ScanSettings.parse({ fileSeconds: 1, rescan: false }));
  hangs = true;
  const again = async (which: ScanServer) => {
    const { scanId } = await which.scans.rescan(ada, version.id, true);
    const scan = await ended(which, version.id);
    expect(scan).toMatchObject({ scanId, verdict: 'malicious', quarantined: true });
    await expect(which.scans.gate.demandVersion(version.id)).rejects.toMatchObject({ code: 'forbidden' });
  };
  await again(one);
  await one.close();
  await again(await server({ beforeRead, scanner: 'scanner-9' }));
  await one.scans.changeSettings(ada, ScanSettings.parse({}));
});

test('files for which there is no time are not judged: the scan has failed, the next one goes on', async () => {
  const slow = Buffer.from('takes all the time there is');
  const last = Buffer.concat([HARMLESS, Buffer.from('has none left')]);
  let hangs = true;
  const one = await server({
    beforeRead: async (sha256) => {
      if (hangs && sha256 === sha256Of(slow)) await new Promise(() => undefined);
    },
  });
  await one.scans.changeSettings(ada, ScanSettings.parse({ versionSeconds: 1, onError: 'allow' }));
  const version = await makeVersion(open, one, { files: { 'a.bin': slow, 'b.pkl': last } });
  const scan = await ended(one, version.id);
  expect(scan).toMatchObject({ state: 'failed', download: { allowed: false, because: 'error' } });
  const { items } = await one.scans.files(ada, version.id, { limit: 10 });
  expect(items.find(({ path }) => path === 'b.pkl')?.verdict).toBeNull();
  hangs = false;
  await one.scans.changeSettings(ada, ScanSettings.parse({}));
  await one.scans.rescan(caller('*', ['models.read', 'models.write']), version.id, false);
  await expect
    .poll(async () => (await one.scans.version(ada, version.id)).download, POLL)
    .toMatchObject({ allowed: true, because: 'clean' });
});

test('content that is gone is an error of its file; a store that fails is tried again', async () => {
  const gone = Buffer.from('this will be gone');
  const flaky = Buffer.from('this store fails once');
  let failed = 0;
  const one = await server({
    beforeRead: async (sha256) => {
      if (sha256 !== sha256Of(flaky) || failed > 0) return;
      failed += 1;
      throw new Error('the disk is away');
    },
  });
  const idle = await server({ background: false });
  await idle.objects.put(
    (async function* () {
      yield gone;
    })(),
  );
  const version = await makeVersion(open, one, { files: { f: flaky } });
  expect(await ended(one, version.id)).toMatchObject({ state: 'done', verdict: 'clean' });
  expect(failed).toBe(1);
  expect(one.problems.map(({ message }) => message)).toContain('a job of the queue scan-version failed');
  rmSync(join(folder, sha256Of(gone).slice(0, 2)), { recursive: true, force: true });
  rmSync(join(folder, 'objects', sha256Of(gone).slice(0, 2)), { recursive: true, force: true });
  expect(await one.objects.has(sha256Of(gone))).toBe(false);
  await expect(
    one.scans.gate.demandContent({ sha256: sha256Of(gone), size: gone.length, teamId: null }),
  ).rejects.toMatchObject({ code: 'forbidden' });
});

/** A pickle (protocol 4) that would call the function of this name with this text. Never loaded. */
function calling(module: string, name: string, argument: string): Buffer {
  const text = (value: string): Buffer => {
    const bytes = Buffer.from(value);
    const head = Buffer.alloc(5);
    head[0] = 0x58;
    head.writeUInt32LE(bytes.length, 1);
    return Buffer.concat([head, bytes]);
  };
  return Buffer.concat([
    Buffer.from([0x80, 0x04]),
    text(module),
    text(name),
    Buffer.from([0x93]),
    text(argument),
    Buffer.from([0x85, 0x52, 0x2e]),
  ]);
}

test('texts from files cannot break the database, and come out as text', async () => {
  const one = await server();
  const nasty = '\u0000\u001b[2J\u001b]0;owned\u0007<script>alert(1)</script>\u202e\ufffe';
  const version = await makeVersion(open, one, {
    files: {
      'a.pkl': calling('os', 'system', nasty),
      'b.pkl': calling(`evil${nasty}`, `f${nasty}`, 'x'),
      '<img src=x onerror=alert(1)>.pkl': calling('subprocess', 'Popen', nasty.repeat(2_000)),
    },
  });
  const scan = await ended(one, version.id);
  expect(scan).toMatchObject({ state: 'done', verdict: 'malicious' });
  const { items } = await one.scans.findings(ada, version.id, { limit: 200 });
  expect(items.length).toBeGreaterThanOrEqual(3);
  for (const item of items) {
    ScanFinding.parse(item);
    for (const text of Object.values(item)) expect(String(text)).not.toContain('\u0000');
    expect((item.call ?? '').length).toBeLessThan(5_000);
    await one.scans.finding(ada, version.id, item.id);
  }
  JSON.parse(await one.scans.sarif(ada, version.id));
  expect(one.problems).toEqual([]);
});
