import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diffLines } from './line-diff.ts';

const lines = fc.array(fc.constantFrom('a', 'b', 'c', '{', '}'), { maxLength: 12 });

describe('diffLines', () => {
  it('keeps both sides whole and in order', () => {
    fc.assert(
      fc.property(lines, lines, (left, right) => {
        const rows = diffLines(left, right);
        expect(rows.flatMap((row) => row.left ?? [])).toEqual(left);
        expect(rows.flatMap((row) => row.right ?? [])).toEqual(right);
        expect(rows.every((row) => row.kind !== 'same' || row.left === row.right)).toBe(true);
      }),
    );
  });

  it('shows no change between equal texts and sets a changed line beside its successor', () => {
    expect(diffLines(['x', 'y'], ['x', 'y']).every((row) => row.kind === 'same')).toBe(true);
    expect(diffLines(['x', 'y', 'z'], ['x', 'q', 'z'])).toEqual([
      { kind: 'same', left: 'x', right: 'x' },
      { kind: 'changed', left: 'y', right: 'q' },
      { kind: 'same', left: 'z', right: 'z' },
    ]);
  });
});
