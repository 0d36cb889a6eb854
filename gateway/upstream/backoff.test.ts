import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs, pause, retryAfterMs } from './backoff.ts';

const NOW = Date.parse('Wed, 21 Oct 2026 07:28:00 GMT');

describe('Retry-After', () => {
  it.each([
    ['3', 3000],
    ['0', 0],
    ['1.5', 1500],
    ['Wed, 21 Oct 2026 07:28:05 GMT', 5000],
    ['Wed, 21 Oct 2026 07:27:00 GMT', 0],
    ['soon', null],
    ['-3', null],
    ['', null],
    ['99999999999999', null],
    [undefined, null],
  ])('%s asks for %s ms', (header, expected) => {
    expect(retryAfterMs(header, NOW)).toBe(expected);
  });

  it('never throws and is never negative', () => {
    fc.assert(
      fc.property(fc.string(), (header) => {
        expect(retryAfterMs(header, NOW) ?? 0).toBeGreaterThanOrEqual(0);
      }),
    );
  });
});

describe('back-off', () => {
  it('lies between zero and the capped exponential step', () => {
    const retry = { baseDelayMs: 100, maxDelayMs: 1000 };
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.double({ min: 0, max: 1, noNaN: true }), (n, u) => {
        const step = Math.min(1000, 100 * 2 ** (n - 1));
        expect(backoffMs(n, retry, () => u)).toBeLessThanOrEqual(step);
        expect(backoffMs(n, retry, () => u)).toBeCloseTo(u * step);
      }),
    );
  });

  it('ends at once when the signal fires', async () => {
    const abort = new AbortController();
    const waiting = pause(60_000, abort.signal);
    abort.abort();
    expect(await waiting).toBe(false);
    expect(await pause(5, abort.signal)).toBe(false);
    expect(await pause(1, new AbortController().signal)).toBe(true);
  });
});
