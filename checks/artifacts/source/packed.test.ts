import { Buffer } from 'node:buffer';
import { deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { artifactInput } from '../pickle/samples.ts';
import type { ByteSource, ScanContext } from '../types.ts';
import { ScanFault } from '../types.ts';
import { bytesSource, sliceSource } from './bytes.ts';
import { bzip2Pieces } from './bzip2.ts';
import { BombFault, expand, expandPieces } from './expand.ts';
import { undoDelta, undoX86 } from './filters.ts';
import { lzmaFilePieces, xzPieces } from './xz.ts';

const TEXT = Buffer.from('The quick brown fox jumps over the lazy dog. '.repeat(40));
/** The text above, packed by Python's bz2 and lzma. */
const BZIP2 =
  'QlpoOTFBWSZTWfiS1VUAANuTgEABBAA////wMADYBQADQAAFAANAAAFKlNTTRowmhtTbUmBOQmRPoTInwJqJgTUToJ7ifYmBOwmBOwTYTcJ3E8CdRNhPQT8EwJuEyJ3E0E5CaieBNBOon8JsJoJkTInQVeRPIn+LuSKcKEh8SWqqgA==';
const XZ =
  '/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4AcHAD1dACoaCKIDJWbxS3jFogX/LubZ0iAarTT44h3oQTb63AZpuzzkEDQnCeuzZuPtN5jtkq3VJ0UIMF5dcR2x1gAAAAAA+dY03oJ+L60AAVmIDgAAAIIBnYmxxGf7AgAAAAAEWVo=';
const LZMA =
  'XQAAgAD//////////wAqGgiiAyVm8Ut4xaIF/y7m2dIgGq00+OId6EE2+twGabs85BA0Jwnrs2bj7TeY7ZKt1SdFCDBeXXE33g8f//QcYAA=';
const X86_PLAIN = '55e800000000e810000000e9ffffffffe8e80000000090e9010203049090909090909090'.repeat(3);
const X86_FILTERED =
  '55e806000000e81b000000e90f000000e8fd0000000090e901020304909090909090909055e82a000000e83f000000e933000000e8210100000090e901020304909090909090909055e84e000000e863000000e957000000e8450100000090e9010203049090909090909090';

const context = (limits: Partial<ScanContext['limits']> = {}): ScanContext => {
  const { context: plain } = artifactInput(Buffer.alloc(0));
  return {
    ...plain,
    limits: { ...plain.limits, ...limits },
    budget: { entries: 0, expandedBytes: 0, opcodes: 0, findings: 0 },
  };
};
const packed = (base64: string): ByteSource => bytesSource(Buffer.from(base64, 'base64'));
const opened = {
  bzip2: (source: ByteSource) => expandPieces(() => bzip2Pieces(source), source.size, context()),
  xz: (source: ByteSource) => expandPieces(() => xzPieces(source), source.size, context()),
  lzma: (source: ByteSource) => expandPieces(() => lzmaFilePieces(source), source.size, context()),
} as const;
const FILES = { bzip2: BZIP2, xz: XZ, lzma: LZMA } as const;
const all = async (source: ByteSource): Promise<Buffer> => Buffer.from(await source.read(0, source.size));

describe.each(['bzip2', 'xz', 'lzma'] as const)('%s', (name) => {
  test('gives what was packed', async () => {
    expect((await all(await opened[name](packed(FILES[name])))).equals(TEXT)).toBe(true);
  });

  test('broken content is a fault, never a crash', async () => {
    const content = Buffer.from(FILES[name], 'base64');
    const change = fc.tuple(fc.nat(content.length - 1), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { minLength: 1, maxLength: 4 }),
        fc.nat(content.length),
        async (changes, cut) => {
          const copy = Buffer.from(content.subarray(0, cut < 20 ? content.length : cut));
          for (const [at, byte] of changes) if (at < copy.length) copy[at] = byte;
          try {
            await opened[name](bytesSource(copy));
          } catch (fault) {
            if (!(fault instanceof ScanFault)) throw fault;
          }
        },
      ),
      { numRuns: 400 },
    );
  });
});

describe('the compressions that Node knows', () => {
  test.each([
    ['deflate', deflateRawSync(TEXT)],
    ['zlib', deflateSync(TEXT)],
    ['gzip', gzipSync(TEXT)],
    ['zstd', zstdCompressSync(TEXT)],
  ] as const)('%s', async (compression, content) => {
    expect((await all(await expand(bytesSource(content), compression, context()))).equals(TEXT)).toBe(true);
    await expect(expand(bytesSource(content.subarray(0, -9)), compression, context())).rejects.toThrow(
      ScanFault,
    );
    await expect(
      expand(bytesSource(Buffer.from('nothing of the kind')), compression, context()),
    ).rejects.toThrow(ScanFault);
  });

  test('a source that fails says so', async () => {
    const failing: ByteSource = { size: 100, read: () => Promise.reject(new Error('the disk is gone')) };
    await expect(expand(failing, 'gzip', context())).rejects.toThrow('the disk is gone');
  });
});

describe('large content', () => {
  const size = 80 * 2 ** 20;
  const large = Buffer.alloc(size);
  for (let at = 0; at < size; at += 64) large.writeUInt32LE((at * 2_654_435_761) >>> 0, at);

  test('is read in any order without being kept', async () => {
    const source = await expand(bytesSource(gzipSync(large, { level: 1 })), 'gzip', context());
    expect(source.size).toBe(size);
    for (const at of [0, size - 1_000, 40_000_000, 40_000_000 - 5_000, 3, size - 10, size]) {
      const got = Buffer.from(await source.read(at, 5_000));
      expect(got.equals(large.subarray(at, at + 5_000)), String(at)).toBe(true);
    }
  });

  test('ends at the limits', async () => {
    const zeros = gzipSync(Buffer.alloc(size));
    await expect(expand(bytesSource(zeros), 'gzip', context())).rejects.toThrow(BombFault);
    await expect(
      expand(bytesSource(zeros), 'gzip', context({ ratio: 1e9, expandedBytes: 1e6 })),
    ).rejects.toThrow(BombFault);
  });
});

describe('filters', () => {
  test('x86', () => {
    const bytes = Buffer.from(X86_FILTERED, 'hex');
    undoX86(bytes);
    expect(bytes.toString('hex')).toBe(X86_PLAIN);
  });

  test('delta', () => {
    const bytes = Uint8Array.of(1, 10, 1, 255, 1, 1);
    undoDelta(bytes, 2);
    expect([...bytes]).toEqual([1, 10, 2, 9, 3, 10]);
  });
});

describe('slices', () => {
  test('stay within their source', () => {
    const source = bytesSource(Uint8Array.of(0, 1, 2, 3, 4, 5));
    const slice = sliceSource(sliceSource(source, 1, 4), 1, 100);
    expect(slice.size).toBe(3);
    expect([...(slice.read(0, 100) as Uint8Array)]).toEqual([2, 3, 4]);
    expect([...(slice.read(2, 1) as Uint8Array)]).toEqual([4]);
    expect([...(slice.read(9, 1) as Uint8Array)]).toEqual([]);
    expect(sliceSource(source, 9, 2).size).toBe(0);
  });
});
