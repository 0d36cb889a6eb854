import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { codeOf } from './testing.ts';
import { stepOf } from './totp.ts';

/** The seed of RFC 6238 appendix B: the ASCII text "12345678901234567890". */
const SEED = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';

describe('authenticator codes', () => {
  // Appendix B has eight digits; six are their end, for both are the same number modulo a power of ten.
  test.each([
    [59, '94287082'],
    [1_111_111_109, '07081804'],
    [1_111_111_111, '14050471'],
    [1_234_567_890, '89005924'],
    [2_000_000_000, '69279037'],
    [20_000_000_000, '65353130'],
  ])('are those of RFC 6238 at %d s', (seconds, eight) => {
    expect(stepOf(SEED, eight.slice(2), seconds * 1000)).toBe(Math.floor(seconds / 30));
  });

  test('are taken one step before and after, and no further', () => {
    fc.assert(
      fc.property(fc.integer({ min: 10, max: 60_000_000 }), fc.integer({ min: -5, max: 5 }), (step, off) => {
        const nowMs = step * 30_000 + 7_000;
        const found = stepOf(SEED, codeOf(SEED, nowMs + off * 30_000), nowMs);
        // Another step may have the same code by chance; then the nearest counts.
        if (Math.abs(off) <= 1) expect(found).not.toBeNull();
        else if (found !== null)
          expect(codeOf(SEED, found * 30_000)).toBe(codeOf(SEED, nowMs + off * 30_000));
      }),
      { numRuns: 200 },
    );
  });

  test('whatever else is typed is none', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), (text) => {
        if (/^\d{6}$/.test(text)) return;
        expect(stepOf(SEED, text, 59_000)).toBeNull();
      }),
    );
  });
});
