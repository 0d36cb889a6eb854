import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { fileReport } from '../report/json.ts';
import { scanArtifact } from '../scan.ts';
import { bytesSource } from '../source/bytes.ts';
import { assemble, callOf, op } from './assemble.ts';

const FRAMED = assemble(
  op.frame(33),
  op.shortText('os'),
  op.memoize,
  op.shortText('system'),
  op.memoize,
  op.stackGlobal,
  op.memoize,
  op.shortText('echo one'),
  op.memoize,
  op.tuple1,
  op.memoize,
  op.reduce,
  op.memoize,
);
const SEEDS: readonly Buffer[] = [FRAMED, assemble(callOf('os', 'system', 'id'))];
const VALUES = [0x00, 0x2e, 0x30, 0x4e, 0x6f, 0x80, 0x86, 0x8c, 0xb8, 0xd2, 0xff];

const judge = async (content: Uint8Array) => fileReport('x', await scanArtifact(bytesSource(content)));

function changed(content: Buffer, ...changes: readonly (readonly [number, number])[]): Buffer {
  const copy = Buffer.from(content);
  for (const [at, byte] of changes) copy[at] = byte;
  return copy;
}

/** 4,000 bytes in no order, the same each time. */
const noise = (first: number, seed: number): Buffer =>
  Buffer.concat([
    Buffer.from([first]),
    ...Array.from({ length: 125 }, (_, index) => createHash('sha256').update(`${seed} ${index}`).digest()),
  ]);

describe('a malicious pickle that is broken', () => {
  test('is never clean, whichever byte is another, and never passed over unless it is the first', async () => {
    for (const seed of SEEDS) {
      for (let at = 0; at < seed.length; at += 1) {
        for (const value of VALUES) {
          const { verdict } = await judge(changed(seed, [at, value]));
          const where = `${at} is ${value}: ${verdict}`;
          expect(where).not.toMatch(/clean$/);
          if (at > 0) expect(where).not.toMatch(/skipped$/);
        }
      }
    }
  });

  test('is never clean nor passed over when two bytes behind the mark are others', async () => {
    for (let at = 1; at < FRAMED.length; at += 1) {
      const changes = [[at, 0xb8] as const, [1 + ((at * 7) % (FRAMED.length - 1)), 0x4b] as const];
      const { verdict } = await judge(changed(FRAMED, ...changes));
      expect(['malicious', 'suspicious', 'error']).toContain(verdict);
    }
  });

  test('is never clean nor passed over wherever it is cut off', async () => {
    for (const seed of SEEDS) {
      for (let length = 2; length < seed.length; length += 1) {
        const { verdict } = await judge(seed.subarray(0, length));
        expect(['malicious', 'suspicious', 'error']).toContain(verdict);
      }
    }
  });

  test('of a protocol that is unknown is judged as loaders read it that pass over the number', async () => {
    const { verdict, outcome } = await judge(changed(FRAMED, [1, 210]));
    expect(verdict).toBe('malicious');
    expect(outcome.errors[0]?.message).toContain('protocol 210 is unknown');
  });

  test('tells of the names that lie in it', async () => {
    const { verdict, outcome } = await judge(changed(FRAMED, [1, 11], [14, 0xb8]));
    expect(verdict).toBe('suspicious');
    const held = { kind: 'embedded-payload', severity: 'medium', evidence: { import: 'system' } };
    expect(outcome.findings).toContainEqual(expect.objectContaining(held));
    expect(outcome.errors.length).toBeGreaterThan(0);
  });
});

test('an unknown protocol and one opcode more make a broken pickle', async () => {
  expect((await judge(Buffer.from([0x80, 59, 0x8c, 1, 0x61, 0x65, 0x2e]))).verdict).toBe('error');
});

describe('bytes that nobody can read', () => {
  test('are skipped or not judged, never clean, whatever opcode they begin with', async () => {
    for (const first of [0x28, 0x30, 0x4b, 0x56, 0x5d, 0x7d, 0x80, 0x8e, 0x01, 0x7f, 0xff]) {
      for (let seed = 0; seed < 4; seed += 1) {
        expect(['skipped', 'error']).toContain((await judge(noise(first, seed))).verdict);
      }
    }
    expect((await judge(Buffer.concat([Buffer.from('}.'), noise(0xb8, 1)]))).verdict).toBe('skipped');
  });

  test('that are a whole harmless pickle of an unknown protocol are not judged', async () => {
    expect((await judge(Buffer.from([0x80, 9, 0x4e, 0x2e]))).verdict).toBe('error');
  });

  test('do not include lone surrogates, which Python writes', async () => {
    const text = Buffer.from([0x8c, 3, 0xed, 0xa0, 0x80]);
    expect((await judge(assemble(text))).verdict).toBe('clean');
    expect((await judge(assemble(Buffer.from([0x8c, 2, 0xc3, 0x28])))).verdict).toBe('error');
  });

  test('that begin as picklers write without a mark are broken pickles', async () => {
    for (const content of ["(lp0\nS'a'\nfoo", '}q\x00(X\x03', 'ccollections\nOrderedDict\nq\x00)\xff']) {
      expect((await judge(Buffer.from(content, 'latin1'))).verdict).toBe('error');
    }
    expect((await judge(Buffer.from('cat\ndog\n(two animals)\n'))).verdict).toBe('clean');
  });
});
