import { rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { FixtureModel } from './fixture.ts';
import { fixtureModel } from './fixture.ts';
import { loadModel, loadModelAside } from './load.ts';
import type { Manifest } from './manifest.ts';
import { InjectionModelError, LINEAR_BYTES } from './manifest.ts';
import { MODEL_FOLDER, modelFolderOf, openInjectionDetector } from './open.ts';

const made: FixtureModel[] = [];
function model(): FixtureModel {
  const one = fixtureModel();
  made.push(one);
  return one;
}
afterEach(() => {
  for (const one of made.splice(0)) one.remove();
});

describe('a model folder', () => {
  it('is read when every file is what the manifest says', () => {
    const { folder } = model();
    const read = loadModel(folder);
    expect(read?.name).toBe('fixture@1');
    expect(read?.linear.logits('zebra').user).toBeGreaterThan(read?.linear.logits('the mill').user ?? 0);
    expect(read?.linear.logits('turnip').third_party).toBeGreaterThan(10);
    expect(read?.linear.logits('turnip').user).toBeLessThan(0);
    expect(read?.linear.logits('')).toEqual({ user: -2, third_party: -2 });
  });

  it('is the same when it is read aside, and as damaged', async () => {
    const one = model();
    const aside = await loadModelAside(one.folder);
    expect([aside?.name, aside?.paths]).toEqual(['fixture@1', loadModel(one.folder)?.paths]);
    expect(aside?.linear.logits('zebra')).toEqual(loadModel(one.folder)?.linear.logits('zebra'));
    const { upper } = one.manifest.files;
    writeFileSync(join(one.folder, upper.name), Buffer.alloc(upper.bytes, 1));
    await expect(loadModelAside(one.folder)).rejects.toThrow('is not the file that model.json lists');
    // Whoever runs the encoder has checked its files.
    expect(loadModel(one.folder, { networks: false })?.name).toBe('fixture@1');
    rmSync(join(one.folder, upper.name));
    await expect(loadModelAside(one.folder)).rejects.toThrow('the model folder is damaged');
    expect(await loadModelAside('/nowhere/at/all')).toBeNull();
  });

  it('may be missing, which is said', () => {
    const warn = vi.fn<(message: string) => void>();
    expect(openInjectionDetector({ folder: '/nowhere/at/all', log: { warn } })).toBeNull();
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('rules alone'));
    const empty = model();
    for (const name of ['model.json', 'encoder.onnx', 'upper.onnx', 'vocab.txt', 'linear.bin'])
      rmSync(join(empty.folder, name));
    expect(loadModel(empty.folder)).toBeNull();
  });

  it.each(['model.json', 'encoder.onnx', 'upper.onnx', 'vocab.txt', 'linear.bin'])(
    'is damaged without %s',
    (name) => {
      const { folder } = model();
      rmSync(join(folder, name));
      expect(() => loadModel(folder)).toThrow(InjectionModelError);
      expect(() => openInjectionDetector({ folder, log: { warn: () => {} } })).toThrow(InjectionModelError);
    },
  );

  it.each(['encoder.onnx', 'upper.onnx', 'vocab.txt', 'linear.bin'])(
    'is damaged when %s is cut short or altered',
    (name) => {
      const { folder } = model();
      truncateSync(join(folder, name), 100);
      expect(() => loadModel(folder)).toThrow(/has 100 bytes, not \d+; the model folder is damaged/);
      const other = model();
      const file = Object.values(other.manifest.files).find((listed) => listed.name === name);
      writeFileSync(join(other.folder, name), Buffer.alloc(file?.bytes ?? 0, 1));
      expect(() => loadModel(other.folder)).toThrow('is not the file that model.json lists');
    },
  );

  it.each([
    ['another format', (m: Manifest) => ({ ...m, format: 2 })],
    ['another window', (m: Manifest) => ({ ...m, window: { tokens: 512 } })],
    ['something unknown', (m: Manifest) => ({ ...m, extra: true })],
    ['no stack for third parties', (m: Manifest) => ({ ...m, stack: { user: m.stack.user } })],
    [
      'points in the wrong order',
      (m: Manifest) => ({ ...m, points: { ...m.points, user: { strict: 0.9, balanced: 0.5, quiet: 0.7 } } }),
    ],
    [
      'a threshold of one',
      (m: Manifest) => ({ ...m, points: { ...m.points, user: { strict: 0.9, balanced: 0.95, quiet: 1 } } }),
    ],
    [
      'an attack below what is harmless',
      (m: Manifest) => ({ ...m, cascade: { ...m.cascade, user: { harmlessBelow: 2, attackAbove: 1 } } }),
    ],
    [
      'a file elsewhere',
      (m: Manifest) => ({
        ...m,
        files: { ...m.files, encoder: { ...m.files.encoder, name: '../encoder.onnx' } },
      }),
    ],
    [
      'a digest that is none',
      (m: Manifest) => ({ ...m, files: { ...m.files, encoder: { ...m.files.encoder, sha256: 'x' } } }),
    ],
    [
      'an encoder too large',
      (m: Manifest) => ({ ...m, files: { ...m.files, encoder: { ...m.files.encoder, bytes: 2 ** 40 } } }),
    ],
  ])('is refused with %s', (_, change) => {
    const one = model();
    one.rewrite(change);
    expect(() => loadModel(one.folder)).toThrow(InjectionModelError);
  });

  it('is refused when the manifest is no JSON, or too much of it', () => {
    const { folder } = model();
    writeFileSync(join(folder, 'model.json'), '{');
    expect(() => loadModel(folder)).toThrow('cannot be read');
    writeFileSync(join(folder, 'model.json'), ' '.repeat(100_000));
    expect(() => loadModel(folder)).toThrow('more than');
  });

  it('is refused when a weight is no number, or a special token is missing', () => {
    const one = model();
    const bytes = Buffer.alloc(LINEAR_BYTES);
    bytes.writeFloatLE(Number.NaN, 400);
    one.replace('linear', bytes);
    expect(() => loadModel(one.folder)).toThrow('no number');
    const other = model();
    other.replace('vocabulary', Buffer.from('[PAD]\n[UNK]\na\n'));
    expect(() => loadModel(other.folder)).toThrow('[CLS]');
  });

  it('is refused by the encoder when its network is another', async () => {
    const one = model();
    one.replace('encoder', Buffer.from('no network at all'));
    const open = openInjectionDetector({ folder: one.folder, log: { warn: () => {} } });
    await expect(open?.warm()).rejects.toThrow(InjectionModelError);
    await open?.encoder.close();
  });
});

describe('the setting of the model', () => {
  it('is a folder, the product’s own, or none', () => {
    expect(modelFolderOf(undefined)).toBe(MODEL_FOLDER);
    expect(modelFolderOf('')).toBe(MODEL_FOLDER);
    expect(modelFolderOf('none')).toBeNull();
    expect(modelFolderOf('/models/mine')).toBe('/models/mine');
  });
});
