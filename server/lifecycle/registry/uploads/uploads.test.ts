import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Upload, type UploadedVersion, UploadInput } from '@bartizan/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { auditMigrations, createAuditLog } from '../../../audit/index.ts';
import { AppError } from '../../../kernel/error.ts';
import type { OpenDatabase } from '../../../platform/database/index.ts';
import { withTestDatabase } from '../../../platform/database/testing.ts';
import type { Principal } from '../../../platform/http/types.ts';
import {
  objectMigrations,
  openObjects,
  type RecordedObjects,
  recordObjects,
} from '../../../platform/objects/index.ts';
import { principalWith } from '../../testing.ts';
import { uploadMigrations } from './migrations.ts';
import { MAX_OPEN_UPLOADS } from './model.ts';
import type { NewVersion, UploadPorts } from './ports.ts';
import { createUploadService, type UploadService } from './service.ts';

const DAY = 86_400_000;
const MiB = 1024 * 1024;
const dataDir = mkdtempSync(join(tmpdir(), 'bartizan-uploads-'));
let open: OpenDatabase;
let objects: RecordedObjects;
let uploads: UploadService;
let nowMs = Date.now();
const made: NewVersion[] = [];
const told: UploadedVersion[] = [];
/** Digests that everybody may download, for the test. */
const downloadable = new Set<string>();

/** Teams of models that are there already. */
const teams = new Map<string, string>();

const ports: UploadPorts = {
  async prepare(_, { model, teamId = null }) {
    if (model === 'theirs') throw new AppError('conflict', 'the name is taken');
    return teams.get(model) ?? teamId;
  },
  async createVersion(_, version) {
    made.push(version);
    const digest = createHash('sha256').update(JSON.stringify(version.files)).digest('hex');
    return {
      modelId: randomUUID(),
      model: version.model,
      versionId: randomUUID(),
      version: made.length,
      digest,
    };
  },
  created: (version) => void told.push(version),
  downloadable: async (_, digests) => new Set(digests.filter((one) => downloadable.has(one))),
};

function start(): UploadService {
  const clock = { now: () => nowMs };
  objects = recordObjects({
    objects: openObjects({ dataDir, objects: { kind: 'folder' } }),
    database: open.database,
    now: clock.now,
  });
  const audit = createAuditLog({ database: open.database, clock });
  return createUploadService({
    database: open.database,
    objects,
    audit,
    clock,
    config: { maxUploadBytes: 64 * MiB },
    ports,
  });
}

beforeAll(async () => {
  open = await withTestDatabase([...auditMigrations, ...objectMigrations, ...uploadMigrations]);
});
beforeEach(async () => {
  await open.pool.query('delete from uploads');
  uploads = start();
});
afterAll(async () => {
  await open?.close();
  rmSync(dataDir, { recursive: true, force: true });
});

const ada = principalWith();
const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
async function* chunks(bytes: Uint8Array, size = 64 * 1024): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size);
}
async function* cut(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
  throw new AppError('invalid_input', 'the upload broke off before its end');
}
const begin = (
  files: Record<string, Uint8Array>,
  options: object = {},
  who: Principal = ada,
): Promise<Upload> =>
  uploads.create(
    who,
    UploadInput.parse({
      model: 'fraud',
      files: Object.entries(files).map(([path, bytes]) => ({
        path,
        size: bytes.byteLength,
        sha256: sha(bytes),
      })),
      ...options,
    }),
  );
const send = (
  id: string,
  path: string,
  bytes: Uint8Array,
  { offset = 0, announced = bytes.byteLength as number | null, who = ada } = {},
) => uploads.sendFile(who, id, { path, offset, bytes: chunks(bytes), announced });
const staged = (): string[] =>
  readdirSync(join(dataDir, 'objects', 'staging')).filter((name) => !name.includes('.'));

