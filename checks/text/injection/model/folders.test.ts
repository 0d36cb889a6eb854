import { hash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FixtureModel, fixtureModel } from './fixture.ts';
import { createModelFolders, type GetFile, isWhole, manifestBytes, manifestDigest } from './folders.ts';
import type { Manifest } from './manifest.ts';
import { demandModelFolder } from './named.ts';
import { MODEL_FOLDER } from './open.ts';

const HOUR = 3_600_000;
let root: string;
const made: FixtureModel[] = [];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'bartizan-folders-'));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
  for (const model of made.splice(0)) model.remove();
});

/** A model and what gives its files out. */
function published(version: string, change: (files: Map<string, Buffer>) => void = () => undefined) {
  const model = fixtureModel();
  made.push(model);
  const manifest: Manifest = { ...model.manifest, version };
  const sha256 = manifestDigest(manifest);
  const files = new Map<string, Buffer>([[sha256, manifestBytes(manifest)]]);
  for (const file of Object.values(manifest.files)) {
    files.set(file.sha256, readFileSync(join(model.folder, file.name)));
  }
  change(files);
  let asked = 0;
  const get: GetFile = async function* ({ sha256: digest }) {
    asked += 1;
    yield files.get(digest) ?? Buffer.alloc(0);
  };
  return { sha256, name: `fixture@${version}`, get, asked: () => asked, manifest };
}
const there = (): string[] => readdirSync(root).filter((name) => !name.startsWith('.'));

describe('models on disk', () => {
  test('hold every file that the manifest lists, and are fetched once', async () => {
    const one = published('1');
    const folders = createModelFolders({ root, most: 3 });
    const { folder } = await folders.take(one, one.get);
    const names = ['model.json', ...Object.values(one.manifest.files).map(({ name }) => name)];
    expect(readdirSync(folder).toSorted()).toEqual(names.toSorted());
    await folders.take(one, one.get);
    expect(one.asked()).toBe(names.length);
  });

  test('that are in use stay, however old they look, and go once nobody has them', async () => {
    const folders = createModelFolders({ root, most: 2 });
    const live = published('live');
    const held = await folders.take(live, live.get);
    utimesSync(held.folder, 1, 1);
    for (const version of ['2', '3', '4']) {
      const other = published(version);
      await (await folders.take(other, other.get)).release();
    }
    expect(there()).toContain(live.sha256);
    expect(there()).toHaveLength(2);
    // Another process of the same root sees that it is in use.
    const beside = createModelFolders({ root, most: 1 });
    const next = published('5');
    await (await beside.take(next, next.get)).release();
    expect(there()).toContain(live.sha256);
    await held.release();
    utimesSync(held.folder, 1, 1);
    const last = published('6');
    await folders.take(last, last.get);
    expect(there()).not.toContain(live.sha256);
  });

  test('whose process was lost go after an hour, and so do drafts', async () => {
    const folders = createModelFolders({ root, most: 1 });
    const old = published('1');
    await folders.take(old, old.get);
    mkdirSync(join(root, '.draft-lost'));
    writeFileSync(join(root, '.draft-lost', 'encoder.onnx'), 'half');
    mkdirSync(join(root, '.draft-fresh'));
    utimesSync(join(root, '.draft-lost'), (Date.now() - 2 * HOUR) / 1_000, (Date.now() - 2 * HOUR) / 1_000);
    const next = published('2');
    const later = createModelFolders({ root, most: 1, nowMs: () => Date.now() + 2 * HOUR });
    await later.take(next, next.get);
    expect(existsSync(join(root, '.draft-lost'))).toBe(false);
    expect(there()).toEqual([next.sha256]);
  });

  test.each(['model.json', 'encoder.onnx', 'vocab.txt', 'linear.bin'])(
    'are laid anew where %s was altered',
    async (name) => {
      const one = published('1');
      const folders = createModelFolders({ root, most: 3 });
      const { folder } = await folders.take(one, one.get);
      const bytes = readFileSync(join(folder, name));
      // A manifest that still parses, with laxer thresholds, is none of ours either.
      const altered =
        name === 'model.json'
          ? Buffer.from(bytes.toString().replaceAll('"balanced": 0.5', '"balanced": 0.8'))
          : Buffer.concat([bytes.subarray(0, -1), Buffer.from([(bytes.at(-1) ?? 0) ^ 1])]);
      expect(altered.equals(bytes)).toBe(false);
      writeFileSync(join(folder, name), altered);
      expect(await isWhole(folder, one)).toBe(false);
      const again = await folders.take(one, one.get);
      expect(readFileSync(join(again.folder, name)).equals(bytes)).toBe(true);
    },
  );

  test('are refused where a file is another, too large, or the manifest names another model', async () => {
    const folders = createModelFolders({ root, most: 3 });
    const wrong = published('1', (files) => {
      for (const [digest, bytes] of files) {
        if (bytes.length > 10_000) files.set(digest, Buffer.concat([bytes, Buffer.from('x')]));
      }
    });
    await expect(folders.take(wrong, wrong.get)).rejects.toThrow('larger than');
    const other = published('2', (files) => {
      for (const digest of files.keys()) files.set(digest, Buffer.from('{}'));
    });
    await expect(folders.take(other, other.get)).rejects.toThrow('another digest');
    const renamed = published('3');
    await expect(folders.take({ ...renamed, name: 'fixture@4' }, renamed.get)).rejects.toThrow(
      'names another',
    );
    expect(readdirSync(root)).toEqual(['.pins']);
    expect(readdirSync(join(root, '.pins'))).toEqual([]);
  });

  test('keep the event loop free while they are hashed', async () => {
    const one = published('1');
    const folders = createModelFolders({ root, most: 3 });
    const { folder } = await folders.take(one, one.get);
    const large = Buffer.alloc(60 * 1024 * 1024, 7);
    const encoder = { name: 'encoder.onnx', bytes: large.length, sha256: hash('sha256', large) };
    const manifest: Manifest = { ...one.manifest, files: { ...one.manifest.files, encoder } };
    writeFileSync(join(folder, 'model.json'), manifestBytes(manifest));
    writeFileSync(join(folder, encoder.name), large);
    let turns = 0;
    const timer = setInterval(() => {
      turns += 1;
    }, 1);
    expect(await isWhole(folder, { sha256: manifestDigest(manifest) })).toBe(true);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(3);
  });
});

describe('a model folder that a setting names', () => {
  test('must hold a model; only the product’s own may be absent', () => {
    expect(() => demandModelFolder(join(root, 'nothing'))).toThrow('BARTIZAN_INJECTION_MODEL');
    expect(() => demandModelFolder(root)).toThrow('holds no model');
    const model = fixtureModel();
    made.push(model);
    expect(demandModelFolder(model.folder)).toBe(model.folder);
    expect([demandModelFolder('none'), demandModelFolder(''), demandModelFolder(undefined)]).toEqual([
      null,
      MODEL_FOLDER,
      MODEL_FOLDER,
    ]);
  });
});
