import { bytesSource } from '@bartizan/checks/artifacts/source/bytes.ts';
import type { ByteSource } from '@bartizan/checks/artifacts/types.ts';
import { verdictOf } from '@bartizan/checks/artifacts/verdict.ts';
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createBlocks } from './blocks.ts';
import { createReader, type ReadOptions } from './process.ts';
import { serverLimits } from './tasks.ts';

// A busy machine starts a process in seconds.
vi.setConfig({ testTimeout: 120_000 });

const readers: ReturnType<typeof createReader>[] = [];
const reader = (memoryMb = 512) => {
  const one = createReader(memoryMb);
  readers.push(one);
  return one;
};
afterEach(() => {
  for (const one of readers.splice(0)) one.close();
});
/** Judges one file, alone. */
const judge = (one: ReturnType<typeof createReader>, source: ByteSource, given?: Partial<ReadOptions>) =>
  one.read({ is: 'file', files: [{ path: '', size: source.size }], weights: true }, [source], options(given));
const options = (given: Partial<ReadOptions> = {}): ReadOptions => ({
  timeMs: 60_000,
  signal: new AbortController().signal,
  onReached: () => undefined,
  ...given,
});

/** A pickle that calls `os.system("id")`, as bytes: it is never loaded. */
const MALICIOUS = Buffer.from("cos\nsystem\n(S'id'\ntR.", 'latin1');

describe('reading in a process', () => {
  test('judges one file after the other', async () => {
    const one = reader();
    const bad = await judge(one, bytesSource(MALICIOUS));
    expect(bad.is === 'judged' && verdictOf(bad.outcome)).toBe('malicious');
    expect(bad.is === 'judged' && bad.outcome.findings[0]?.evidence.call).toContain('system');
    const good = await judge(one, bytesSource(Buffer.from('\x80\x04N.', 'latin1')));
    expect(good).toMatchObject({ is: 'judged', outcome: { format: 'pickle', findings: [], errors: [] } });
  });

  test('a process that grows past its memory is ended; the server is not, and the next process judges', async () => {
    // Less than Node itself takes: the first look at its size ends it, whatever it reads.
    expect(await judge(reader(24), bytesSource(MALICIOUS))).toEqual({
      is: 'limit',
      message: 'reading it takes more than 24 MiB of memory',
      findings: [],
    });
    const one = reader(400);
    // Delivers as long as it is asked, and is asked for as much as a file of a tebibyte may have.
    const endless: ByteSource = { size: 2 ** 40, read: (_, length) => Buffer.alloc(length, 'x') };
    const said = await judge(one, endless, { timeMs: 3_000 });
    expect(said.is === 'judged' ? verdictOf(said.outcome) : 'error').not.toBe('malicious');
    const after = await judge(one, bytesSource(MALICIOUS));
    expect(after.is === 'judged' && verdictOf(after.outcome)).toBe('malicious');
  });

  test('time is bounded, an abort ends it, and a store that fails says nothing about the file', async () => {
    const one = reader();
    const never: ByteSource = { size: 10, read: () => new Promise(() => undefined) };
    expect(await judge(one, never, { timeMs: 1_500 })).toEqual({
      is: 'limit',
      message: 'not done within 2 s',
      findings: [],
    });
    const stop = new AbortController();
    const reading = judge(one, never, { signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(reading).rejects.toThrow('enough');
    const broken: ByteSource = { size: 10, read: () => Promise.reject(new Error('the disk is gone')) };
    await expect(judge(one, broken)).rejects.toThrow('the disk is gone');
  });
});

test('what was found before a file is given up on is kept', async () => {
  const attack = Buffer.concat([MALICIOUS.subarray(0, -1), Buffer.from('0')]);
  const bytes = Buffer.concat([attack, Buffer.alloc(24 * 2 ** 20, 'N0'), Buffer.from('N.')]);
  // Its end is had: formats are recognised by it.
  const stalls: ByteSource = {
    size: bytes.length,
    read: (offset, length) =>
      offset < 16 * 2 ** 20 || offset >= 20 * 2 ** 20
        ? bytes.subarray(offset, offset + length)
        : new Promise<Uint8Array>(() => undefined),
  };
  const one = reader();
  // The process is there: what follows is not its start.
  await judge(one, bytesSource(MALICIOUS));
  const said = await judge(one, stalls, { timeMs: 8_000 });
  expect(said).toMatchObject({ is: 'limit' });
  const findings = said.is === 'judged' ? [] : said.findings;
  expect(findings.map(({ evidence }) => evidence.import)).toContain('os.system');
  expect(verdictOf({ format: 'unknown', findings, errors: [], skipped: [] })).toBe('malicious');
});

test('what a small file may grow to is bounded, and a large one may grow with its size', () => {
  expect(serverLimits(1).expandedBytes).toBe(2 * 2 ** 30);
  expect(serverLimits(2 ** 30).expandedBytes).toBe(20 * 2 ** 30);
  expect(serverLimits(2 ** 40).expandedBytes).toBe(64 * 2 ** 30);
});

test('blocks answer the same bytes as the source, in any order', async () => {
  const bytes = Buffer.alloc(5 * 1024 * 1024 + 77);
  for (let at = 0; at < bytes.length; at += 4)
    bytes.writeUInt32LE((at * 2_654_435_761) >>> 0, Math.min(at, bytes.length - 4));
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(bytes.length + 10), fc.nat(3 * 1024 * 1024)), { maxLength: 12 }),
      async (reads) => {
        const source = createBlocks().source(bytes.length, async (offset, length) => {
          expect(length).toBeGreaterThan(0);
          expect(offset + length).toBeLessThanOrEqual(bytes.length);
          return bytes.subarray(offset, offset + length);
        });
        for (const [offset, length] of reads) {
          const got = await source.read(offset, length);
          expect(Buffer.compare(got, bytes.subarray(offset, offset + length))).toBe(0);
        }
      },
    ),
    { numRuns: 30 },
  );
});