describe('an upload', () => {
  test('of several files becomes a version, once', async () => {
    const files = {
      'config.json': randomBytes(300),
      'weights/a.bin': randomBytes(9 * MiB),
      empty: Buffer.alloc(0),
    };
    const {
      id,
      files: listed,
      totalBytes,
    } = await begin(files, { tags: { team: 'risk' }, alias: 'candidate' });
    expect(totalBytes).toBe(300 + 9 * MiB);
    expect(listed.map(({ complete }) => complete)).toEqual([false, false, true]);
    await expect(uploads.finish(ada, id)).rejects.toMatchObject({
      code: 'conflict',
      issues: [{ path: 'config.json' }, { path: 'weights/a.bin' }],
    });
    expect(await send(id, 'config.json', files['config.json'])).toMatchObject({
      complete: true,
      received: 300,
    });
    expect(await send(id, 'weights/a.bin', files['weights/a.bin'])).toMatchObject({ complete: true });
    const version = await uploads.finish(ada, id);
    expect(made.at(-1)).toMatchObject({
      model: 'fraud',
      tags: { team: 'risk' },
      alias: 'candidate',
      files: Object.entries(files).map(([path, bytes]) => ({
        path,
        size: bytes.byteLength,
        sha256: sha(bytes),
      })),
    });
    expect(told.at(-1)).toEqual(version);
    const before = made.length;
    expect(await uploads.finish(ada, id)).toEqual(version);
    expect([made.length, told.length]).toEqual([before, before]);
    await expect(send(id, 'empty', Buffer.alloc(0))).rejects.toMatchObject({ code: 'conflict' });
    expect(await uploads.list(ada)).toEqual([]);
    const { rows } = await open.pool.query(
      'select action from audit_entries where subject = $1 order by id',
      [`upload:${id}`],
    );
    expect(rows.map(({ action }) => action).toSorted()).toEqual(['uploads.begun', 'uploads.finished']);
  });

  test('goes on where the line broke, and after the server was restarted', async () => {
    const bytes = randomBytes(10 * MiB);
    const { id } = await begin({ 'w.bin': bytes });
    const broken = uploads.sendFile(ada, id, {
      path: 'w.bin',
      offset: 0,
      bytes: cut(bytes.subarray(0, 3 * MiB)),
      announced: bytes.byteLength,
    });
    await expect(broken).rejects.toMatchObject({ code: 'invalid_input' });
    expect((await uploads.get(ada, id)).files[0]).toMatchObject({ received: 3 * MiB, complete: false });
    uploads = start();
    expect((await uploads.get(ada, id)).receivedBytes).toBe(3 * MiB);
    await expect(send(id, 'w.bin', bytes)).rejects.toMatchObject({
      code: 'conflict',
      hint: expect.stringContaining(`offset=${3 * MiB}`),
    });
    await send(id, 'w.bin', bytes.subarray(3 * MiB, 7 * MiB), { offset: 3 * MiB });
    const last = bytes.subarray(7 * MiB);
    expect(await send(id, 'w.bin', last, { offset: 7 * MiB, announced: null })).toMatchObject({
      complete: true,
      sha256: sha(bytes),
    });
    await uploads.finish(ada, id);
    expect(staged()).toEqual([]);
  });

  test('is completed by an empty request when the answer to the last part was lost in a crash', async () => {
    const bytes = randomBytes(9 * MiB);
    const { id } = await begin({ 'w.bin': bytes });
    await send(id, 'w.bin', bytes.subarray(0, MiB));
    const { rows } = await open.pool.query('select staging from upload_files where upload_id = $1', [id]);
    await objects.staging.append(rows[0].staging, MiB, chunks(bytes.subarray(MiB)), {
      maxBytes: bytes.byteLength,
    });
    expect((await uploads.get(ada, id)).files[0]).toMatchObject({
      received: bytes.byteLength,
      complete: false,
    });
    expect(await send(id, 'w.bin', Buffer.alloc(0), { offset: bytes.byteLength })).toMatchObject({
      complete: true,
    });
  });

  test('begins a file anew when its bytes are not those that were told', async () => {
    const [bytes, other] = [randomBytes(9 * MiB), randomBytes(9 * MiB)];
    const { id } = await begin({ 'w.bin': bytes, small: bytes.subarray(0, 10) });
    await expect(send(id, 'w.bin', other)).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(send(id, 'small', other.subarray(0, 10))).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(send(id, 'w.bin', Buffer.concat([bytes, other]))).rejects.toMatchObject({
      code: 'too_large',
    });
    const { received } = (await uploads.get(ada, id)).files[0] ?? { received: -1 };
    await expect(send(id, 'w.bin', Buffer.alloc(1), { offset: bytes.byteLength + 1 })).rejects.toMatchObject({
      code: 'conflict',
    });
    expect(await send(id, 'w.bin', bytes.subarray(received), { offset: received })).toMatchObject({
      complete: true,
    });
    expect(await send(id, 'small', bytes.subarray(0, 10))).toMatchObject({ complete: true });
  });

  test('without digests is hashed here', async () => {
    const bytes = randomBytes(1000);
    const input = { model: 'fraud', files: [{ path: 'a', size: 1000 }] };
    const { id } = await uploads.create(ada, UploadInput.parse(input));
    await send(id, 'a', bytes.subarray(0, 400));
    expect(await send(id, 'a', bytes.subarray(400), { offset: 400 })).toMatchObject({
      sha256: sha(bytes),
      complete: true,
    });
  });

  test('is taken over by the newest request for the same file', async () => {
    const bytes = randomBytes(9 * MiB);
    const { id } = await begin({ 'w.bin': bytes });
    let stalled: () => void = () => undefined;
    const reached = new Promise<void>((resolve) => {
      stalled = resolve;
    });
    async function* hangs() {
      yield bytes.subarray(0, MiB);
      stalled();
      await new Promise(() => undefined);
    }
    const first = uploads.sendFile(ada, id, { path: 'w.bin', offset: 0, bytes: hangs(), announced: null });
    const refused = expect(first).rejects.toMatchObject({ code: 'conflict' });
    await reached;
    expect(await send(id, 'w.bin', bytes.subarray(MiB), { offset: MiB })).toMatchObject({ complete: true });
    await refused;
  });

  test('waits for another server that writes the file, and takes over when that one died', async () => {
    const bytes = randomBytes(9 * MiB);
    const { id } = await begin({ 'w.bin': bytes });
    await open.pool.query('update upload_files set lease = $1, lease_until = $2', [
      randomUUID(),
      nowMs + 20_000,
    ]);
    await expect(send(id, 'w.bin', bytes)).rejects.toMatchObject({ code: 'conflict', retryAfterMs: 2_000 });
    nowMs += 21_000;
    expect(await send(id, 'w.bin', bytes)).toMatchObject({ complete: true });
  });
});

