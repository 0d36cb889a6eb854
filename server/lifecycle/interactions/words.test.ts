import { createSecretKey, randomBytes } from 'node:crypto';
import { masterKeyFromHex } from '@bartizan/contracts/sealed.ts';
import { cpuMs } from '@bartizan/contracts/testing.ts';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openPart, sealPart } from './content.ts';
import { BUCKETS, bucketOf, quantileMs } from './latency.ts';
import { createBlindIndex, MAX_WORDS, queryWords, wordsOf } from './words.ts';

const master = masterKeyFromHex(randomBytes(32).toString('hex'));

test.each([
  ['Grüße, CAFÉ!', ['grusse', 'cafe']],
  ['ﬁne １２３', ['fine', '123']],
  ['東京都 x', ['東京', '京都', 'x']],
  ['sk-abc_def', ['sk', 'abc', 'def']],
  ['…', []],
])('the words of %o', (text, words) => {
  expect([...wordsOf([text])].map((word) => word.replace('ß', 'ss')).sort()).toEqual(words.toSorted());
});

test('every word of a text is found by searching for it, whatever stands around it', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 20 }), { maxLength: 8 }), (parts) => {
      const all = wordsOf([parts.join(' ')]);
      for (const part of parts) for (const word of queryWords(part)) expect(all).toContain(word);
    }),
  );
});

test('work and words are bounded for any text', () => {
  const long = Array.from({ length: 300_000 }, (_, index) => `w${index}`).join(' ');
  const started = cpuMs();
  expect(wordsOf(['a東'.repeat(500_000)]).size).toBe(2);
  expect(wordsOf([long, long, '東'.repeat(1_000_000)]).size).toBe(MAX_WORDS);
  expect([...wordsOf(['x'.repeat(100_000)])]).toEqual(['x'.repeat(64)]);
  expect(cpuMs() - started).toBeLessThan(3_000);
});

test('hashes are 63-bit numbers that depend on the key alone', () => {
  const words = ['a', 'b', 'a'];
  const hashes = createBlindIndex(master).hashes(words);
  expect(hashes).toEqual(createBlindIndex(master).hashes(words));
  expect(hashes[0]).toBe(hashes[2]);
  for (const hash of hashes) expect(BigInt(hash) >= 0n && BigInt(hash) < 2n ** 63n).toBe(true);
  const other = masterKeyFromHex(randomBytes(32).toString('hex'));
  expect(createBlindIndex(other).hashes(words)[0]).not.toBe(hashes[0]);
});

test('sealed parts open with their key, row and part, and with nothing else', () => {
  const key = createSecretKey(randomBytes(32));
  fc.assert(
    fc.property(fc.jsonValue(), fc.nat(), (value, at) => {
      const sealed = sealPart(key, 'id', 'body', value);
      expect(openPart(key, 'id', 'body', sealed)).toEqual(JSON.parse(JSON.stringify(value)));
      expect(() => openPart(key, 'other', 'body', sealed)).toThrow();
      expect(() => openPart(key, 'id', 'raw', sealed)).toThrow();
      const altered = Buffer.from(sealed);
      altered[at % altered.length] = (altered[at % altered.length] ?? 0) ^ 1;
      expect(() => openPart(key, 'id', 'body', altered)).toThrow();
    }),
    { numRuns: 200 },
  );
});

test('quantiles read from the histogram are within a bucket of the true ones', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0.6, max: 400_000, noNaN: true }), { minLength: 1, maxLength: 200 }),
      fc.constantFrom(0.5, 0.99),
      (times, q) => {
        const counts = Array<number>(BUCKETS).fill(0);
        for (const ms of times) counts[bucketOf(ms)] = (counts[bucketOf(ms)] ?? 0) + 1;
        const sorted = times.toSorted((a, b) => a - b);
        const truth = sorted[Math.max(1, Math.ceil(q * sorted.length)) - 1] ?? 0;
        const read = quantileMs(counts, q) ?? 0;
        expect(Math.abs(Math.log2(read / truth))).toBeLessThanOrEqual(0.26);
      },
    ),
  );
  expect(quantileMs([], 0.5)).toBeNull();
  for (const odd of [Number.NaN, -1, 0, Infinity, 1e12]) expect(bucketOf(odd)).toBeLessThan(BUCKETS);
});
