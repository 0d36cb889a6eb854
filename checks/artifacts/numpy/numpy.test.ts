import { Buffer } from 'node:buffer';
import { describe, expect, test } from 'vitest';
import { makeZip } from '../archive/make.ts';
import { assemble, callOf, op } from '../pickle/assemble.ts';
import { scanArtifact } from '../scan.ts';
import { bytesSource } from '../source/bytes.ts';
import { verdictOf } from '../verdict.ts';
import { arrayLayout } from './header.ts';
import { makeArray } from './samples.ts';

const verdict = async (content: Uint8Array): Promise<string> =>
  verdictOf(await scanArtifact(bytesSource(content)));
const evil = assemble(callOf('os', 'system', 'id'));

describe('array files', () => {
  test('numbers are data, objects are pickles', async () => {
    expect(await verdict(makeArray('<f8', '2, 3', Buffer.alloc(48)))).toBe('clean');
    expect(await verdict(makeArray('|O', '1,', evil))).toBe('malicious');
    expect(await verdict(makeArray('|O', '1,', assemble(op.none)))).toBe('clean');
    expect(await verdict(makeZip([{ name: 'a.npy', content: makeArray('|O', '1,', evil) }]))).toBe(
      'malicious',
    );
  });

  test('what follows the numbers is judged', async () => {
    expect(await verdict(makeArray('<f8', '1,', Buffer.concat([Buffer.alloc(8), evil])))).toBe('malicious');
    expect(await verdict(makeArray('<f8', '9,', Buffer.alloc(8)))).toBe('error');
  });

  test('a header that readers could take in two ways is an error', async () => {
    for (const type of ["<f8', 'descr': '|O", '<f8\', "descr": "|O', "<f8', '\\x64escr': '|O"]) {
      expect(await verdict(makeArray(type, '1,', evil)), type).toBe('error');
    }
  });
});

describe('headers', () => {
  const header = (descr: string, shape = '(3,)'): string =>
    `{'descr': ${descr}, 'fortran_order': False, 'shape': ${shape}, }\n`;
  test.each([
    [header("'<f4'"), { holdsObjects: false, bytes: 12 }],
    [header("'<U5'", '(2, 3)'), { holdsObjects: false, bytes: 120 }],
    [header("'|b1'", '()'), { holdsObjects: false, bytes: 1 }],
    [header("'<M8[ns]'"), { holdsObjects: false, bytes: 24 }],
    [header("'<x9'"), undefined],
    [header("'|O'"), { holdsObjects: true, bytes: undefined }],
    [header("[('x', '<i4'), ('y', '|O')]"), { holdsObjects: true, bytes: undefined }],
    [header("[('x', '<i4'), ('y', '<f8')]"), { holdsObjects: false, bytes: undefined }],
    ['nothing', undefined],
    ['{}', undefined],
  ])('%s', (text, layout) => {
    expect(arrayLayout(text)).toEqual(layout);
  });
});