describe('content that is here', () => {
  test('need not be sent by who may download it, or has sent it before', async () => {
    const bytes = randomBytes(1000);
    const bea = principalWith();
    const first = await begin({ a: bytes });
    await send(first.id, 'a', bytes);
    expect((await begin({ again: bytes })).files[0]).toMatchObject({ complete: true });
    expect((await begin({ again: bytes }, {}, bea)).files[0]).toMatchObject({ complete: false, received: 0 });
    downloadable.add(sha(bytes));
    expect((await begin({ again: bytes }, {}, bea)).files[0]).toMatchObject({ complete: true });
  });

  test('is not believed to have another size, nor to be here when its bytes are gone', async () => {
    const bytes = randomBytes(1000);
    await objects.put(chunks(bytes));
    downloadable.add(sha(bytes));
    const input = { model: 'fraud', files: [{ path: 'a', size: 999, sha256: sha(bytes) }] };
    expect((await uploads.create(ada, UploadInput.parse(input))).files[0]).toMatchObject({ complete: false });
    rmSync(join(dataDir, 'objects', sha(bytes).slice(0, 2)), { recursive: true });
    expect((await begin({ a: bytes })).files[0]).toMatchObject({ complete: false });
  });

  test('stays as long as an upload refers to it', async () => {
    const bytes = randomBytes(1000);
    const { id } = await begin({ a: bytes });
    await send(id, 'a', bytes);
    nowMs += 2 * DAY;
    await objects.collect();
    expect(await objects.has(sha(bytes))).toBe(true);
    await uploads.discard(ada, id);
    await objects.collect();
    expect(await objects.has(sha(bytes))).toBe(false);
  });
});

