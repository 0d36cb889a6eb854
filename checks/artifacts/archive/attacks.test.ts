import { Buffer } from 'node:buffer';
import { deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { assemble, callOf, op } from '../pickle/assemble.ts';
import { scanArtifact } from '../scan.ts';
import { bytesSource } from '../source/bytes.ts';
import type { FindingKind } from '../types.ts';
import { verdictOf } from '../verdict.ts';
import { makeTar, makeZip } from './make.ts';

const EVIL = assemble(callOf('os', 'system', 'id'));
const GOOD = assemble(op.emptyDict, op.text('weights'), op.emptyList, op.setItem);
const join = (...parts: readonly Uint8Array[]): Buffer => Buffer.concat(parts);

async function judged(content: Uint8Array): Promise<{ verdict: string; kinds: readonly FindingKind[] }> {
  const outcome = await scanArtifact(bytesSource(content));
  return {
    verdict: verdictOf(outcome),
    kinds: outcome.findings.filter(({ severity }) => severity !== 'info').map(({ kind }) => kind),
  };
}

/** A copy with `bytes` written at `at`, from the end when negative. */
function patched(content: Buffer, at: number, ...bytes: readonly number[]): Buffer {
  const copy = Buffer.from(content);
  Buffer.from(bytes).copy(copy, at < 0 ? copy.length + at : at);
  return copy;
}

/** A zip whose one entry has its sizes behind the content, as streaming writers do. */
function streamed(content: Buffer): Buffer {
  const name = 'data.pkl';
  const packed = deflateRawSync(content);
  const plain = makeZip([{ name, content, deflate: true }]);
  const local = Buffer.from(plain.subarray(0, 30 + name.length));
  local.writeUInt16LE(8, 6);
  local.fill(0, 14, 26);
  const descriptor = Buffer.from(plain.subarray(14, 26));
  const directory = Buffer.from(plain.subarray(30 + name.length + packed.length));
  directory.writeUInt16LE(8, 8);
  const start = local.length + packed.length + 16;
  directory.writeUInt32LE(start, directory.length - 6);
  return join(local, packed, Buffer.from('PK\x07\x08', 'latin1'), descriptor, directory);
}

/** The same entry with sizes and offsets in zip64 fields. */
function zip64(content: Buffer): Buffer {
  const name = Buffer.from('data.pkl');
  const local = Buffer.from(makeZip([{ name: 'data.pkl', content }]).subarray(0, 38));
  local.fill(255, 18, 26);
  local.writeUInt16LE(20, 28);
  const extra = Buffer.alloc(20);
  extra.writeUInt16LE(1, 0);
  extra.writeUInt16LE(16, 2);
  extra.writeBigUInt64LE(BigInt(content.length), 4);
  extra.writeBigUInt64LE(BigInt(content.length), 12);
  const central = Buffer.alloc(46);
  central.write('PK\x01\x02', 'latin1');
  local.copy(central, 6, 4, 30);
  central.writeUInt16LE(28, 30);
  central.writeUInt32LE(0xffffffff, 42);
  const wide = Buffer.concat([extra, Buffer.alloc(8)]);
  wide.writeUInt16LE(24, 2);
  const start = local.length + extra.length + content.length;
  const directory = join(central, name, wide);
  const end64 = Buffer.alloc(56);
  end64.write('PK\x06\x06', 'latin1');
  end64.writeBigUInt64LE(44n, 4);
  end64.writeBigUInt64LE(1n, 24);
  end64.writeBigUInt64LE(1n, 32);
  end64.writeBigUInt64LE(BigInt(directory.length), 40);
  end64.writeBigUInt64LE(BigInt(start), 48);
  const locator = Buffer.alloc(20);
  locator.write('PK\x06\x07', 'latin1');
  locator.writeBigUInt64LE(BigInt(start + directory.length), 8);
  locator.writeUInt32LE(1, 16);
  const end = Buffer.alloc(22, 255);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt32LE(0, 4);
  end.writeUInt16LE(0, 20);
  return join(local, extra, content, directory, end64, locator, end);
}

const zip = (content: Buffer): Buffer => makeZip([{ name: 'archive/data.pkl', content }]);
const entry = (content: Buffer, type = '0') => ({ name: 'model', content, type });

function npy(content: Buffer): Buffer {
  const header = Buffer.from("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".padEnd(117) + '\n');
  const length = Buffer.alloc(2);
  length.writeUInt16LE(header.length);
  return join(Buffer.from('\x93NUMPY\x01\x00', 'latin1'), length, header, content);
}

const gguf = (): Buffer => {
  const head = Buffer.alloc(24);
  head.write('GGUF');
  head.writeUInt32LE(3, 4);
  return head;
};

/** Each with what is dangerous inside, and as its twin with what is not. */
const WRAPS: Readonly<Record<string, (content: Buffer) => Buffer>> = {
  'a streamed zip': streamed,
  'a zip64': zip64,
  'a deflated entry': (content) => makeZip([{ name: 'x.bin', content, deflate: true }]),
  'a zip in a zip in a zip': (content) => zip(zip(zip(content))),
  'an array of objects': npy,
  'an array of objects in an .npz': (content) => makeZip([{ name: 'a.npy', content: npy(content) }]),
  'a tar': (content) => makeTar([entry(content)]),
  'a tar with an unknown type of entry': (content) => makeTar([entry(content, 'Z')]),
  'a contiguous entry of a tar': (content) => makeTar([entry(content, '7')]),
  'a zip in a tar in gzip': (content) => gzipSync(makeTar([entry(zip(content))])),
  'two members of one gzip': (content) =>
    join(gzipSync(content.subarray(0, 5)), gzipSync(content.subarray(5))),
  'two frames of Zstandard': (content) =>
    join(zstdCompressSync(content.subarray(0, 5)), zstdCompressSync(content.subarray(5))),
  'zlib, as joblib writes it': (content) => deflateSync(content),
};

describe('what a container holds', () => {
  test.each(Object.entries(WRAPS))('%s', async (_, wrap) => {
    expect((await judged(wrap(EVIL))).verdict).toBe('malicious');
    expect(await judged(wrap(GOOD))).toEqual({ verdict: 'clean', kinds: [] });
  });
});

const FOUND = ['malicious', 'suspicious'];

describe('containers that lie', () => {
  test.each<[string, Buffer, FindingKind | undefined]>([
    [
      'another name in the entry',
      makeZip([{ name: 'data.pkl', content: EVIL, local: { name: 'data.txt' } }]),
      'container-mismatch',
    ],
    [
      'encryption in one header',
      makeZip([{ name: 'data.pkl', content: EVIL, local: { flags: 1 } }]),
      'container-mismatch',
    ],
    ['a wrong checksum', makeZip([{ name: 'data.pkl', content: EVIL, crc: 1 }]), 'container-mismatch'],
    [
      'an unlisted entry',
      makeZip([
        { name: 'a', content: GOOD },
        { name: 'data.pkl', content: EVIL, unlisted: true },
      ]),
      'container-mismatch',
    ],
    [
      'two of one name',
      makeZip([
        { name: 'data.pkl', content: GOOD },
        { name: 'data.pkl', content: EVIL },
      ]),
      'container-mismatch',
    ],
    ['a pickle in front of a zip', join(EVIL, zip(GOOD)), 'executes-on-load'],
    ['a harmless pickle in front of a dangerous zip', join(GOOD, zip(EVIL)), 'executes-on-load'],
    ['a pickle behind a zip', join(zip(GOOD), EVIL), 'executes-on-load'],
    ['a zip behind another zip', join(zip(GOOD), zip(EVIL)), 'executes-on-load'],
    ['a zip behind a tar', join(makeTar([entry(GOOD)]), zip(EVIL)), 'executes-on-load'],
    ['a pickle behind a tar', join(makeTar([entry(GOOD)]), EVIL), 'executes-on-load'],
    [
      'a tar behind the end of another',
      join(makeTar([entry(GOOD)]), makeTar([entry(EVIL)])),
      'container-mismatch',
    ],
    ['a pickle behind an empty GGUF', join(gguf(), EVIL), undefined],
    ['an entry behind a folder that announces content', folderWithContent(), 'container-mismatch'],
    ['a sparse entry', makeTar([entry(GOOD, 'S')]), 'container-mismatch'],
    [
      'a link out of the folder',
      makeTar([{ ...entry(Buffer.alloc(0), '2'), link: '../../etc/passwd' }]),
      'unsafe-path',
    ],
    ['a device', makeTar([entry(Buffer.alloc(0), '3')]), 'unsafe-path'],
    ['a name out of the folder', makeZip([{ name: '../../evil.pkl', content: GOOD }]), 'unsafe-path'],
    ['an end record in the comment of another', commented(), 'container-mismatch'],
    ['gzip with another ending', patched(gzipSync(EVIL), -6, 1, 2, 3), 'executes-on-load'],
    [
      'gzip that breaks off',
      gzipSync(join(EVIL, Buffer.alloc(5_000, 'ab'))).subarray(0, -20),
      'imports-on-load',
    ],
    [
      'zlib that breaks off',
      deflateSync(join(EVIL, Buffer.alloc(5_000, 'ab'))).subarray(0, -12),
      'executes-on-load',
    ],
    [
      'Zstandard with something behind it',
      join(zstdCompressSync(EVIL), Buffer.from('abc')),
      'executes-on-load',
    ],
    [
      'a deflated entry that breaks off',
      patched(makeZip([{ name: 'a', content: EVIL, deflate: true }]), 18, 20),
      'container-mismatch',
    ],
    [
      'a tar whose last entry breaks off',
      makeTar([entry(join(EVIL, Buffer.alloc(3_000)))]).subarray(0, 1_500),
      'executes-on-load',
    ],
  ])('%s', async (_, content, kind) => {
    const { verdict, kinds } = await judged(content);
    expect(FOUND).toContain(verdict);
    if (kind !== undefined) expect(kinds).toContain(kind);
  });

  test.each<[string, Buffer]>([
    [
      'an encrypted entry',
      makeZip([{ name: 'a', content: Buffer.from('cannot be read at all'), flags: 1, crc: 7 }]),
    ],
    ['an unknown compression', patched(patched(zip(GOOD), 8, 97), zip(GOOD).length - 22 - 46 - 16 + 10, 97)],
    ['a zip without its directory', zip(GOOD).subarray(0, 60)],
    ['a tar that breaks off', makeTar([entry(Buffer.alloc(3_000, 'x'))]).subarray(0, 1_500)],
    ['gzip that breaks off', gzipSync(Buffer.alloc(5_000, 'ab')).subarray(0, -10)],
    ['a pickle that breaks off', GOOD.subarray(0, -3)],
    ['RAR', Buffer.from('Rar!\x1a\x07\x01\x00 and so on', 'latin1')],
  ])('%s is an error', async (_, content) => {
    expect((await judged(content)).verdict).toMatch(/^(?:error|suspicious)$/);
  });
});

/** A folder with a size, behind whose header Python reads on at once. */
function folderWithContent(): Buffer {
  const inner = makeTar([entry(EVIL)]).subarray(0, 1_024);
  const whole = makeTar([{ name: 'folder', content: inner, type: '5' }]);
  return Buffer.from(whole);
}

/** A zip with a comment that ends in the end record of a directory of its own. */
function commented(): Buffer {
  const first = makeZip([{ name: 'data.pkl', content: EVIL }]);
  const second = Buffer.alloc(22);
  second.write('PK\x05\x06', 'latin1');
  return join(patched(first, -2, second.length, 0), second);
}
