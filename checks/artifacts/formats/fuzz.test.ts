import { cpuMs } from '@bartizan/contracts/testing.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fileReport } from '../report/json.ts';
import { scanArtifact } from '../scan.ts';
import { bytesSource } from '../source/bytes.ts';
import { formatChecks } from './catalogue.ts';

/** A change that a fuzzer makes to a file. */
type Mutation = (bytes: Uint8Array) => Uint8Array;

const mutation: fc.Arbitrary<Mutation> = fc
  .tuple(
    fc.constantFrom('flip', 'cut', 'insert', 'repeat', 'number'),
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.nat(255),
  )
  .map(([kind, part, byte]) => (bytes) => {
    const at = Math.min(Math.max(0, bytes.length - 1), Math.floor(part * bytes.length));
    if (bytes.length === 0) return Uint8Array.of(byte);
    switch (kind) {
      case 'flip':
        return bytes.with(at, (bytes[at] as number) ^ (byte || 1));
      case 'cut':
        return bytes.slice(0, at);
      case 'insert':
        return Uint8Array.from([...bytes.slice(0, at), byte, ...bytes.slice(at)]);
      case 'repeat':
        return Uint8Array.from([
          ...bytes.slice(0, at),
          ...bytes.slice(Math.max(0, at - byte), at),
          ...bytes.slice(at),
        ]);
      default: {
        // Counts and lengths at their limits.
        const wide = bytes.slice();
        for (let index = 0; index < 8 && at + index < wide.length; index += 1)
          wide[at + index] = byte > 127 ? 255 : index === 7 ? 127 : 255;
        return wide;
      }
    }
  });

const TIME_MS = 5_000;

describe.each(formatChecks.map((check) => [check.id, check] as const))('%s under mutation', (_, check) => {
  const seeds = check.samples.map(({ input }) => input.source);

  it('neither crashes nor hangs, and says what it could not judge', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...seeds),
        fc.array(mutation, { minLength: 1, maxLength: 4 }),
        async (seed, changes) => {
          const bytes = changes.reduce((now, change) => change(now), await seed.read(0, seed.size));
          const startedMs = cpuMs();
          const outcome = await scanArtifact(bytesSource(bytes), { limits: { depth: 4 } });
          expect(cpuMs() - startedMs).toBeLessThan(TIME_MS);
          for (const { message, offset } of [...outcome.findings, ...outcome.errors]) {
            expect(message.length).toBeLessThan(2_000);
            expect(Number.isFinite(offset) && offset >= 0).toBe(true);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('never calls a file clean that breaks off inside', async () => {
    // Text formats and those without a length may end early and be whole: only marked ones count here.
    if (!['artifacts/safetensors', 'artifacts/gguf', 'artifacts/hdf5'].includes(check.id)) return;
    for (const { input, found } of check.samples) {
      if (found) continue;
      const seed = input.source;
      for (let length = 16; length < seed.size - 32; length += 7) {
        const bytes = await seed.read(0, length);
        const { verdict } = fileReport('', await scanArtifact(bytesSource(bytes)));
        expect([length, verdict]).not.toEqual([length, 'clean']);
      }
    }
  });
});

describe('any bytes', () => {
  it('are judged without a crash', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (bytes) => {
        const outcome = await scanArtifact(bytesSource(bytes));
        expect(typeof outcome.format).toBe('string');
      }),
      { numRuns: 1_000 },
    );
  });
});
