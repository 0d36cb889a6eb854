import { hash } from 'node:crypto';
import { expect, test, vi } from 'vitest';
import { createRandom } from '../../../statistics/random.ts';
import { signed, unsigned } from './assemble.ts';
import { type BatchSha256, createBatchSha256, MOST_BYTES } from './batch.ts';

declare const WebAssembly: Readonly<Record<'validate' | 'Module' | 'Instance', unknown>>;
const batch = createBatchSha256() as BatchSha256;
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function packed(messages: readonly Uint8Array[]) {
  const offsets = new Uint32Array(messages.length + 1);
  messages.forEach(({ length }, index) => {
    offsets[index + 1] = (offsets[index] as number) + length;
  });
  return { bytes: Buffer.concat(messages), offsets };
}

function hashes(messages: readonly Uint8Array[]): string[] {
  const all = packed(messages);
  const out = Buffer.alloc(messages.length * 32);
  for (let first = 0; first < messages.length; ) {
    const done = batch.hash(all, { first, count: messages.length - first }, out.subarray(first * 32));
    if (done === 0) throw new Error(`message ${first} is not taken`);
    first += done;
  }
  return messages.map((_, index) => hex(out.subarray(index * 32, (index + 1) * 32)));
}

function messages(count: number, most: number, seed: number): Uint8Array[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, () =>
    Uint8Array.from({ length: random.uint32() % (most + 1) }, () => random.uint32() & 0xff),
  );
}

test('the examples of FIPS 180-4', () => {
  const long = 'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq';
  expect(hashes(['', 'abc', long].map((each) => Buffer.from(each)))).toEqual([
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
  ]);
});

test('messages of every length are hashed as node:crypto does', () => {
  const every = Array.from({ length: 400 }, (_, length) => Buffer.alloc(length, length));
  const edges = [MOST_BYTES - 1, MOST_BYTES].map((length) => Buffer.alloc(length, 0xa5));
  const all = [...every, ...edges, ...messages(5_000, 300, 1), ...messages(500, MOST_BYTES, 2)];
  expect(hashes(all)).toEqual(all.map((each) => hash('sha256', each)));
});

test('more messages than fit at once, and few after many, are all hashed', () => {
  const many = messages(20_000, 40, 3);
  expect(hashes(many)).toEqual(many.map((each) => hash('sha256', each)));
  const few = messages(3, 200, 4);
  expect(hashes(few)).toEqual(few.map((each) => hash('sha256', each)));
});

test('a message that is too long is left to others, and those in front of it are hashed', () => {
  const all = packed([Buffer.from('a'), Buffer.alloc(MOST_BYTES + 1)]);
  const out = Buffer.alloc(64);
  expect(batch.hash(all, { first: 0, count: 2 }, out)).toBe(1);
  expect(hex(out)).toBe(hash('sha256', 'a') + '00'.repeat(32));
  expect(batch.hash(all, { first: 1, count: 1 }, out)).toBe(0);
});

test.each([1, 2, 3, 4, 5, 127, 128, 4_097])('%i pairs of hashes', (pairs) => {
  const random = createRandom(pairs);
  const all = Buffer.from(Uint8Array.from({ length: pairs * 64 }, () => random.uint32() & 0xff));
  const wanted = Array.from({ length: pairs }, (_, i) =>
    hash('sha256', Buffer.concat([Buffer.of(1), all.subarray(i * 64, (i + 1) * 64)])),
  );
  const apart = Buffer.alloc(pairs * 32);
  batch.nodes(all, pairs, apart);
  expect(hex(apart)).toBe(wanted.join(''));
  batch.nodes(all, pairs, all);
  expect(hex(all.subarray(0, pairs * 32))).toBe(wanted.join(''));
});

test('numbers of the binary form (WebAssembly 2.0, §5.2.2)', () => {
  expect(unsigned(624_485)).toEqual([0xe5, 0x8e, 0x26]);
  expect(signed(-123_456)).toEqual([0xc0, 0xbb, 0x78]);
  expect([signed(0), signed(63), signed(64), signed(-64), signed(-65)]).toEqual([
    [0],
    [0x3f],
    [0xc0, 0],
    [0x40],
    [0xbf, 0x7f],
  ]);
  expect(signed(-2_147_483_648)).toEqual([0x80, 0x80, 0x80, 0x80, 0x78]);
});

test('without WebAssembly, or without memory for it, hashes are the same', async () => {
  const records = { rows: 300, ...packed(messages(300, 200, 6)) };
  const here = await import('../hash.ts');
  const wanted = here.hashRecords(records);
  const root = here.rootOf(wanted, 0, 300);
  const real = WebAssembly;
  function Refused(): never {
    throw new RangeError('could not allocate memory');
  }
  for (const other of [undefined, { validate: real.validate, Module: real.Module, Instance: Refused }]) {
    vi.resetModules();
    vi.stubGlobal('WebAssembly', other);
    const without = await import('../hash.ts');
    expect(without.hashRecords(records)).toEqual(wanted);
    expect(without.rootOf(wanted, 0, 300)).toEqual(root);
    vi.unstubAllGlobals();
  }
});
