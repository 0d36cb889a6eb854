import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { byPriority, moveUpstream, turnInWords } from './upstreams.ts';

const list = fc
  .array(fc.record({ priority: fc.nat(3), weight: fc.integer({ min: 1, max: 5 }) }), {
    minLength: 1,
    maxLength: 6,
  })
  .map((all) => byPriority(all.map((each, index) => ({ ...each, name: `u${index}` }))));

describe('moveUpstream', () => {
  it('keeps everyone, stays ordered and lets the upper go strictly first', () => {
    fc.assert(
      fc.property(list, fc.nat(5), fc.constantFrom(-1 as const, 1 as const), (upstreams, index, step) => {
        const moved = moveUpstream(upstreams, index, step);
        expect(moved.map((each) => each.name).sort()).toEqual(upstreams.map((each) => each.name).sort());
        expect(byPriority(moved)).toEqual(moved);
        const other = index + step;
        if (index < upstreams.length && other >= 0 && other < upstreams.length) {
          const at = Math.min(index, other);
          expect(moved[at]?.name).toBe(upstreams[at + 1]?.name);
          expect(moved[at]?.priority).toBeLessThan(moved[at + 1]?.priority as number);
        } else {
          expect(moved).toEqual(upstreams);
        }
      }),
    );
  });
});

describe('turnInWords', () => {
  it('names first choice, shares and fallbacks', () => {
    const upstreams = [
      { priority: 2, weight: 1 },
      { priority: 2, weight: 3 },
      { priority: 7, weight: 1 },
    ];
    expect([0, 1, 2].map((index) => turnInWords(upstreams, index))).toEqual([
      'Shares first choice: 1 of 4 requests',
      'Shares first choice: 3 of 4 requests',
      'Fallback 1',
    ]);
  });
});
