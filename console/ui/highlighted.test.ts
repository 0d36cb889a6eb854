import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { piecesOf } from './highlighted.tsx';

const span = fc
  .tuple(fc.nat(60), fc.nat(60))
  .map(([a, b]) => ({ start: Math.min(a, b), end: Math.max(a, b) }));

describe('piecesOf', () => {
  it('loses and repeats nothing, whatever the spans', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 50 }), fc.array(span, { maxLength: 6 }), (text, spans) => {
        const pieces = piecesOf(text, spans);
        expect(pieces.map((piece) => piece.text).join('')).toBe(text);
        let at = 0;
        for (const piece of pieces) {
          for (const [index, each] of spans.entries()) {
            const inside = each.start <= at && each.end >= at + piece.text.length && each.end > at;
            expect(piece.covers.includes(index)).toBe(inside);
          }
          at += piece.text.length;
        }
      }),
    );
  });

  it('stays quick with thousands of findings', () => {
    const spans = Array.from({ length: 20_000 }, (_, index) => ({ start: index * 10, end: index * 10 + 8 }));
    const started = performance.now();
    expect(piecesOf('x'.repeat(200_000), spans)).toHaveLength(40_000);
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it('marks where each finding begins, also when they overlap', () => {
    const pieces = piecesOf('say the secret now', [
      { start: 4, end: 14 },
      { start: 8, end: 14 },
    ]);
    expect(pieces.map((piece) => [piece.text, piece.begins])).toEqual([
      ['say ', []],
      ['the ', [0]],
      ['secret', [1]],
      [' now', []],
    ]);
  });
});
