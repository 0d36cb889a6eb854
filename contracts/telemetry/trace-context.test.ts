import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { formatTraceparent, parseTraceparent } from './index.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const known = { traceId: TRACE, spanId: SPAN };

describe('traceparent', () => {
  it.each([
    [`00-${TRACE}-${SPAN}-01`, true],
    [`00-${TRACE}-${SPAN}-00`, false],
    // §3.3: only the lowest flag is known; the others are ignored.
    [`00-${TRACE}-${SPAN}-fe`, false],
    [`00-${TRACE}-${SPAN}-ff`, true],
    // §3.2.3: later versions are read as far as this one goes.
    [`cc-${TRACE}-${SPAN}-01`, true],
    [`cc-${TRACE}-${SPAN}-01-what-comes-later`, true],
  ])('%s is a parent', (header, sampled) => {
    expect(parseTraceparent(header)).toEqual({ ...known, sampled });
  });

  it.each([
    undefined,
    '',
    'nonsense',
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `ff-${TRACE}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01-more`,
    `cc-${TRACE}-${SPAN}-01.what`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-1`,
    `00-${TRACE.slice(1)}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-0x`,
    ` 00-${TRACE}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01\n`,
    `00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`,
    `cc-${TRACE}-${SPAN}-01-${'x'.repeat(1_000)}`,
  ])('%j is none', (header) => {
    expect(parseTraceparent(header)).toBeNull();
  });

  const hex = (length: number) =>
    fc
      .array(fc.constantFrom(...'0123456789abcdef'), { minLength: length, maxLength: length })
      .map((digits) => digits.join(''))
      .filter((digits) => !/^0+$/.test(digits));

  test('what is written reads back', () => {
    fc.assert(
      fc.property(hex(32), hex(16), fc.boolean(), (traceId, spanId, sampled) => {
        expect(parseTraceparent(formatTraceparent({ traceId, spanId, sampled }))).toEqual({
          traceId,
          spanId,
          sampled,
        });
      }),
    );
  });

  test('whatever is sent, nothing throws and nothing but valid ids comes out', () => {
    const valid = `00-${TRACE}-${SPAN}-01`;
    const mutated = fc
      .tuple(fc.nat(valid.length), fc.nat(4), fc.string({ unit: 'binary', maxLength: 6 }))
      .map(([at, drop, put]) => valid.slice(0, at) + put + valid.slice(at + drop));
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), mutated), (header) => {
        const read = parseTraceparent(header);
        if (read === null) return;
        expect(read.traceId).toMatch(/^(?!0{32})[0-9a-f]{32}$/);
        expect(read.spanId).toMatch(/^(?!0{16})[0-9a-f]{16}$/);
      }),
      { numRuns: 5_000 },
    );
  });
});
