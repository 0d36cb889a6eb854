import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createNameIndex, withinOneEdit } from './names.ts';

/** Damerau–Levenshtein distance with neighbours swapped at most once (optimal string alignment). */
function distance(a: string, b: string): number {
  const rows: number[][] = Array.from({ length: a.length + 1 }, (_, row) => [row]);
  for (let column = 0; column <= b.length; column += 1) (rows[0] as number[])[column] = column;
  const at = (row: number, column: number) => rows[row]?.[column] ?? Number.POSITIVE_INFINITY;
  for (let i = 1; i <= a.length; i += 1) {
    for (let j = 1; j <= b.length; j += 1) {
      const change = at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swap =
        i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? at(i - 2, j - 2) + 1 : 99;
      (rows[i] as number[])[j] = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, change, swap);
    }
  }
  return at(a.length, b.length);
}

test('one edit is what the full distance says', () => {
  const word = fc.stringMatching(/^[abc]{0,7}$/);
  fc.assert(
    fc.property(word, word, (a, b) => {
      expect(withinOneEdit(a, b)).toBe(distance(a, b) <= 1);
    }),
    { numRuns: 2_000 },
  );
});

describe('names', () => {
  const index = createNameIndex(['Contoso', 'Blue Yonder', 'Acme'], true);
  const found = (text: string) =>
    index.find(text).map(({ start, end, how }) => [text.slice(start, end), how]);

  test('short names must be written right', () => {
    expect(found('Acne or Acmee or ACME')).toEqual([['ACME', 'exact']]);
  });

  test('each place is found once', () => {
    expect(found('Contoso, contoso.com and Cotnoso; blue-yonder')).toEqual([
      ['Contoso', 'exact'],
      ['contoso', 'lower-case'],
      ['Cotnoso', 'typo'],
      ['blue-yonder', 'lower-case'],
    ]);
  });

  test('what has been let out is never the beginning of a name', () => {
    const part = fc.constantFrom(
      'Con',
      'toso',
      'Contoso',
      'Cntoso',
      ' ',
      '-',
      'Blue',
      'Yonder',
      'Yon',
      'Acme',
      '. ',
      'x',
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        const text = parts.join('');
        for (const { start, end } of index.find(text)) {
          for (let cut = start + 1; cut < end; cut += 1) {
            expect(index.holdFrom(text.slice(0, cut))).toBeLessThanOrEqual(start);
          }
        }
      }),
      { numRuns: 400 },
    );
  });

  test('ordinary finished words are not held', () => {
    expect(index.holdFrom('nothing here ')).toBe(13);
    expect(index.holdFrom('ask Blue ')).toBe(4);
  });
});
