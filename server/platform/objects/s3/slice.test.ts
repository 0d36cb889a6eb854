import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chunked, gather } from '../conformance.ts';
import { type Sent, type Slice, sliced } from './slice.ts';

const bytes = randomBytes(1_000);
const whole: Sent = { $metadata: { httpStatusCode: 200 } };
const part = (ContentRange?: string): Sent => ({ $metadata: { httpStatusCode: 206 }, ContentRange });
const read = (sent: Sent, range: Slice, body = bytes, ...sizes: number[]): Promise<Buffer> =>
  gather(sliced(chunked(body, ...sizes), sent, range));

test('gives what was asked for, however much the store sends and however it is cut', async () => {
  const place = fc.integer({ min: 0, max: 1_000 });
  await fc.assert(
    fc.asyncProperty(place, place, place, fc.integer({ min: 0, max: 1_000 }), async (a, b, begin, cut) => {
      const [start, end] = [Math.min(a, b), Math.max(a, b)];
      fc.pre(start < end);
      const wanted = bytes.subarray(start, end);
      expect(await read(whole, { start, end }, bytes, cut)).toEqual(wanted);
      expect(await read(part(), { start, end }, wanted, cut)).toEqual(wanted);
      const from = Math.min(begin, start);
      const more = bytes.subarray(from);
      expect(await read(part(`bytes ${from}-999/1000`), { start, end }, more, cut)).toEqual(wanted);
    }),
    { numRuns: 60 },
  );
});

test('of one byte at the start is that byte where a store answers with the whole object', async () => {
  expect(await read(whole, { start: 0, end: 1 })).toEqual(bytes.subarray(0, 1));
  expect(await read(part('bytes 0-999/1000'), { start: 0, end: 1 })).toEqual(bytes.subarray(0, 1));
});

test('reads no further than it needs', async () => {
  let given = 0;
  const endless = (async function* () {
    for (;;) {
      given += 1;
      yield bytes;
    }
  })();
  expect((await gather(sliced(endless, whole, { start: 500, end: 1_500 }))).byteLength).toBe(1_000);
  expect(given).toBe(2);
});

test.each([
  ['later part', part('bytes 10-999/1000'), { start: 0, end: 20 }],
  ['broke off', whole, { start: 990, end: 1_001 }],
  ['does not send parts', whole, { start: 2 ** 40, end: 2 ** 40 + 1 }],
])('says so where it was sent something else: %s', async (why, sent, range) => {
  await expect(read(sent, range)).rejects.toThrow(why);
});
