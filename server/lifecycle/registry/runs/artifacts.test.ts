import { createHash, randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AppError } from '../../../kernel/error.ts';
import { artifactPath } from './artifact-paths.ts';
import type { Sender } from './artifact-quota.ts';
import { DEFAULT_EXPERIMENT_ID } from './migrations.ts';
import type { ArtifactRoot } from './model.ts';
import { ADA, MAX_UPLOAD_BYTES, startTracking, type TestTracking } from './testing.ts';

let world: TestTracking;
beforeAll(async () => {
  world = await startTracking();
});
afterAll(() => world?.close());

const signal = new AbortController().signal;
async function* bytes(...chunks: string[]) {
  for (const chunk of chunks) yield Buffer.from(chunk);
}
async function newRoot(): Promise<ArtifactRoot> {
  const run = {
    experimentId: DEFAULT_EXPERIMENT_ID,
    name: 'r',
    userName: '',
    startedAt: undefined,
    tags: [],
  };
  return { kind: 'run', id: await world.runs.create(ADA, run) };
}
const put = (root: ArtifactRoot, path: string, text = path) =>
  world.artifacts.put(root, path, { sender: ADA, bytes: bytes(text), signal });
async function read(root: ArtifactRoot, path: string): Promise<string> {
  const file = await world.artifacts.open(root, path, { teamId: null, signal });
  const chunks: Uint8Array[] = [];
  for await (const chunk of file.bytes) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** What got out of MLflow's own artifact folders, in every wrapping. */
const TRAVERSALS = [
  '..',
  '../x',
  'a/../../x',
  'a/..',
  './x',
  'a//x',
  '//etc/passwd',
  '/%2e%2e/x',
  '%2e%2e/x',
  '%2e%2e%2fx',
  '..%2fx',
  'a/%2e%2e%2f%2e%2e%2fx',
  '%252e%252e/x',
  '%252e%252e%252fx',
  '%25252e%25252e%25252fx',
  'a%5c..%5cx',
  '..\\x',
  'C:\\x',
  'c:x',
  'file:///etc/passwd',
  'file:/etc/passwd',
  'http://evil.example/x',
  's3://bucket/x',
  'a\0b',
  'a%00b',
  'a\nb',
  'a/%3f/..',
  '\u202egpj.exe',
  'a./x',
  'x%20',
  'a/%6eul.txt',
  `${'a/'.repeat(600)}x`,
];

describe('paths of artifacts', () => {
  test.each(TRAVERSALS.map((path) => [path.slice(0, 40), path]))('refuses %j', (_, path) => {
    expect(() => artifactPath(path)).toThrow(AppError);
  });

  test.each([
    ['a', 'a'],
    ['/a/', 'a'],
    ['', ''],
    ['model/MLmodel', 'model/MLmodel'],
    ['a b/ü/100%', 'a b/ü/100%'],
    ['epoch:1.png', 'epoch:1.png'],
    ['a..b/.hidden', 'a..b/.hidden'],
    ['x?y#z', 'x?y#z'],
  ])('takes %j', (path, kept) => {
    expect(artifactPath(path)).toBe(kept);
  });

  test('what is taken stays below its folder, however often it is decoded', () => {
    const piece = fc.constantFrom(
      '.',
      '..',
      '/',
      '\\',
      '%',
      '2e',
      '2f',
      '5c',
      '25',
      'a',
      ':',
      '%2e',
      '%2F',
      '\0',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece, { maxLength: 12 }).map((all) => all.join('')),
        ),
        (sent) => {
          let path: string;
          try {
            path = artifactPath(sent);
          } catch (error) {
            expect(error).toBeInstanceOf(AppError);
            return;
          }
          for (let step = 0; step < 3; step++) {
            expect(path.split(/[/\\]/)).not.toContain('..');
            expect(path).not.toMatch(/^[/\\]|\0/);
            try {
              path = decodeURIComponent(path);
            } catch {
              return;
            }
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

describe('files', () => {
  test('are listed like a file system, read back, replaced and removed', async () => {
    const root = await newRoot();
    await put(root, 'model/MLmodel', 'one');
    await put(root, 'model/data/w.bin', 'four');
    await put(root, 'mode', 'x');
    await put(root, 'model-2/a', 'y');
    expect(await world.artifacts.list(root, '')).toMatchObject([
      { name: 'mode', folder: false, size: 1 },
      { name: 'model', folder: true, size: 7, sha256: null },
      { name: 'model-2', folder: true },
    ]);
    expect(await world.artifacts.list(root, 'model')).toMatchObject([
      { name: 'MLmodel', folder: false, sha256: sha256('one') },
      { name: 'data', folder: true },
    ]);
    expect(await world.artifacts.list(root, 'model/MLmodel')).toEqual([]);
    expect((await world.artifacts.tree(root, 'model')).map(({ path }) => path)).toEqual([
      'MLmodel',
      'data/w.bin',
    ]);
    await put(root, 'model/MLmodel', 'two');
    expect(await read(root, 'model/MLmodel')).toBe('two');
    expect(await world.artifacts.totals(root)).toEqual({ files: 4, sizeBytes: 9 });
    await world.artifacts.remove(ADA, root, 'model');
    expect((await world.artifacts.list(root, '')).map(({ name }) => name)).toEqual(['mode', 'model-2']);
    await expect(read(root, 'model/MLmodel')).rejects.toMatchObject({ code: 'not_found' });
    expect((await world.audited()).at(-1)).toMatchObject({
      action: 'artifacts.deleted',
      detail: { files: 2 },
    });
  });

  test('have names that are files or folders, never both, however many come at once', async () => {
    const root = await newRoot();
    await put(root, 'a/b');
    await expect(put(root, 'a')).rejects.toMatchObject({ code: 'invalid_input' });
    await expect(put(root, 'a/b/c')).rejects.toMatchObject({ code: 'invalid_input' });
    const results = await Promise.allSettled([
      put(root, 'x'),
      put(root, 'x/y'),
      put(root, 'x/y/z'),
      put(root, 'x/z'),
    ]);
    expect(results.some(({ status }) => status === 'fulfilled')).toBe(true);
    const kept = (await world.artifacts.tree(root, '')).map(({ path }) => path);
    for (const path of kept) expect(kept.filter((other) => other.startsWith(`${path}/`))).toEqual([]);
  });

  test('of one run are not those of another, and refused content is not given out', async () => {
    const [one, other] = [await newRoot(), await newRoot()];
    await put(one, 'f', 'evil');
    await expect(read(other, 'f')).rejects.toMatchObject({ code: 'not_found' });
    world.refused.add(sha256('evil'));
    await expect(read(one, 'f')).rejects.toThrow(/malicious/);
  });

  test('an upload that breaks off leaves what was there', async () => {
    const root = await newRoot();
    await put(root, 'f', 'whole');
    async function* broken() {
      yield Buffer.from('half');
      throw new AppError('invalid_input', 'the upload broke off before its end');
    }
    await expect(world.artifacts.put(root, 'f', { sender: ADA, bytes: broken(), signal })).rejects.toThrow(
      /broke off/,
    );
    expect(await read(root, 'f')).toBe('whole');
  });

  test('with names beyond the first plane are listed whole', async () => {
    const root = await newRoot();
    await put(root, '🚀/🚀/file');
    expect((await world.artifacts.list(root, '🚀')).map(({ name }) => name)).toEqual(['🚀']);
    expect((await world.artifacts.list(root, '🚀/🚀')).map(({ name }) => name)).toEqual(['file']);
  });
});

describe('what is sent', () => {
  async function* zeros(size: number) {
    const chunk = Buffer.alloc(64 * 1024);
    for (let at = 0; at < size; at += chunk.byteLength)
      yield chunk.subarray(0, Math.min(chunk.byteLength, size - at));
  }
  const sendAs = async (sender: Sender, size: number, root?: ArtifactRoot) =>
    await world.artifacts.put(root ?? (await newRoot()), 'f', { sender, bytes: zeros(size), signal });
  const somebody = (): Sender => ({ id: randomUUID(), ownerId: randomUUID() });

  test('is no larger than an upload may be, and nothing of what is larger is kept', async () => {
    const root = await newRoot();
    await expect(sendAs(somebody(), MAX_UPLOAD_BYTES + 1, root)).rejects.toMatchObject({ code: 'too_large' });
    expect(await world.artifacts.list(root, '')).toEqual([]);
    await sendAs(somebody(), MAX_UPLOAD_BYTES, root);
  });

  test('is bounded for each owner and day, whichever of their keys sends it and whether it is kept', async () => {
    const owner = somebody();
    const key: Sender = { ...owner, id: randomUUID() };
    await sendAs(owner, MAX_UPLOAD_BYTES);
    await expect(sendAs(key, MAX_UPLOAD_BYTES + 1)).rejects.toMatchObject({ code: 'too_large' });
    await expect(sendAs(key, MAX_UPLOAD_BYTES)).rejects.toMatchObject({
      code: 'too_many_requests',
      hint: expect.stringContaining('BARTIZAN_MAX_UPLOAD_GIB'),
    });
    for (const sender of [owner, key]) {
      await expect(sendAs(sender, 1)).rejects.toMatchObject({ code: 'too_many_requests' });
    }
    await sendAs({ ...key, serviceAccountId: randomUUID() }, 1);
    await sendAs(somebody(), 1);
    world.later(25 * 3_600_000);
    await world.artifacts.upkeep();
    const { rows } = await world.pool.query('select count(*)::int as n from artifact_bytes');
    expect(rows).toEqual([{ n: 0 }]);
    await sendAs(key, MAX_UPLOAD_BYTES);
  });
});

describe('how a run was made', () => {
  const GRACE: Sender = { id: randomUUID() };
  const recipe = 'bartizan/recipe.json';
  const putAs = (sender: Sender, root: ArtifactRoot, path: string, text: string) =>
    world.artifacts.put(root, path, { sender, bytes: bytes(text), signal });

  test('is kept by who made it, once', async () => {
    const root = await newRoot();
    await expect(putAs(GRACE, root, recipe, 'rm -rf')).rejects.toMatchObject({ code: 'forbidden' });
    await put(root, recipe, 'as it was');
    for (const sender of [ADA, GRACE])
      await expect(putAs(sender, root, recipe, 'rm -rf')).rejects.toMatchObject({ code: 'forbidden' });
    // Also over the other spellings of its path.
    await expect(put(root, '/bartizan/recipe.json/', 'rm -rf')).rejects.toMatchObject({ code: 'forbidden' });
    expect(await read(root, recipe)).toBe('as it was');
    await put(root, 'bartizan/outputs.json', 'later');
  });

  test('is not removed, alone or with what is beside it', async () => {
    const root = await newRoot();
    await put(root, 'model/weights.bin');
    await put(root, recipe, 'as it was');
    for (const path of ['', '/', 'bartizan', 'bartizan/', recipe])
      await expect(world.artifacts.remove(ADA, root, path)).rejects.toMatchObject({ code: 'forbidden' });
    expect(await read(root, recipe)).toBe('as it was');
    await world.artifacts.remove(ADA, root, 'model');
    await world.artifacts.remove(ADA, root, 'bartizan/nothing');
    await put(root, 'bartizan.txt', 'beside it');
    await put(root, 'bartizan.txt', 'changed');
    await world.artifacts.remove(ADA, root, 'bartizan.txt');
    const empty = await newRoot();
    await put(empty, 'a');
    await world.artifacts.remove(ADA, empty, '');
  });

  test('is written by one of two who write at once', async () => {
    const root = await newRoot();
    const done = await Promise.allSettled([put(root, recipe, 'one'), put(root, recipe, 'other')]);
    expect(done.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });
});