describe('who may', () => {
  test('go on with it: whoever began it and keys of the same owner, and nobody else', async () => {
    const bytes = randomBytes(100);
    const { id } = await begin({ a: bytes }, { teamId: null }, { ...ada, ownerId: ada.id });
    const key: Principal = { ...principalWith(), kind: 'key', ownerId: ada.id };
    expect((await uploads.get(key, id)).id).toBe(id);
    expect((await uploads.list(key)).map((one) => one.id)).toEqual([id]);
    const bound: Principal = { ...key, endpoints: new Set([randomUUID()]) };
    const stranger: Principal = { ...principalWith(), ownerId: null };
    for (const who of [bound, stranger, { ...stranger, ownerId: randomUUID() }]) {
      for (const attempt of [
        () => uploads.get(who, id),
        () => send(id, 'a', bytes, { who }),
        () => uploads.finish(who, id),
        () => uploads.discard(who, id),
      ]) {
        await expect(attempt()).rejects.toMatchObject({ code: 'not_found' });
      }
    }
    expect(await uploads.list(stranger)).toEqual([]);
    await expect(begin({ a: bytes }, {}, bound)).rejects.toMatchObject({ code: 'forbidden' });
  });

  test('no longer go on with it when the team is not theirs any more', async () => {
    const teamId = randomUUID();
    const { id } = await begin({ a: randomBytes(10) }, { teamId });
    const moved: Principal = { ...ada, teams: new Set([randomUUID()]) };
    await expect(uploads.get(moved, id)).rejects.toMatchObject({ code: 'not_found' });
    expect((await uploads.get({ ...ada, teams: new Set([teamId]) }, id)).id).toBe(id);
  });

  test('see and go on with it: no other service account of the same person', async () => {
    const account = (team: string): Principal => ({
      ...principalWith(),
      kind: 'key',
      ownerId: ada.id,
      serviceAccountId: randomUUID(),
      teams: new Set([team]),
    });
    const [red, blue] = [randomUUID(), randomUUID()];
    const [ours, theirs] = [account(red), account(blue)];
    const bytes = randomBytes(100);
    teams.set('red model', red);
    const { id } = await begin({ a: bytes }, { model: 'red model' }, ours);
    await send(id, 'a', bytes, { who: ours });
    const rotated: Principal = { ...ours, id: randomUUID() };
    expect((await uploads.list(rotated)).map((one) => one.id)).toEqual([id]);
    const person: Principal = { ...ada, ownerId: ada.id };
    for (const who of [theirs, person]) {
      expect(await uploads.list(who)).toEqual([]);
      await expect(uploads.get(who, id)).rejects.toMatchObject({ code: 'not_found' });
      expect((await begin({ a: bytes }, {}, who)).files[0]).toMatchObject({ complete: false, received: 0 });
    }
  });

  test('not get at what was sent for a team that is not in their reach any more', async () => {
    const [red, blue] = [randomUUID(), randomUUID()];
    const bytes = randomBytes(100);
    teams.set('red model', red);
    const account: Principal = { ...principalWith(), kind: 'key', serviceAccountId: randomUUID() };
    const inRed = { ...account, teams: new Set([red]) };
    const inBlue = { ...account, teams: new Set([blue]) };
    const { id } = await begin({ a: bytes }, { model: 'red model' }, inRed);
    await send(id, 'a', bytes, { who: inRed });
    expect((await begin({ a: bytes }, {}, inBlue)).files[0]).toMatchObject({ complete: false });
    expect((await uploads.list(inBlue)).map((one) => one.id)).not.toContain(id);
    expect((await begin({ a: bytes }, {}, inRed)).files[0]).toMatchObject({ complete: true });
  });

  test('not begin what the registry refuses', async () => {
    await expect(begin({ a: randomBytes(10) }, { model: 'theirs' })).rejects.toMatchObject({
      code: 'conflict',
    });
  });
});

