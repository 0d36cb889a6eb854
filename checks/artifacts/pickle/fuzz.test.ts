import { Buffer } from 'node:buffer';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makeTar, makeZip } from '../archive/make.ts';
import { scanArtifact } from '../scan.ts';
import { bytesSource } from '../source/bytes.ts';
import { verdictOf } from '../verdict.ts';
import { assemble, callOf, op } from './assemble.ts';
import { OPCODES } from './opcodes.ts';

const EVIL = callOf('os', 'system', 'id');
const MALICIOUS: readonly Buffer[] = [
  assemble(EVIL),
  assemble(op.text('posix'), op.text('system'), op.stackGlobal, op.text('id'), op.tuple1, op.reduce),
  Buffer.from("cos\nsystem\n(S'id'\ntR.", 'latin1'),
  Buffer.concat([op.mark, op.string('id'), op.inst('os', 'system'), op.stop]),
];

const verdict = async (content: Uint8Array): Promise<string> =>
  verdictOf(await scanArtifact(bytesSource(content)));
const codes = OPCODES.flatMap((opcode, code) => (opcode === undefined ? [] : [code]));

describe('any bytes', () => {
  const opcodes = fc.array(
    fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...codes) }, { weight: 1, arbitrary: fc.nat(255) }),
    {
      maxLength: 400,
    },
  );

  test('end in a verdict', async () => {
    await fc.assert(
      fc.asyncProperty(opcodes, fc.boolean(), async (bytes, marked) => {
        const content = Buffer.from(marked ? [0x80, 4, ...bytes] : bytes);
        expect(['malicious', 'suspicious', 'clean', 'error']).toContain(await verdict(content));
      }),
      { numRuns: 3_000 },
    );
  });

  test('of a malicious file that are changed end in a verdict', async () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...MALICIOUS), changes, async (content, changed) => {
        const copy = Buffer.from(content);
        for (const [at, byte] of changed) copy[at % copy.length] = byte;
        expect(['malicious', 'suspicious', 'clean', 'error']).toContain(await verdict(copy));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('a malicious file stays so', () => {
  const FOUND = ['malicious', 'suspicious'];
  const anything = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));

  test('whatever is appended', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...MALICIOUS), anything, async (content, more) => {
        expect(FOUND).toContain(await verdict(Buffer.concat([content, more])));
      }),
      { numRuns: 500 },
    );
  });

  test('wherever it is cut behind the call', async () => {
    const padding = assemble(EVIL, ...Array.from({ length: 40 }, () => op.text('x'.repeat(30))));
    for (let length = 2 + EVIL.length; length <= padding.length; length += 7) {
      expect(FOUND).toContain(await verdict(padding.subarray(0, length)));
    }
  });

  test('whatever harmless opcodes stand around it', async () => {
    const harmless = fc.array(
      fc.constantFrom<Buffer>(
        op.none,
        op.emptyList,
        op.emptyDict,
        op.int(7),
        op.text('text'),
        op.memoize,
        op.dup,
        Buffer.concat([op.none, op.pop]),
        Buffer.concat([op.mark, op.none, op.popMark]),
        op.frame(5),
        op.proto(2),
      ),
      { maxLength: 30 },
    );
    await fc.assert(
      fc.asyncProperty(harmless, harmless, async (before, after) => {
        expect(await verdict(assemble(op.none, ...before, EVIL, ...after))).toBe('malicious');
      }),
      { numRuns: 500 },
    );
  });

  test('however it is wrapped', async () => {
    const wraps: ((content: Buffer) => Buffer)[] = [
      (content) => gzipSync(content),
      (content) => makeZip([{ name: 'notes.txt', content }]),
      (content) => makeZip([{ name: 'a', content, deflate: true }]),
      (content) => makeTar([{ name: 'model/weights', content }]),
      (content) => assemble(op.data(content)),
    ];
    const layers = fc.array(fc.constantFrom(...wraps), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...MALICIOUS), layers, async (content, some) => {
        const wrapped = some.reduce((inner, wrap) => wrap(inner), content);
        expect(FOUND).toContain(await verdict(wrapped));
      }),
      { numRuns: 200 },
    );
  });
});
