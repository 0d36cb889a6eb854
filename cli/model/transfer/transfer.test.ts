import { createHash, randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { uploadRoutes } from '@bartizan/contracts';
import { loadConfig, startServer } from '@bartizan/server';
import { withTestDatabase } from '@bartizan/server/platform/database/testing.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EXIT } from '../../exit.ts';
import { clientFor, type Stored } from '../../session.ts';
import { localFiles } from './files.ts';
import { hashFiles } from './hashing.ts';
import { bytesText, createByteProgress, timeText } from './progress.ts';
import { parseVersion, pullVersion } from './pull.ts';
import { type PushOptions, pushVersion } from './push.ts';

const MiB = 1024 * 1024;
const home = mkdtempSync(join(tmpdir(), 'bartizan-transfer-'));
const quiet = { add: () => undefined, set: () => undefined, end: () => undefined };
const hex = (): string => randomBytes(32).toString('hex');
const ends: (() => Promise<void>)[] = [];
let session: Stored;

async function post(
  url: string,
  body: object,
  cookie = '',
  method = 'POST',
): Promise<{ body: never; cookie: string }> {
  const request: RequestInit = {
    method,
    headers: { 'content-type': 'application/json', cookie },
    body: JSON.stringify(body),
  };
  const answer = await fetch(url, request);
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
  const set = answer.headers.getSetCookie().map((line) => line.split(';', 1)[0]);
  return { body: (await answer.json()) as never, cookie: set.join('; ') };
}

beforeAll(async () => {
  const open = await withTestDatabase();
  ends.push(() => open.close());
  const server = await startServer(
    loadConfig({
      DATABASE_URL: open.url,
      BARTIZAN_DATA_DIR: join(home, 'data'),
      BARTIZAN_PORT: '0',
      BARTIZAN_MASTER_KEY: hex(),
      BARTIZAN_INTERNAL_TOKEN: hex(),
      BARTIZAN_LOG_LEVEL: 'silent',
    }),
  );
  ends.push(server.close);
  const token = new URL(server.setupUrl ?? '').searchParams.get('token');
  const person = { token, name: 'Ada', email: 'ada@example.com', password: 'correct horse battery' };
  const { cookie } = await post(`${server.url}/api/v1/auth/setup`, person);
  const scopes = ['models.read', 'models.write', 'models.download'];
  const key = { name: 'push', scopes, endpoints: '*', expiresAt: null };
  const made: { body: { secret: string } } = await post(`${server.url}/api/v1/keys`, key, cookie);
  session = { url: server.url, key: made.body.secret };
  // What scans find is not looked at here, and not waited for.
  await post(`${server.url}/api/v1/scans/settings`, { onUnscanned: 'allow' }, cookie, 'PUT');
}, 300_000);
afterAll(async () => {
  for (const end of ends.toReversed()) await end();
  rmSync(home, { recursive: true, force: true });
});

function folder(name: string, files: Record<string, Uint8Array | string>): string {
  const root = join(home, name);
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
}

async function push(place: string, change: Partial<PushOptions> = {}, model = 'fraud') {
  const { files } = await localFiles(place);
  const hashed = await hashFiles(files, () => undefined);
  const input = { model };
  return await pushVersion({
    session,
    input,
    files: hashed,
    progress: quiet,
    note: () => undefined,
    resume: false,
    ...change,
  });
}
const pull = (ref: string, target: string, change: object = {}) =>
  pullVersion({
    session,
    ...parseVersion(ref),
    target: join(home, target),
    force: false,
    progress: () => quiet,
    ...change,
  });

/** A line that breaks: cuts every connection once so many bytes went through to the server. */
async function breakingLine(cutAfter: readonly number[]): Promise<Stored> {
  const target = new URL(session.url);
  const cuts = [...cutAfter];
  const sockets = new Set<Socket>();
  const server: Server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    let passed = 0;
    near.on('data', (chunk) => {
      passed += chunk.length;
      if (!far.write(chunk)) {
        near.pause();
        far.once('drain', () => near.resume());
      }
      const [limit] = cuts;
      if (limit === undefined || passed < limit) return;
      cuts.shift();
      for (const socket of sockets) socket.destroy();
    });
    far.pipe(near);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  ends.push(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return { ...session, url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}` };
}

describe('push and pull', () => {
  test('bring a folder there and back, byte for byte', async () => {
    const files = {
      'config.json': '{"layers": 12}',
      'weights/größe ☃.bin': randomBytes(3 * MiB),
      'weights/odd:name*?.bin': randomBytes(10),
      empty: '',
      '.git/config': 'left out',
    };
    const place = folder('one', files);
    const version = await push(place, {
      input: { model: 'fraud', alias: 'candidate', tags: { team: 'risk' } },
    });
    const { '.git/config': _, ...sent } = files;
    const digest = createHash('sha256');
    for (const path of Object.keys(sent).toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))) {
      digest.update(
        createHash('sha256')
          .update(sent[path as keyof typeof sent])
          .digest(),
      );
    }
    expect(version).toMatchObject({ model: 'fraud', version: 1, digest: digest.digest('hex') });
    const pulled = await pull('fraud@candidate', 'back');
    expect(pulled).toMatchObject({ version: 1, files: 4, kept: 0, digest: version.digest });
    for (const [path, content] of Object.entries(sent)) {
      expect(readFileSync(join(home, 'back', path)).equals(Buffer.from(content))).toBe(true);
    }
    expect((await pull('fraud@1', 'back')).kept).toBe(4);
    writeFileSync(join(home, 'back', 'config.json'), '{}');
    await expect(pull('fraud', 'back')).rejects.toMatchObject({ exitCode: EXIT.usage });
    await pull('fraud', 'back', { force: true });
    expect(readFileSync(join(home, 'back', 'config.json'), 'utf8')).toBe(files['config.json']);
    expect(
      readdirSync(join(home, 'back'), { recursive: true }).filter((name) =>
        String(name).includes('.bartizan'),
      ),
    ).toEqual([]);
  });

  test('go on by themselves when the line breaks, again and again', async () => {
    const place = folder('large', { 'w.bin': randomBytes(24 * MiB) });
    const line = await breakingLine([2 * MiB, 5 * MiB, 9 * MiB]);
    const version = await push(place, { session: line }, 'broken');
    expect(version).toMatchObject({ model: 'broken', version: 1 });
    await pull('broken@1', 'broken-back');
    const [sent, back] = [join(place, 'w.bin'), join(home, 'broken-back', 'w.bin')].map((path) =>
      readFileSync(path),
    );
    expect(back?.equals(sent ?? Buffer.alloc(0))).toBe(true);
  }, 300_000);

  test('go on with what was begun, when the command is started again', async () => {
    const place = folder('again', { 'w.bin': randomBytes(24 * MiB) });
    const line = await breakingLine([6 * MiB]);
    await expect(push(place, { resume: true }, 'again')).rejects.toThrow('no upload');
    await expect(push(place, { session: line, patienceMs: -1 }, 'again')).rejects.toMatchObject({
      status: 0,
    });
    const api = clientFor(session);
    const begun = async () =>
      (await api.call(uploadRoutes.list, {})).items.filter(({ model }) => model === 'again');
    // The server notices that the line is gone a moment later.
    await expect
      .poll(async () => (await begun())[0]?.receivedBytes ?? 0, { timeout: 30_000 })
      .toBeGreaterThan(0);
    const notes: string[] = [];
    await push(place, { resume: true, note: (line) => void notes.push(line) }, 'again');
    expect(notes.join()).toContain('Going on');
    expect(await begun()).toEqual([]);
  }, 300_000);

  test('send what the server has not again', async () => {
    const place = folder('shared', { 'base.bin': randomBytes(MiB), 'head.bin': randomBytes(100) });
    await push(place, {}, 'shared');
    writeFileSync(join(place, 'head.bin'), randomBytes(200));
    let sent = 0;
    const progress = { ...quiet, add: (bytes: number) => void (sent += bytes) };
    expect(await push(place, { progress }, 'shared')).toMatchObject({ version: 2 });
    expect(sent).toBe(200);
  });

  test('tell a file that changes while it is sent', async () => {
    const place = folder('changing', { 'w.bin': randomBytes(MiB) });
    const { files } = await localFiles(place);
    const hashed = await hashFiles(files, () => undefined);
    writeFileSync(join(place, 'w.bin'), randomBytes(MiB));
    await expect(push(place, { files: hashed }, 'changing')).rejects.toThrow('changed meanwhile');
  });

  test('never follow links, nor write through them', async () => {
    const place = folder('links', { 'a.bin': 'a' });
    symlinkSync('/etc/hostname', join(place, 'b.bin'));
    await expect(localFiles(place)).rejects.toMatchObject({
      exitCode: EXIT.usage,
      message: expect.stringContaining('b.bin'),
    });
    rmSync(join(place, 'b.bin'));
    mkdirSync(join(home, 'outside'));
    symlinkSync(join(home, 'outside'), join(place, 'weights'));
    await expect(localFiles(place)).rejects.toMatchObject({ exitCode: EXIT.usage });
    await push(folder('nested', { 'weights/w.bin': 'w' }), {}, 'nested');
    mkdirSync(join(home, 'trap'));
    symlinkSync(join(home, 'outside'), join(home, 'trap', 'weights'));
    await expect(pull('nested@1', 'trap')).rejects.toThrow('outside');
    expect(readdirSync(join(home, 'outside'))).toEqual([]);
    mkdirSync(join(home, 'trap2', 'weights'), { recursive: true });
    symlinkSync(join(home, 'outside', 'made'), join(home, 'trap2', 'weights', 'w.bin'));
    await expect(pull('nested@1', 'trap2', { force: true })).rejects.toMatchObject({ exitCode: EXIT.usage });
    expect(existsSync(join(home, 'outside', 'made'))).toBe(false);
  });

  test('are refused with a plain word', async () => {
    await expect(localFiles(join(home, 'nowhere'))).rejects.toMatchObject({ exitCode: EXIT.usage });
    mkdirSync(join(home, 'nothing'));
    await expect(localFiles(join(home, 'nothing'))).rejects.toMatchObject({ exitCode: EXIT.usage });
    await expect(push(folder('bad', { a: 'a' }), {}, 'a/b')).rejects.toMatchObject({ exitCode: EXIT.usage });
    await expect(pull('nobody@1', 'none')).rejects.toMatchObject({ status: 404 });
    expect(() => parseVersion('@3')).toThrow('fraud@3');
    expect(parseVersion('a@b@3')).toEqual({ model: 'a@b', ref: '3' });
  });
});

describe('progress', () => {
  test('shows rate and time left on a terminal', () => {
    let now = 0;
    let text = '';
    const terminal = { isTTY: true, columns: 120, write: (more: string) => void (text += more) };
    const progress = createByteProgress('Uploading', 100 * MiB, { terminal, nowMs: () => now });
    while (now < 5_000) {
      now += 500;
      progress.add(5 * MiB);
    }
    expect(text).toContain('50%');
    expect(text).toContain('10.0 MiB/s');
    expect(text).toContain('5 s left');
    expect([bytesText(0), bytesText(1536), bytesText(5 * 2 ** 30)]).toEqual(['0 B', '1.50 KiB', '5.00 GiB']);
    expect([timeText(59), timeText(61), timeText(7_260)]).toEqual(['59 s', '1 min 1 s', '2 h 1 min']);
  });
});