describe('bounds', () => {
  test('of size, and of what is open at once', async () => {
    const file = (size: number) => ({ model: 'fraud', files: [{ path: 'a', size }] });
    const create = (size: number) => uploads.create(ada, UploadInput.parse(file(size)));
    await expect(create(64 * MiB + 1)).rejects.toMatchObject({ code: 'too_large' });
    await create(64 * MiB);
    await create(64 * MiB);
    await expect(create(1)).rejects.toMatchObject({ code: 'too_many_requests' });
    await open.pool.query('delete from uploads');
    const results = await Promise.allSettled(Array.from({ length: MAX_OPEN_UPLOADS + 3 }, () => create(1)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(MAX_OPEN_UPLOADS);
  });

  test('of time: what gets no part for days is given up, with what came of it', async () => {
    const bytes = randomBytes(9 * MiB);
    const { id } = await begin({ 'w.bin': bytes });
    await send(id, 'w.bin', bytes.subarray(0, MiB));
    expect(staged()).toHaveLength(1);
    nowMs += 2 * DAY;
    await send(id, 'w.bin', bytes.subarray(MiB, 2 * MiB), { offset: MiB });
    nowMs += 2 * DAY;
    await uploads.upkeep();
    expect((await uploads.get(ada, id)).receivedBytes).toBe(2 * MiB);
    nowMs += 2 * DAY;
    await expect(uploads.get(ada, id)).rejects.toMatchObject({ code: 'not_found' });
    await uploads.upkeep();
    expect(staged()).toEqual([]);
    const { rows } = await open.pool.query(
      'select action from audit_entries where subject = $1 order by id desc limit 1',
      [`upload:${id}`],
    );
    expect(rows[0].action).toBe('uploads.expired');
  });

  test.each([
    [
      '../up',
      'a/../../b',
      '/abs',
      'a\\b',
      'C:/x',
      'a//b',
      'a/',
      '.',
      'a\u0000b',
      'a\u202eb',
      'x'.repeat(1025),
      '',
      '\ud800',
      'a /b',
      'a./b',
      'a/b ',
      'a/b...',
      'a/b\u00a0',
      'NUL',
      'a/con.json',
      'Aux .txt/b',
      'lpt\u00b9',
      'com1:x',
    ],
  ])('of paths: what leads elsewhere is no path', (...paths) => {
    for (const path of paths) {
      expect([path, UploadInput.safeParse({ model: 'm', files: [{ path, size: 1 }] }).success]).toEqual([
        path,
        false,
      ]);
    }
  });

  test('of paths that some system takes for one', () => {
    const parse = (...paths: string[]) =>
      UploadInput.safeParse({ model: 'm', files: paths.map((path) => ({ path, size: 1 })) }).success;
    expect(parse('a', 'b/a', 'b/c')).toBe(true);
    expect(parse('.gitattributes', 'console.log', 'auxiliary/nul_model', 'com10', 'a b.c/d')).toBe(true);
    for (const pair of [
      ['a', 'a'],
      ['A', 'a'],
      ['caf\u00e9', 'cafe\u0301'],
      ['stra\u00dfe', 'STRASSE'],
      ['a', 'a/b'],
      ['a/b', 'A'],
      ['\ufb01', 'fi'],
    ]) {
      expect([pair, parse(...pair)]).toEqual([pair, false]);
    }
    expect(parse(...Array.from({ length: 10_001 }, (_, n) => `f${n}`))).toBe(false);
  });
});
