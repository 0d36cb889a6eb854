import { createHash } from 'node:crypto';
import { aliasProblem, modelNameProblem } from '@bartizan/contracts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type FileRef, requireFiles, versionDigest, worstVerdict } from './model.ts';

const sha256 = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString('hex'));
const path = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
  .filter((text) => text.isWellFormed());
const files = fc.uniqueArray(fc.record({ path, sha256, size: fc.nat() }), {
  selector: (file) => file.path,
  minLength: 1,
  maxLength: 12,
});

describe('the digest of a version', () => {
  test('does not depend on the order in which files are named, nor on their sizes', () => {
    fc.assert(
      fc.property(files, fc.infiniteStream(fc.nat()), (all, numbers) => {
        const shuffled = all
          .map((file) => ({ file: { ...file, size: 0 }, at: numbers.next().value }))
          .toSorted((a, b) => a.at - b.at)
          .map(({ file }) => file);
        expect(versionDigest(shuffled)).toBe(versionDigest(all));
      }),
    );
  });

  test('is that of the raw digests in the order of the paths’ bytes', () => {
    fc.assert(
      fc.property(files, (all) => {
        const inOrder = all.toSorted((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
        const raw = Buffer.concat(inOrder.map((file) => Buffer.from(file.sha256, 'hex')));
        expect(versionDigest(all)).toBe(createHash('sha256').update(raw).digest('hex'));
      }),
    );
  });

  test('orders by bytes, not by UTF-16 units or letters', () => {
    const one = 'a'.repeat(64);
    const other = 'b'.repeat(64);
    // U+FF5E comes before U+1F600 in UTF-8 but after its surrogates in UTF-16.
    const wide: FileRef[] = [
      { path: '\u{1f600}', sha256: other, size: 1 },
      { path: '\uff5e', sha256: one, size: 1 },
    ];
    const letters: FileRef[] = [
      { path: 'b', sha256: other, size: 1 },
      { path: 'a', sha256: one, size: 1 },
    ];
    expect(versionDigest(wide)).toBe(versionDigest(letters));
    expect(
      versionDigest([
        { path: 'a', sha256: one, size: 1 },
        { path: 'B', sha256: other, size: 1 },
      ]),
    ).not.toBe(versionDigest(letters));
  });

  test('changes with any file’s content', () => {
    fc.assert(
      fc.property(files, fc.nat(), sha256, (all, at, digest) => {
        const index = at % all.length;
        fc.pre(all[index]?.sha256 !== digest);
        const changed = all.map((file, i) => (i === index ? { ...file, sha256: digest } : file));
        expect(versionDigest(changed)).not.toBe(versionDigest(all));
      }),
    );
  });
});

describe('files of a version', () => {
  const good: FileRef = { path: 'weights/model.safetensors', sha256: 'a'.repeat(64), size: 1 };
  test.each([
    ['no files', []],
    ['a path that leaves the folder', [{ ...good, path: '../x' }]],
    ['an absolute path', [{ ...good, path: '/etc/passwd' }]],
    ['a backslash', [{ ...good, path: 'a\\..\\b' }]],
    ['a wrong digest', [{ ...good, sha256: 'A'.repeat(64) }]],
    ['a negative size', [{ ...good, size: -1 }]],
    ['a size that is no number of bytes', [{ ...good, size: 0.5 }]],
    ['the same path twice', [good, good]],
    ['paths that differ in case only', [good, { ...good, path: 'Weights/model.safetensors' }]],
    ['a file where another has a folder', [good, { ...good, path: 'weights' }]],
    ['too many', Array.from({ length: 10_001 }, (_, index) => ({ ...good, path: `f${index}` }))],
  ])('%s are refused', (_, list) => {
    expect(() => requireFiles(list)).toThrow(expect.objectContaining({ code: 'invalid_input' }));
  });

  test('others are taken', () => {
    expect(() => requireFiles([good, { ...good, path: 'config.json' }])).not.toThrow();
  });
});

test.each([
  ['fraud model', null],
  ['модель', null],
  ['a'.repeat(256), null],
  ['', 'empty'],
  ['   ', 'empty'],
  ['a'.repeat(257), 'longer'],
  ['a/b', '"/"'],
  ['models:x', ':'],
  [' a', 'space'],
  ['a\u0000b', 'control'],
  ['a\u202eb', 'control'],
  ['..', 'step'],
  ['\ud800', 'Unicode'],
  ['0191f2b0-7a60-7c3e-8f00-000000000000', 'id'],
])('the name %j', (name, problem) => {
  if (problem === null) expect(modelNameProblem(name)).toBeNull();
  else expect(modelNameProblem(name)).toContain(problem);
});

test.each([
  ['champion', true],
  ['prod_2-a', true],
  ['V', true],
  ['latest', false],
  ['LATEST', false],
  ['v12', false],
  ['V1', false],
  ['12', false],
  ['', false],
  ['a b', false],
  ['a@b', false],
  ['a'.repeat(257), false],
])('the alias %j', (alias, good) => {
  expect(aliasProblem(alias) === null).toBe(good);
});

test('the worst verdict', () => {
  expect(worstVerdict([])).toBeNull();
  expect(worstVerdict([null, 'clean'])).toBe('clean');
  expect(worstVerdict(['clean', 'error'])).toBe('error');
  expect(worstVerdict(['suspicious', 'error', null])).toBe('suspicious');
  expect(worstVerdict(['suspicious', 'malicious', 'clean'])).toBe('malicious');
});
